"""Operators' API over the hub's services."""
