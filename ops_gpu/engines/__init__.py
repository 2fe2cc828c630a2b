"""Where plans run, and the rows that they run over."""
