"""Loads what adds to the hub's own process by hooks: the operators' API and outside distributions."""

import importlib
import logging
from importlib import metadata
from typing import Final

import pluggy

from core.hookspecs import plugin_manager

log = logging.getLogger(__name__)

GROUP: Final = "lianxin.hub"
OWN: Final = ("admin",)  # by name: the hub imports none of its users


def load_extensions() -> pluggy.PluginManager:
    """Return a manager with every extension; one that cannot be loaded is logged and left out."""
    manager = plugin_manager()
    for name in OWN:
        manager.register(importlib.import_module(name), name)
    for entry in metadata.entry_points(group=GROUP):
        try:
            manager.register(entry.load(), entry.name)
        except Exception:
            log.exception("extension %s cannot be loaded", entry.name)
    manager.check_pending()
    return manager
