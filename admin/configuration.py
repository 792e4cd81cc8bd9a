"""The whole configuration as one file: docs/configuration.md."""

from typing import Any

import msgspec

from core.config import Settings
from hub.configuration.document import Change, Configuration
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class Sent(Settings, frozen=True, kw_only=True):
    """A file as it was read; with ``is_preview`` nothing is changed."""

    configuration: dict[str, Any]
    is_preview: bool = True


class Changes(msgspec.Struct, frozen=True):
    """What differs, or was changed."""

    items: list[Change]


@api.add("GET", "/api/v1/configuration", "admin.configuration", answer=Configuration)
async def export_configuration(services: Services, call: Call[NoBody]) -> Configuration:
    """Return the whole configuration, secrets masked."""
    await services.audit.note(call.identity, "configuration.export", "configuration", "", remote=call.remote)
    return await services.configurations.export()


@api.add("POST", "/api/v1/configuration", "admin.configuration", body=Sent, answer=Changes)
async def apply_configuration(services: Services, call: Call[Sent]) -> Changes:
    """Say what a file would change, or apply it: all of it or nothing."""
    raw, identity = call.body.configuration, call.identity
    if call.body.is_preview:
        return Changes(await services.configurations.preview(raw, identity))
    changes = await services.configurations.apply(raw, identity, remote=call.remote)
    services.desk.refresh()
    return Changes(changes)
