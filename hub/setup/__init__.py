"""What operators set up for everybody: calendars, codes, reasons to be away."""
