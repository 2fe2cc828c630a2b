"""Assets of release and deployment."""
