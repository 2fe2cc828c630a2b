"""Releases on Triton. `entry` and `keeper` are named by what is deployed and do not move."""
