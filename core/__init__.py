"""Vocabulary and plugin SDK; imports no sibling package."""
