"""Files of any format as frames of their raw columns."""
