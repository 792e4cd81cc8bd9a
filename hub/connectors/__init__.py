"""Lookups of flows in outside systems: over HTTP, in an SQLite file, in a PostgreSQL database."""
