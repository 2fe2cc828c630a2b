"""Raw values as ids, times and features."""
