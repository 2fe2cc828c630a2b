"""The Dagster component: from a YAML to definitions, and what is wrong with it."""
