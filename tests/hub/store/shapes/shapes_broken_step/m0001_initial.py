"""The first shape."""

from shapes_steps.m0001_initial import Migration

__all__ = ["Migration"]
