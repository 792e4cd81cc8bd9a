"""Operators' API over the hub's services; the hub loads it by name (hub/extensions.py)."""

from core.hookspecs import hookimpl

__all__ = ["register_routes"]


@hookimpl
def register_routes() -> list[object]:
    """Return the operators' endpoints."""
    from admin import audit, dead_letters, flows, knowledge, plugins, queues, users  # noqa: PLC0415 - only the hub needs them

    return [*users.api, *queues.api, *plugins.api, *flows.api, *dead_letters.api, *audit.api, *knowledge.api]
