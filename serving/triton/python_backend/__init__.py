"""What runs within a server."""
