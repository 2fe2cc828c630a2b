"""What columns are: types, tags, domains, and whether a frame keeps to them."""
