"""What was made of days, as files that whoever reads them finds fitting."""
