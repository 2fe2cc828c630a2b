"""The embedded server: started, watched, moved with its home, ended."""
