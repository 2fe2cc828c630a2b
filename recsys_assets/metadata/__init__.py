"""What assets show of themselves."""
