"""The one graph: nodes, and the operators in them."""
