"""The first shape, then a step that fails half-way."""
