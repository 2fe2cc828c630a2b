"""A graph that is fitted, saved, and the same for a million rows and for one."""
