"""Single output columns of a workflow: where they come from, and their codes and values in numpy."""
