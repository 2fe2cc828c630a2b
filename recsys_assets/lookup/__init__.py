"""What commands and pages find out about recommenders."""
