"""Operators' API over the hub's services; the hub loads it by name (hub/extensions.py)."""

from core.hookspecs import hookimpl

__all__ = ["register_routes"]


@hookimpl
def register_routes() -> list[object]:
    """Return the operators' endpoints."""
    from admin import (  # noqa: PLC0415 - only the hub needs them
        about,
        audit,
        away_reasons,
        backups,
        bulk,
        calendars,
        calls,
        configuration,
        connectors,
        dead_letters,
        flows,
        forms,
        knowledge,
        named_numbers,
        organization,
        outreach,
        phones,
        plugins,
        prompts,
        quality,
        queues,
        recordings,
        service_rules,
        staffing,
        system,
        transcription,
        users,
        work_orders,
        wrap_up_codes,
    )

    modules = (
        users,
        organization,
        named_numbers,
        phones,
        queues,
        calls,
        recordings,
        service_rules,
        quality,
        work_orders,
        staffing,
        calendars,
        wrap_up_codes,
        away_reasons,
        forms,
        plugins,
        connectors,
        flows,
        prompts,
        dead_letters,
        system,
        about,
        transcription,
        audit,
        knowledge,
        outreach,
        bulk,
        backups,
        configuration,
    )
    return [endpoint for module in modules for endpoint in module.api]
