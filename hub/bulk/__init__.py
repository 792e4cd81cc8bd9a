"""Bulk sends: one text to many people, at a measured pace, each exactly once."""
