"""Assets of features: statistics, workflow, features, feature store."""
