"""The people behind addresses: found, linked, merged, and how they can be reached."""
