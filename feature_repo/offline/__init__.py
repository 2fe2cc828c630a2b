"""The offline source: the versions of rows over time, and Feast's view of them."""
