"""What feature operators are built from."""
