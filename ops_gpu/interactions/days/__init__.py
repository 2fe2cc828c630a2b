"""What days come to: counts and histories that merge, so that the state at any moment costs no more than a day."""
