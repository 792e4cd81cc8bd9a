"""Runs what the bucket DESIRED says: each plugin instance for itself, started, stopped and changed while others run."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from core.backoff import Backoff
from core.board import Board
from core.bus import Bus
from core.clock import Clock
from core.errors import LianxinError, RequestFailed, TryLater
from core.events import DesiredInstance, InstanceStatus
from core.host.job import HostJob, HttpPlace
from core.ids import TOKEN, new_id
from core.streams import DESIRED, orders_consumer
from hub.store.secrets import Sealer
from hub.supervisor.accounts import Accounts
from hub.supervisor.answers import find
from hub.supervisor.child import Child, Order
from hub.supervisor.data_dir import DataDir
from hub.supervisor.keeper import Keeper, Status
from hub.supervisor.log_files import LogFiles
from hub.supervisor.phone_engines import PhoneEngines
from hub.supervisor.settings import PluginLimits
from hub.supervisor.spawn import resident_bytes

log = logging.getLogger(__name__)

T = TypeVar("T")

HOST: Final = (sys.executable, "-P", "-m", "core.host")
MEASURE_S: Final = 60.0


@dataclass(slots=True)
class Slot:
    """One instance: what is wanted of it, what it shows, and the task that brings the two together."""

    board: Board[InstanceStatus]
    desired: DesiredInstance | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Instances:
    """All plugin instances of this supervisor; ``run`` until cancelled, and none of them runs any more."""

    def __init__(
        self,
        bus: Bus,
        accounts: Accounts,
        data: DataDir,
        logs: LogFiles,
        *,
        clock: Clock,
        limits: PluginLimits,
        phone_engines: PhoneEngines,
    ) -> None:
        self._bus = bus
        self._accounts = accounts
        self._data = data
        self._logs = logs
        self._clock = clock
        self._limits = limits
        self._phone_engines = phone_engines
        self._slots: dict[str, Slot] = {}

    async def run(self) -> None:
        """Follow the bucket until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure())
            async for change in self._bus.bucket(DESIRED, DesiredInstance).watch():
                if TOKEN.fullmatch(change.key) is None:
                    log.error("%r cannot be the name of an instance", change.key)
                    continue
                slot = self._slots.get(change.key)
                if slot is None:
                    if change.value is None:
                        await self._forget(change.key)  # deleted while no supervisor ran
                        continue
                    slot = self._slots[change.key] = self._slot(change.key, change.value)
                    tasks.create_task(slot.board.run())
                    tasks.create_task(self._steer(change.key, slot))
                if change.value != slot.desired:  # after a break of the connection everything comes once more
                    slot.desired = change.value
                    slot.changed.set()

    def _slot(self, instance: str, desired: DesiredInstance) -> Slot:
        first = InstanceStatus(instance=instance, plugin=desired.plugin, process="stopped", since=self._clock.now())

        async def publish(status: InstanceStatus) -> None:
            await self._bus.publish(status, instance, msg_id=new_id())

        return Slot(Board(first, publish))

    async def _steer(self, instance: str, slot: Slot) -> None:
        """Run the instance as it is wanted, and anew after each change."""
        while True:
            await slot.changed.wait()
            slot.changed.clear()
            running = asyncio.create_task(self._keep(instance, slot))
            try:
                await slot.changed.wait()
            finally:
                running.cancel()
                await asyncio.wait({running})

    async def _keep(self, instance: str, slot: Slot) -> None:
        desired = slot.desired
        show = self._shower(slot, desired)
        if desired is None or not desired.is_enabled:
            show(Status("stopped"))
            self._phone_engines.release(instance)
            if desired is not None:
                await self._accounts.remove(instance)
            else:
                await self._forget(instance)
            return
        show(Status("starting"))
        try:
            order = await self._insist(
                instance,
                lambda: self._order(instance, desired),
                lambda error: show(Status("starting", detail=str(error))),
            )
        except LianxinError as error:
            log.error("%s cannot be started: %s", instance, error)
            show(Status("fenced", "refused", str(error)))
            return
        write = self._logs.writer(instance)
        await Keeper(instance, lambda on_report: Child(order, on_report, write), show, self._limits.policy()).run()

    async def _insist(
        self, instance: str, step: Callable[[], Awaitable[T]], waits: Callable[[TryLater], None] | None = None
    ) -> T:
        """Try ``step`` as often as it takes, telling ``waits`` why; a LianxinError says that repeating is pointless."""
        backoff = Backoff(first_s=0.2, limit_s=30.0)
        while True:
            try:
                return await step()
            except LianxinError as error:
                if not isinstance(error, TryLater):
                    raise
                log.warning("%s has to wait: %s", instance, error)
                if waits is not None:
                    waits(error)
            except Exception:  # the bus restarts, the disk is full: for the log, and again
                log.exception("%s has to wait", instance)
            await asyncio.sleep(backoff.next_s())

    async def _forget(self, instance: str) -> None:
        """Take back what a deleted instance was given on the bus; the next start does what does not work now."""

        async def take_back() -> None:
            await self._accounts.forget(instance)
            await self._bus.remove_consumer(orders_consumer(instance))

        try:
            await self._insist(instance, take_back)
        except LianxinError as error:
            log.warning("what %s had on the bus could not be taken back: %s", instance, error)

    async def _order(self, instance: str, desired: DesiredInstance) -> Order:
        """Return what to start, once the bus is ready for it."""
        plugin = await find(desired.plugin)
        settings = await asyncio.to_thread(_open, self._data.path / "keys" / "data.key", desired.settings)
        if "phone_engine" in plugin.manifest.uses and not settings.get("ari_url"):
            engine = self._phone_engines.access(
                instance, name=str(settings.get("engine", "")), sip_port=int(str(settings.get("engine_sip_port", 0)))
            )
            settings |= {
                "ari_url": engine.url,
                "ari_username": engine.username,
                "ari_password": engine.password.reveal(),
            }
        else:
            self._phone_engines.release(instance)
        access = await self._accounts.admit(instance, plugin.manifest.kind)
        await self._bus.ensure(consumers=[orders_consumer(instance)])
        job = HostJob(
            instance=instance,
            plugin=plugin.module,
            settings=settings,
            nats=access,
            data_dir=str(self._data.plugin(instance).resolve()),
            http=HttpPlace(path=str(self._data.socket(instance))),
        )
        return Order(
            name=instance,
            command=HOST,
            job=msgspec.json.encode(job),
            limits=self._limits.limits(instance, plugin.manifest),
            is_expendable=True,
        )

    def _shower(self, slot: Slot, desired: DesiredInstance | None) -> Callable[[Status], None]:
        def show(status: Status) -> None:
            now = slot.board.latest
            slot.board.show(
                InstanceStatus(
                    instance=now.instance,
                    plugin=desired.plugin if desired else now.plugin,
                    process=status.process,
                    reason=status.reason,
                    detail=status.detail,
                    restarts=status.restarts,
                    revision=desired.revision if desired else now.revision,
                    pid=status.pid,
                    memory_bytes=resident_bytes(status.pid) if status.pid else None,
                    since=now.since if now.process == status.process else self._clock.now(),
                    version=status.version,
                    is_ready=status.is_ready,
                    http=status.http,
                    log=status.log,
                )
            )

        return show

    async def _measure(self) -> None:
        """Keep the shown memory fresh."""
        while True:
            await asyncio.sleep(MEASURE_S)
            for slot in self._slots.values():
                status = slot.board.latest
                if status.pid is not None:
                    slot.board.show(msgspec.structs.replace(status, memory_bytes=resident_bytes(status.pid)))


def _open(key_file: Path, sealed: str) -> dict[str, object]:
    text = Sealer.load(key_file).open(sealed) if sealed else "{}"
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise RequestFailed("bad_settings", "the stored settings are no JSON object") from error
