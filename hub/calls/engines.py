"""The phone engines, one for each instance of the plugin: where they are, and which of them gets a phone or a call."""

import hmac
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.events import EngineChanged, EnginePeer, PhoneKind, TrunkChanged
from hub.store.models import Call, InternalCall, Phone, PluginInstance, Setting
from hub.store.secrets import Sealer

PLUGIN: Final = "voice"
SECRET: Final = "engines.secret"  # noqa: S105 - where it is kept
SECRET_BYTES: Final = 32
STAYS_WITHIN: Final = 5  # a phone stays at its engine while this has at most so many more than another


class TrunkView(msgspec.Struct, frozen=True, kw_only=True):
    """A trunk of an engine; ``is_up`` None while nothing was heard of it."""

    name: str
    is_up: bool | None
    calls: int


class EngineView(msgspec.Struct, frozen=True, kw_only=True):
    """An engine as administrators see it: the calls it carries, and its phones, of which some are registered."""

    instance: str
    is_ready: bool
    version: str
    address: str
    calls: int
    phones: int
    registered: int
    trunks: list[TrunkView]


class Engines:
    """What the plugin instances have said of their engines; ``trunks`` holds the last word of each, as in Telephony."""

    def __init__(self, sealer: Sealer, trunks: dict[str, TrunkChanged]) -> None:
        self._sealer = sealer
        self._trunks = trunks
        self.is_ready: Callable[[str], bool] = lambda instance: True

    async def note(self, instance: str, event: EngineChanged) -> None:
        """Write down what an instance says of its engine."""
        if not await Setting.exists(key=SECRET):
            await Setting.create(key=SECRET, value={"sealed": self._sealer.seal(secrets.token_hex(SECRET_BYTES))})
        value = {
            "address": event.address,
            "tls_port": event.tls_port,
            "version": event.version,
            "trunks": event.trunks,
        }
        await Setting.update_or_create({"value": value}, key=_key(instance))

    async def forget(self, instance: str) -> None:
        """Forget the engine of an instance that is gone."""
        await Setting.filter(key=_key(instance)).delete()
        for name in [name for name in self._trunks if name.startswith(f"{instance}/")]:
            del self._trunks[name]

    async def for_phone(self, user_id: str, kind: PhoneKind) -> str | None:
        """Return the instance with which a new phone registers: of those that are ready the one with fewest phones.

        Where the user has one of this kind, which the new one replaces, it stays at its engine unless that is clearly
        fuller than another.
        """
        instances = await self.instances()
        if not instances:
            return None
        phones = Counter([row.instance async for row in Phone.exclude(kind="outside")])
        for own in await Phone.filter(user_id=user_id, kind=kind):
            phones[own.instance] -= 1 + STAYS_WITHIN
        return min(instances, key=lambda one: (not self.is_ready(one), phones[one], one))

    async def for_call(self, *preferred: str) -> str:
        """Return the instance over whose trunks a call goes out: the first ``preferred`` that has one, else any other.

        When none has a trunk that is not down it is the last one preferred.
        """
        able = [one for one in await self.instances() if await self._calls_out(one)]
        return next((one for one in (*preferred, *able) if one in able), preferred[-1])

    async def peers(self, own: str) -> tuple[EnginePeer, ...]:
        """Return the engines of all other instances, as that of ``own`` reaches them: encrypted where both can."""
        mine = await Setting.get_or_none(key=_key(own))
        found = []
        for instance in await self.instances():
            if instance != own and (row := await Setting.get_or_none(key=_key(instance))) is not None:
                address, tls_port = row.value["address"], row.value.get("tls_port", 0)
                is_encrypted = bool(tls_port and mine is not None and mine.value.get("tls_port", 0))
                if is_encrypted:
                    address = f"{address.rpartition(':')[0]}:{tls_port}"
                secret = await self._secret(own, instance)
                found.append(EnginePeer(instance=instance, address=address, secret=secret, is_encrypted=is_encrypted))
        return tuple(found)

    async def address(self, instance: str) -> str:
        """Return where SIP is spoken with an instance's engine, empty when it has never said so."""
        row = await Setting.get_or_none(key=_key(instance))
        return "" if row is None else str(row.value["address"])

    async def views(self) -> list[EngineView]:
        """Return how every engine is."""
        return [await self._view(instance) for instance in await self.instances()]

    async def instances(self) -> list[str]:
        """Return the instances that carry calls, by name."""
        rows = await PluginInstance.filter(plugin=PLUGIN, is_enabled=True).order_by("instance")
        return [row.instance for row in rows]

    async def _view(self, instance: str) -> EngineView:
        row = await Setting.get_or_none(key=_key(instance))
        said: dict[str, Any] = {"address": "", "version": "", "trunks": []} if row is None else row.value
        phones = await Phone.filter(instance=instance).exclude(kind="outside")
        trunks = [(name, self._trunks.get(f"{instance}/{name}")) for name in said["trunks"]]
        return EngineView(
            instance=instance,
            is_ready=self.is_ready(instance),
            version=said["version"],
            address=said["address"],
            calls=sum([await model.filter(instance=instance, ended_at=None).count() for model in (Call, InternalCall)]),
            phones=len(phones),
            registered=sum(phone.is_reachable for phone in phones),
            trunks=[
                TrunkView(name=name, is_up=None if one is None else one.is_up, calls=0 if one is None else one.calls)
                for name, one in trunks
            ],
        )

    async def _calls_out(self, instance: str) -> bool:
        row = await Setting.get_or_none(key=_key(instance))
        names = [] if row is None else row.value["trunks"]
        states = (self._trunks.get(f"{instance}/{name}") for name in names)
        return any(state is None or state.is_up for state in states)

    async def _secret(self, one: str, other: str) -> str:
        """Return what two engines show each other, known to no third."""
        row = await Setting.get(key=SECRET)  # made with the first engine
        root = self._sealer.open(row.value["sealed"])
        return hmac.new(root.encode(), "+".join(sorted((one, other))).encode(), "sha256").hexdigest()


def _key(instance: str) -> str:
    return f"engine.{instance}"
