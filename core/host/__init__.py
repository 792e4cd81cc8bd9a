"""Runs one plugin instance in its process and speaks NATS for it: acks, retries, duplicates, health, settings."""
