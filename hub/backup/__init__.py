"""Backups: everything an installation cannot make again, in one file, and the way back."""
