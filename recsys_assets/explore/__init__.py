"""The page that shows how a list came about."""
