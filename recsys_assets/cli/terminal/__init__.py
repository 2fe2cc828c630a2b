"""What all commands print with."""
