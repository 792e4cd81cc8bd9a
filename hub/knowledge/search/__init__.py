"""The search: a process of its own that owns the index."""
