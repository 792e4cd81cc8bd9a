"""The hub's own first migration, and one that a later program might bring."""
