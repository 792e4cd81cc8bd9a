"""Typed publish, request and subscribe over NATS."""
