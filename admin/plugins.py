"""Plugins and their configured instances."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ChannelState, Description, InstanceStatus, PluginView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class InstanceView(msgspec.Struct, frozen=True, kw_only=True):
    """A configured instance: what is wanted and what is."""

    instance: str
    plugin: str
    is_enabled: bool
    revision: int
    status: InstanceStatus | None = None
    channel_state: ChannelState | None = None
    settings: dict[str, Any] | None = None


class InstalledPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin and its instances."""

    plugin: PluginView
    instances: list[InstanceView]


class PluginPage(msgspec.Struct, frozen=True):
    """Every plugin."""

    items: list[InstalledPlugin]


class SaveInstance(Settings, frozen=True, kw_only=True):
    """Settings of an instance; ``probe`` tries them against the far end first."""

    plugin: Annotated[str, Meta(min_length=1, max_length=64)]
    settings: dict[str, Any]
    is_enabled: bool
    probe: bool = True


class SwitchInstance(Settings, frozen=True, kw_only=True):
    """On or off."""

    is_enabled: bool


@api.add("GET", "/api/v1/plugins", "admin.plugins", answer=PluginPage, problems=(502,))
async def list_plugins(services: Services, call: Call[NoBody]) -> PluginPage:
    """List installed plugins and their instances."""
    views = await _instances(services)
    installed = await services.plugin_instances.installed()
    return PluginPage(
        [
            InstalledPlugin(plugin=plugin, instances=[view for view in views if view.plugin == plugin.name])
            for plugin in installed.plugins
        ]
    )


@api.add("GET", "/api/v1/plugins/{plugin}/schema", "admin.plugins", answer=Description)
async def describe_plugin(services: Services, call: Call[NoBody]) -> Description:
    """Return a plugin's manifest and the JSON Schema of its settings."""
    return await services.plugin_instances.describe(call.path["plugin"])


@api.add("GET", "/api/v1/instances/{instance}", "admin.plugins", answer=InstanceView)
async def get_instance(services: Services, call: Call[NoBody]) -> InstanceView:
    """Return an instance with its settings, secrets masked."""
    row, settings = await services.plugin_instances.settings(call.path["instance"])
    return _view(services, row, settings)


@api.add(
    "PUT", "/api/v1/instances/{instance}", "admin.plugins", body=SaveInstance, answer=InstanceView, problems=(502,)
)
async def save_instance(services: Services, call: Call[SaveInstance]) -> InstanceView:
    """Make or change an instance; a secret that comes back masked stays what it was."""
    body = call.body
    row = await services.plugin_instances.save(
        call.identity,
        call.path["instance"],
        body.plugin,
        dict(body.settings),
        is_enabled=body.is_enabled,
        probes=body.probe,
        remote=call.remote,
    )
    return _view(services, row, None)


@api.add("PUT", "/api/v1/instances/{instance}/switch", "admin.plugins", body=SwitchInstance, answer=InstanceView)
async def switch_instance(services: Services, call: Call[SwitchInstance]) -> InstanceView:
    """Enable or disable an instance; enabling lifts a fence."""
    row = await services.plugin_instances.switch(
        call.identity, call.path["instance"], is_enabled=call.body.is_enabled, remote=call.remote
    )
    return _view(services, row, None)


@api.add("DELETE", "/api/v1/instances/{instance}", "admin.plugins")
async def delete_instance(services: Services, call: Call[NoBody]) -> None:
    """Stop an instance and forget its settings."""
    await services.plugin_instances.delete(call.identity, call.path["instance"], remote=call.remote)


async def _instances(services: Services) -> list[InstanceView]:
    return [_view(services, row, None) for row in await services.plugin_instances.rows()]


def _view(services: Services, row: Any, settings: dict[str, Any] | None) -> InstanceView:
    known = services.plugin_instances
    return InstanceView(
        instance=row.instance,
        plugin=row.plugin,
        is_enabled=row.is_enabled,
        revision=row.revision,
        status=known.statuses.get(row.instance),
        channel_state=known.channel_states.get(row.instance),
        settings=settings,
    )
