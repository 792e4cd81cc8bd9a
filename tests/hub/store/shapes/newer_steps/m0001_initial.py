"""The hub's own."""

from hub.store.migrations.m0001_initial import Migration

__all__ = ["Migration"]
