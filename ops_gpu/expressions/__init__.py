"""SQL and Polars expressions of users, read as data and never run as code."""
