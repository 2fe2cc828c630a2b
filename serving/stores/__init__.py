"""Where features and histories of users are read while they wait."""
