"""What is wrong with a log, in a sentence that names the file."""
