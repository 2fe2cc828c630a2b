"""Keys and rows of a tiered store, and what a tier is."""
