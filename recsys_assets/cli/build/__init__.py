"""Commands that build, measure and clear away."""
