"""The phone engine: an Asterisk that is found or fetched, configured, started, and outlives whoever started it."""
