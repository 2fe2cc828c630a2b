"""What assets read: tables, days and files."""
