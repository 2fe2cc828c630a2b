"""The feature store: Feast views generated from schemas, and what is written to them."""
