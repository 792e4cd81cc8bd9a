"""One folder per plugin; each runs in a process of its own (started with ``python -P``)."""
