"""Pages of the reference that are made from the code itself whenever the site is built."""
