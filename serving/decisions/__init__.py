"""The log of what was answered and why: written, read, and answered again."""
