"""Assets of data: raw logs, interactions, users and items, served requests."""
