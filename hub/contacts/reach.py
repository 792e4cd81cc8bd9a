"""Over which channels a contact can be written to: addresses, and the instances that can send to them."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from core.addresses import scheme_of
from core.discovery import discover
from core.events import Carries, ChannelState
from core.manifest import Manifest
from hub.store.errors import KeyUnusable
from hub.store.models import Address, PluginInstance
from hub.store.secrets import Sealer


@dataclass(frozen=True, slots=True)
class Sender:
    """An instance that can send, and what its plugin says of itself."""

    instance: str
    title: dict[str, str]
    manifest: Manifest | None  # None: the plugin lies on another machine
    settings: dict[str, str] = field(default_factory=dict)  # the public ones that are set
    carries: Carries | None = None  # None: it never ran
    is_ready: bool = False

    def sends_to(self, address: Address) -> bool:
        """Whether it can write to ``address``: it met it before, or reaches anyone with such an address."""
        return address.instance == self.instance or self.reaches(scheme_of(address.uri))

    def reaches(self, scheme: str) -> bool:
        """Whether it can write first to any address of ``scheme``."""
        return (
            self.manifest is not None and self.manifest.reaches == "anyone" and self.manifest.address_scheme == scheme
        )

    @property
    def scheme(self) -> str:
        """The scheme of the addresses it serves; empty when nobody knows."""
        return (self.manifest.address_scheme or "") if self.manifest else ""

    @property
    def writes_first(self) -> bool:
        """Whether people can be written to over it while they are not there."""
        return self.manifest is not None and self.manifest.reaches != "present"


class Reach:
    """Reads what is configured and what plugins say; changes nothing."""

    def __init__(self, box: Sealer, channel_states: Mapping[str, ChannelState]) -> None:
        self._box = box
        self._channel_states = channel_states
        self._manifests: dict[str, Manifest] = {}

    async def senders(self) -> list[Sender]:
        """Return every enabled instance that carries messages, by name."""
        return [one for one in await self.channels() if _carries_messages(one.manifest)]

    async def channels(self) -> list[Sender]:
        """Return every enabled instance that brings contacts, by name: those that carry calls too."""
        rows = await PluginInstance.filter(is_enabled=True).order_by("instance")
        if not {row.plugin for row in rows} <= self._manifests.keys():  # one may have been installed since
            found, _ = await asyncio.to_thread(discover)
            self._manifests = {name: one.manifest for name, one in found.items()} | self._manifests
        senders = [self._sender(row) for row in rows]
        return [one for one in senders if one.manifest is None or one.manifest.kind == "channel"]

    async def sender(self, instance: str) -> Sender | None:
        """Return one instance, or None when it is not there or not enabled."""
        return next((sender for sender in await self.senders() if sender.instance == instance), None)

    async def of(self, addresses: Iterable[Address]) -> list[tuple[Address, Sender]]:
        """Return each way to write to one of ``addresses``; preferred addresses first, then who met them."""
        senders = await self.senders()
        ways = [(address, sender) for address in addresses for sender in senders if sender.sends_to(address)]
        ways.sort(key=lambda way: (not way[0].is_preferred, way[0].uri, way[1].instance != way[0].instance))
        return ways

    async def best(self, scheme_or_instance: str, *, uri: str = "", met_by: str = "") -> Sender | None:
        """Return the instance to send over, given its name or an address scheme; that which met ``uri`` comes first."""
        senders = await self.senders()
        fitting = [one for one in senders if scheme_or_instance == one.instance]
        fitting += [one for one in senders if one.instance == met_by and scheme_of(uri) == scheme_or_instance]
        fitting += [one for one in senders if one.reaches(scheme_or_instance)]
        return fitting[0] if fitting else None

    def add_manifest(self, manifest: Manifest) -> None:
        """Know a plugin that lies on another machine."""
        self._manifests[manifest.name] = manifest

    def _sender(self, row: PluginInstance) -> Sender:
        manifest = self._manifests.get(row.plugin)
        state = self._channel_states.get(row.instance)
        return Sender(
            row.instance,
            row.title,
            manifest,
            self._public_settings(row, manifest),
            carries=state.carries if state else None,
            is_ready=state is not None and state.state == "ready",
        )

    def _public_settings(self, row: PluginInstance, manifest: Manifest | None) -> dict[str, str]:
        if manifest is None or not manifest.public_settings or not row.settings:
            return {}
        try:
            opened = self._box.open(row.settings)
        except KeyUnusable:  # the instance cannot start either, and the supervisor says why
            return {}
        settings = msgspec.json.decode(opened, type=dict[str, Any])
        return {name: settings[name] for name in manifest.public_settings if isinstance(settings.get(name), str)}


def _carries_messages(manifest: Manifest | None) -> bool:
    """Whether a plugin sends what is written; one on another machine that nobody knows may."""
    return manifest is None or (manifest.kind == "channel" and "carries_calls" not in manifest.capabilities)
