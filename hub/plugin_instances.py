"""Configured plugins: what should run (written to the bus for the supervisor) and what does (read from it)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from core.bus import Bus
from core.errors import BusUnavailable, ConfigInvalid, RequestFailed
from core.events import (
    ChannelState,
    DescribeRequest,
    Description,
    DesiredInstance,
    InstanceStatus,
    PluginList,
    PluginsRequest,
    ProbeAnswer,
    ProbeRequest,
    SwitchAnswer,
    SwitchRequest,
)
from core.ids import check_token
from core.kept_secrets import KeptSecrets
from core.streams import DESIRED, orders_consumer
from core.subjects import ASK_DESCRIBE, ASK_PLUGINS, ASK_PROBE, ASK_SWITCH
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.configuration.document import InstancePart
from hub.contacts.address_schemes import AddressSchemes
from hub.deleted_instances import DeletedInstances
from hub.errors import ApiError, not_found
from hub.http.proxy import ChannelProxy
from hub.store.models import PluginInstance
from hub.store.secrets import Sealer
from hub.units import Unit, Units

log = logging.getLogger(__name__)

Told = Callable[[Unit, str, str], Awaitable[None]]  # of an instance that was changed or is gone, and its plugin

PROBE_S: Final = 30.0
CATCH_UP_S: Final = 1.0


class PluginInstances:
    """The one writer of desired state; settings are tried before they are saved and sealed when they are."""

    def __init__(
        self,
        units: Units,
        bus: Bus,
        audit: Audit,
        *,
        box: Sealer,
        proxy: ChannelProxy,
        schemes: AddressSchemes,
        told: Told,
    ) -> None:
        self._units = units
        self._bus = bus
        self._audit = audit
        self._box = box
        self._proxy = proxy
        self._schemes = schemes
        self._deleted = DeletedInstances(units, bus)
        self._desired = bus.bucket(DESIRED, DesiredInstance)
        self._behind = asyncio.Event()
        self._told = told
        self.statuses: dict[str, InstanceStatus] = {}
        self.channel_states: dict[str, ChannelState] = {}

    def is_ready(self, instance: str) -> bool:
        """Tell whether an instance has said that its far end is there."""
        state = self.channel_states.get(instance)
        return state is not None and state.state == "ready"

    async def publish_all(self) -> None:
        """Make the bus say what the store says; the bus's file may be older, or new."""
        wanted = {row.instance: _desired(row) for row in await PluginInstance.all()}
        known = await self._desired.all()
        for instance in known.keys() - wanted.keys():
            await self._withdraw(instance)
        for instance, desired in wanted.items():
            await self._bus.ensure(consumers=[orders_consumer(instance)])
            if known.get(instance) != desired:
                await self._desired.put(instance, desired)

    async def run(self) -> None:
        """Follow what runs, and answer the command line, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_processes())
            group.create_task(self._follow_channels())
            group.create_task(self._catch_up())
            group.create_task(self._deleted.run())
            await self._bus.respond(ASK_SWITCH, self._switch, request=SwitchRequest)

    async def rows(self) -> list[PluginInstance]:
        """Return every configured instance."""
        return await PluginInstance.all().order_by("instance")

    async def installed(self) -> PluginList:
        """Return the installed plugins, as the supervisor finds them."""
        return await self._bus.request(ASK_PLUGINS, PluginsRequest(), reply=PluginList)

    async def describe(self, plugin: str) -> Description:
        """Return a plugin's manifest and the schema of its settings; 404 when there is no such plugin."""
        try:
            return await self._bus.request(
                ASK_DESCRIBE, DescribeRequest(plugin=plugin), reply=Description, timeout_s=15
            )
        except RequestFailed as error:
            raise ApiError(404, error.code, str(error)) from error

    async def settings(self, instance: str) -> tuple[PluginInstance, dict[str, Any]]:
        """Return the instance's row and its settings with every secret masked; 404 when there is none."""
        row = await PluginInstance.get_or_none(instance=instance)
        if row is None:
            raise not_found("instance")
        description = await self.describe(row.plugin)
        return row, KeptSecrets(description.schema).mask(self._open(row))

    async def save(
        self,
        identity: Identity,
        instance: str,
        plugin: str,
        settings: dict[str, Any],
        *,
        is_enabled: bool,
        probes: bool,
        remote: str = "",
    ) -> PluginInstance:
        """Store an instance's settings once they are well formed and, with ``probes``, work at the far end.

        A secret that comes back masked stays what it was. ConfigInvalid names every bad field.
        """
        try:
            check_token(instance)
        except ValueError as error:
            raise ConfigInvalid({"instance": str(error)}) from error
        row = await PluginInstance.get_or_none(instance=instance)
        if row is not None and row.plugin != plugin:
            raise ConfigInvalid({"plugin": f"{instance} is an instance of {row.plugin}"})
        description = await self.describe(plugin)
        settings = KeptSecrets(description.schema).restore(settings, self._open(row) if row else {})
        if probes:
            await self._probe(plugin, settings)
        sealed = self._box.seal(msgspec.json.encode(settings).decode())
        async with self._units.open() as unit:
            row = row or PluginInstance(instance=instance, plugin=plugin)
            await self._deleted.forget(instance)
            row.settings = sealed
            row.is_enabled = is_enabled
            row.revision += 1
            await row.save()
            await self._audit.record(
                identity, "instance.save", "instance", instance, remote=remote, enabled=is_enabled, plugin=plugin
            )
            await self._told(unit, instance, plugin)
        await self._schemes.learn(instance, description.manifest.get("address_scheme"))
        await self._publish(row)
        return row

    async def described(self) -> dict[str, dict[str, Any]]:
        """Return every instance for the configuration file, secrets masked; not those whose plugin is gone."""
        found = {}
        for row in await PluginInstance.all():
            try:
                _, settings = await self.settings(row.instance)
            except (ApiError, BusUnavailable):
                log.warning("instance %s is left out: nobody describes plugin %s", row.instance, row.plugin)
                continue
            found[row.instance] = {"plugin": row.plugin, "is_enabled": row.is_enabled, "settings": settings}
        return found

    async def restored(
        self, parts: dict[str, InstancePart], faults: dict[str, str]
    ) -> tuple[dict[str, InstancePart], dict[str, InstancePart]]:
        """Return ``parts`` with their secrets put back, and again with them masked; faults are added to ``faults``."""
        whole, masked = {}, {}
        for instance, part in parts.items():
            row = await PluginInstance.get_or_none(instance=instance)
            if row is not None and row.plugin != part.plugin:
                faults[f"instances.{instance}.plugin"] = f"{instance} is an instance of {row.plugin}"
                continue
            try:
                secrets = KeptSecrets((await self.describe(part.plugin)).schema)
                settings = secrets.restore(part.settings, self._open(row) if row else {})
            except (ApiError, BusUnavailable):
                faults[f"instances.{instance}.plugin"] = "not installed"
            except ConfigInvalid as error:
                faults.update({f"instances.{instance}.settings.{path}": text for path, text in error.faults.items()})
            else:
                whole[instance] = msgspec.structs.replace(part, settings=settings)
                masked[instance] = msgspec.structs.replace(part, settings=secrets.mask(settings))
        return whole, masked

    async def differing(self, parts: dict[str, InstancePart]) -> list[str]:
        """Return those of ``parts`` whose settings, secrets included, are not what is stored."""
        rows = {row.instance: row for row in await PluginInstance.all()}
        return [
            instance
            for instance, part in parts.items()
            if instance not in rows or self._open(rows[instance]) != part.settings
        ]

    async def replace(self, parts: dict[str, InstancePart]) -> None:
        """Store ``parts`` in the caller's unit of work; ``take_over`` once it is committed."""
        for instance, part in parts.items():
            row = await PluginInstance.get_or_none(instance=instance)
            row = row or PluginInstance(instance=instance, plugin=part.plugin)
            await self._deleted.forget(instance)
            row.settings = self._box.seal(msgspec.json.encode(part.settings).decode())
            row.is_enabled = part.is_enabled
            row.revision += 1
            await row.save()

    async def take_over(self, parts: dict[str, InstancePart]) -> None:
        """Have what ``replace`` has stored run, as soon as the bus can be told."""
        async with self._units.open() as unit:
            for instance, part in parts.items():
                await self._told(unit, instance, part.plugin)
        for instance, part in parts.items():
            await self._schemes.learn(instance, (await self.describe(part.plugin)).manifest.get("address_scheme"))
        self._behind.set()

    async def switch(self, identity: Identity, instance: str, *, is_enabled: bool, remote: str = "") -> PluginInstance:
        """Enable or disable an instance; enabling lifts a fence."""
        row = await PluginInstance.get_or_none(instance=instance)
        if row is None:
            raise not_found("instance")
        async with self._units.open() as unit:
            row.is_enabled = is_enabled
            row.revision += 1
            await row.save()
            await self._audit.record(
                identity, "instance.switch", "instance", instance, remote=remote, enabled=is_enabled
            )
            await self._told(unit, instance, row.plugin)
        await self._publish(row)
        return row

    async def delete(self, identity: Identity, instance: str, *, remote: str = "") -> None:
        """Stop an instance and forget its settings; its conversations stay, and say what it did not send."""
        async with self._units.open() as unit:
            row = await PluginInstance.get_or_none(instance=instance)
            if row is None:
                raise not_found("instance")
            await row.delete()
            await self._deleted.note(instance)
            await self._audit.record(identity, "instance.delete", "instance", instance, remote=remote)
            await self._told(unit, instance, row.plugin)
        await self._schemes.forget(instance)
        try:
            await self._withdraw(instance)
        except (BusUnavailable, OSError) as error:
            log.warning("%s is deleted and will be stopped when the bus is back: %s", instance, error)
            self._behind.set()
        self._deleted.look_now()

    async def _probe(self, plugin: str, settings: dict[str, Any]) -> None:
        request = ProbeRequest(plugin=plugin, settings=settings)
        try:
            answer = await self._bus.request(ASK_PROBE, request, reply=ProbeAnswer, timeout_s=PROBE_S)
        except RequestFailed as error:
            raise ApiError(502, error.code, str(error)) from error
        if not answer.ok:
            raise ConfigInvalid(answer.faults or {"": answer.code})

    async def _publish(self, row: PluginInstance) -> None:
        """Make the bus say what was stored; when it is away, ``_catch_up`` does so once it is back."""
        try:
            await self._bus.ensure(consumers=[orders_consumer(row.instance)])
            await self._desired.put(row.instance, _desired(row))
        except (BusUnavailable, OSError) as error:
            log.warning("%s is stored and will be applied when the bus is back: %s", row.instance, error)
            self._behind.set()

    async def _withdraw(self, instance: str) -> None:
        # the consumer first: while the wish stands, a repetition finds it
        await self._bus.remove_consumer(orders_consumer(instance))
        await self._desired.delete(instance)

    async def _catch_up(self) -> None:
        while True:
            await self._behind.wait()
            self._behind.clear()
            try:
                await self.publish_all()
            except (BusUnavailable, OSError):
                self._behind.set()
                await asyncio.sleep(CATCH_UP_S)

    async def _switch(self, instance: str, request: SwitchRequest) -> SwitchAnswer:
        row = await self.switch(Identity(username="command line"), instance, is_enabled=request.is_enabled)
        return SwitchAnswer(is_enabled=row.is_enabled, revision=row.revision)

    async def _follow_processes(self) -> None:
        async for instance, status in self._bus.follow(InstanceStatus):
            self.statuses[instance] = status
            if status.process in ("starting", "restarting", "running") and not status.is_ready:
                self._proxy.expect(instance)
            else:
                self._proxy.place(instance, status.http)

    async def _follow_channels(self) -> None:
        async for instance, state in self._bus.follow(ChannelState):
            self.channel_states[instance] = state

    def _open(self, row: PluginInstance) -> dict[str, Any]:
        if not row.settings:
            return {}
        return msgspec.json.decode(self._box.open(row.settings), type=dict[str, Any])


def _desired(row: PluginInstance) -> DesiredInstance:
    return DesiredInstance(
        instance=row.instance,
        plugin=row.plugin,
        is_enabled=row.is_enabled,
        settings=row.settings,
        revision=row.revision,
    )
