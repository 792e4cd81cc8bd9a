"""Telephone calls over Asterisk."""
