"""What the challenger's models learn from: the workflow, feature rows, and training lists."""
