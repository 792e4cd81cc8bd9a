"""Agents' phones: which there are, who may register, which can be rung."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from core.bus import Bus
from core.events import Dial, EngineChanged, PhoneAccount, PhoneChanged, PhoneKind, PhonesPlan
from core.ids import new_id
from hub.calls.engines import PLUGIN, Engines
from hub.errors import ApiError
from hub.store.models import Phone, PluginInstance, Setting, User
from hub.store.secrets import Sealer
from hub.units import Unit, Units

SECRET_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Reached:
    """A phone that can be rung, and by which engine."""

    phone_id: str
    instance: str
    kind: PhoneKind
    number: str = ""

    @property
    def target(self) -> str:
        """How a plan names it."""
        return self.number if self.kind == "outside" else f"phone:{self.phone_id}"

    def dial(self, ring_s: float, *, shown: str, answers_itself: bool = False) -> Dial:
        """Return how it is called; ``shown`` is the citizen's number, which no carrier takes from us for theirs."""
        if self.kind == "outside":
            return Dial(target=self.target, ring_s=ring_s)
        return Dial(
            target=self.target,
            instance=self.instance,
            ring_s=ring_s,
            caller_id=shown.removeprefix("tel:"),
            auto_answer=answers_itself,
        )


class Phones:
    """Accounts at the engine; a plan of them goes to the plugin whenever one comes or goes."""

    def __init__(self, units: Units, bus: Bus, sealer: Sealer, engines: Engines) -> None:
        self._units = units
        self._bus = bus
        self._sealer = sealer
        self._engines = engines
        self.changed: Callable[[str], Awaitable[None]] | None = None  # told whose phones are others now
        self._reachable: dict[str, list[Reached]] = {}  # by user, the newest first
        self._chosen: dict[str, str] = {}  # the kind on which a user wants to be rung

    async def load(self) -> None:
        """Read which phones can be rung, and which are wanted."""
        self._reachable.clear()
        for row in await Phone.filter(is_reachable=True).order_by("-changed_at"):
            self._reachable.setdefault(row.user_id, []).append(_reached(row))
        self._chosen = {user.user_id: user.phone_kind async for user in User.exclude(phone_kind="")}

    def of(self, user_id: str) -> Reached | None:
        """Return the phone on which a user is rung, or None when there is none that can be.

        That is one of the kind they chose, else the newest; a number outside is rung only when it was chosen.
        """
        phones = self._reachable.get(user_id, [])
        chosen = self._chosen.get(user_id, "")
        wanted = [phone for phone in phones if phone.kind == chosen]
        others = [phone for phone in phones if phone.kind != "outside"]
        return next(iter(wanted or others), None)

    async def choose(self, unit: Unit, user_id: str, kind: PhoneKind | Literal[""]) -> None:
        """Ring a user on a phone of this kind when there is one, or on the newest."""
        await User.filter(user_id=user_id).update(phone_kind=kind)
        before = self._chosen.get(user_id, "")
        unit.if_undone(lambda: self._chosen.update({user_id: before}))
        self._chosen[user_id] = kind
        self._tell_changed(unit, user_id)

    async def set_outside(self, unit: Unit, user_id: str, number: str) -> bool:
        """Let a user be called on ``number`` (``tel:…``), or with "" on none; False when no plugin carries calls."""
        await self._forget(unit, await Phone.filter(user_id=user_id, kind="outside"))
        if not number:
            return True
        instance = await self._engines.for_phone(user_id, "outside")
        if instance is None:
            return False
        row = await Phone.create(
            phone_id=new_id(),
            instance=await self._engines.for_call(instance),
            user_id=user_id,
            kind="outside",
            number=number,
            is_reachable=True,
            changed_at=unit.now,
        )
        before = self._reachable.get(user_id, [])
        unit.if_undone(lambda: self._reachable.update({user_id: before}))
        self._reachable[user_id] = [_reached(row), *before]
        self._tell_changed(unit, user_id)
        return True

    async def issue(
        self, user: User, *, kind: Literal["browser", "sip"], session_id: str = "", instead_of: str = ""
    ) -> tuple[Phone, str] | None:
        """Return a new phone for a user and its secret; None when no plugin carries calls. One of a kind at a time.

        409 ``taken`` when there is one of another session that is not ``instead_of``.
        """
        instance = await self._engines.for_phone(user.user_id, kind)
        if instance is None:
            return None
        secret = secrets.token_urlsafe(SECRET_BYTES)
        async with self._units.open() as unit:
            replaced = await Phone.filter(user_id=user.user_id, kind=kind)
            others = [one for one in replaced if one.session_id != session_id]
            if instead_of and any(one.phone_id != instead_of for one in others):
                raise ApiError(409, "taken", "another browser has the phone")
            await self._forget(unit, replaced)
            row = await Phone.create(
                phone_id=new_id(),
                instance=instance,
                user_id=user.user_id,
                kind=kind,
                secret=self._sealer.seal(secret),
                session_id=session_id,
                changed_at=unit.now,
            )
            await self._renew(unit, {row.instance, *(one.instance for one in replaced)})
        return row, secret

    async def revoke(self, user_id: str) -> None:
        """Take a user's SIP desk phone away."""
        async with self._units.open() as unit:
            await self.remove(unit, await Phone.filter(user_id=user_id, kind="sip"))

    async def revoke_browser(self, user_id: str, session_id: str) -> None:
        """Take away the phone of a user's browser with this session; another browser's stays.

        One of which no session was written down may be this browser's, and goes too.
        """
        sessions = [session_id, ""]
        async with self._units.open() as unit:
            await self.remove(unit, await Phone.filter(user_id=user_id, kind="browser", session_id__in=sessions))

    async def revoke_browsers(self, user_id: str, *, besides: str = "") -> None:
        """Take away the phones of all of a user's browsers ``besides`` that with this session."""
        async with self._units.open() as unit:
            rows = await Phone.filter(user_id=user_id, kind="browser")
            await self.remove(unit, [row for row in rows if not besides or row.session_id != besides])

    async def remove_registering(self, unit: Unit, user_id: str) -> None:
        """Take away a user's browser and desk phones; a number outside has no account, and stays."""
        await self.remove(unit, await Phone.filter(user_id=user_id).exclude(kind="outside"))

    async def remove(self, unit: Unit, rows: list[Phone]) -> None:
        """Take phones away."""
        await self._forget(unit, rows)
        await self._renew(unit, {row.instance for row in rows if row.kind != "outside"})

    async def newer(self, instance: str, revision: int) -> PhonesPlan | None:
        """Return the phones of an instance when they are newer than ``revision``."""
        plan = await self._plan(instance)
        return plan if plan.revision > revision else None

    async def note(self, unit: Unit, instance: str, event: PhoneChanged) -> str | None:
        """Note whether a phone can be rung; return whose it is, or None when nothing changed."""
        row = await Phone.get_or_none(phone_id=event.phone_id, instance=instance)
        if row is None or row.is_reachable == event.is_reachable:
            return None
        row.is_reachable = event.is_reachable
        row.changed_at = event.at
        await row.save(update_fields=["is_reachable", "changed_at"])
        before = self._reachable.get(row.user_id, [])
        unit.if_undone(lambda: self._reachable.update({row.user_id: before}))
        phones = [one for one in before if one.phone_id != row.phone_id]
        newest = [_reached(row)] if event.is_reachable else []
        self._reachable[row.user_id] = [*newest, *phones]
        return row.user_id

    async def note_engine(self, unit: Unit, instance: str, event: EngineChanged) -> None:
        """Note where an engine is, and tell those that call its phones; a report of one that is gone comes too late."""
        if not await PluginInstance.exists(instance=instance):
            return
        await self._engines.note(instance, event)
        await self._renew(unit, {*await self._engines.instances()})

    async def instance_changed(self, unit: Unit, instance: str, plugin: str) -> None:
        """An instance was made, changed, switched or deleted: tell the other engines, and forget one that is gone."""
        if plugin != PLUGIN:
            return
        others = {*await self._engines.instances()} - {instance}
        if not await PluginInstance.exists(instance=instance):
            await self._engines.forget(instance)
            await Setting.filter(key=_revision_key(instance)).delete()
            await self._forget(unit, await Phone.filter(instance=instance).exclude(kind="outside"))
        await self._renew(unit, others)

    async def _forget(self, unit: Unit, rows: list[Phone]) -> None:
        for row in rows:
            await row.delete()
            if row.is_reachable:
                self._tell_changed(unit, row.user_id)
            phones = self._reachable.get(row.user_id, [])
            self._reachable[row.user_id] = [one for one in phones if one.phone_id != row.phone_id]

    async def _renew(self, unit: Unit, instances: set[str]) -> None:
        """Give instances a new plan."""
        for instance in sorted(instances):
            await _count(instance)
            unit.after(partial(self._tell, instance))

    def _tell_changed(self, unit: Unit, user_id: str) -> None:
        if self.changed is not None:
            unit.after(partial(self.changed, user_id))

    async def _tell(self, instance: str) -> None:
        await self._bus.signal(await self._plan(instance), instance)

    async def _plan(self, instance: str) -> PhonesPlan:
        rows = await Phone.filter(instance=instance).exclude(kind="outside").order_by("phone_id")
        phones = []
        for row in rows:
            user = await User.get(user_id=row.user_id)
            phones.append(
                PhoneAccount(
                    phone_id=row.phone_id,
                    secret=self._sealer.open(row.secret),
                    kind="browser" if row.kind == "browser" else "sip",
                    display_name=user.work_number,
                )
            )
        engines = await self._engines.peers(instance)
        return PhonesPlan(revision=await _revision(instance), phones=tuple(phones), engines=engines)


def _reached(row: Phone) -> Reached:
    return Reached(row.phone_id, row.instance, row.kind, row.number)  # type: ignore[arg-type]


async def _revision(instance: str) -> int:
    row = await Setting.get_or_none(key=_revision_key(instance))
    return 1 if row is None else int(row.value["revision"])


async def _count(instance: str) -> None:
    value = {"revision": await _revision(instance) + 1}
    if not await Setting.filter(key=_revision_key(instance)).update(value=value):
        await Setting.create(key=_revision_key(instance), value=value)


def _revision_key(instance: str) -> str:
    return f"phones.{instance}"
