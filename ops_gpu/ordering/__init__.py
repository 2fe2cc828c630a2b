"""How scored candidates become a list: diverse, within quotas, calibrated."""
