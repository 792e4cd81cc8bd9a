"""Telephones as people manage them: who has which, on which they are rung; every deed stands in the audit log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.addresses import normalize
from core.config import Settings
from core.events import PhoneKind
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.calls.engines import Engines
from hub.calls.phones import Phones
from hub.errors import ApiError, not_found
from hub.store.models import Phone, User
from hub.units import Units

LOCAL: Final = ("127.0.0.1", "localhost", "[::1]", "")


class PhoneView(msgspec.Struct, frozen=True, kw_only=True):
    """A phone somebody has; ``number`` is that of one outside, ``changed_at`` when it came or went."""

    phone_id: str
    user_id: str
    kind: PhoneKind
    number: str
    instance: str
    is_reachable: bool
    changed_at: datetime


class OwnPhones(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's phones, the kind they ``chose`` (empty: the newest), and the kind on which they are ``rung`` now."""

    phones: list[PhoneView]
    chosen: PhoneKind | Literal[""]
    rung: PhoneKind | Literal[""]


class SipPhone(msgspec.Struct, frozen=True, kw_only=True):
    """What is entered into a SIP desk phone; the secret is shown this once.

    Without ``host`` the engine is on the hub's own machine; ``port`` is 0 where it is not known.
    """

    phone_id: str
    secret: str
    host: str
    port: int


class OutsideNumber(Settings, frozen=True, kw_only=True):
    """The number outside on which somebody is called; empty for none."""

    number: Annotated[str, Meta(max_length=40)] = ""


class PhoneAccounts:
    """Phones as administrators and their owners manage them."""

    def __init__(self, units: Units, audit: Audit, phones: Phones, engines: Engines) -> None:
        self._units = units
        self._audit = audit
        self._phones = phones
        self._engines = engines

    async def all(self) -> list[PhoneView]:
        """Return every phone there is."""
        return _views(await Phone.all().order_by("user_id", "kind"))

    async def of(self, user_id: str) -> OwnPhones:
        """Return a user's phones."""
        user = await _user(user_id)
        rung = self._phones.of(user_id)
        return OwnPhones(
            phones=_views(await Phone.filter(user_id=user_id).order_by("kind")),
            chosen=user.phone_kind,  # type: ignore[arg-type]
            rung=rung.kind if rung is not None else "",
        )

    async def make_sip(self, identity: Identity, user_id: str, *, remote: str) -> SipPhone:
        """Make the account of a user's desk phone; the one before it ends. 409 ``no_telephony``."""
        issued = await self._phones.issue(await _user(user_id), kind="sip")
        if issued is None:
            raise _no_telephony()
        row, secret = issued
        await self._audit.note(identity, "phone.make", "user", user_id, remote=remote)
        host, _, port = (await self._engines.address(row.instance)).rpartition(":")
        return SipPhone(phone_id=row.phone_id, secret=secret, host="" if host in LOCAL else host, port=int(port or 0))

    async def set_outside(self, identity: Identity, user_id: str, number: str, *, remote: str) -> OwnPhones:
        """Let a user be called on a number outside, or with "" on none."""
        try:
            address = normalize(number, "tel") if number.strip() else ""
        except ValueError as error:
            raise ApiError(422, "invalid", "not a telephone number", fields={"number": "not_a_number"}) from error
        await _user(user_id)
        async with self._units.open() as unit:
            if not await self._phones.set_outside(unit, user_id, address):
                raise _no_telephony()
            await self._audit.record(identity, "phone.outside", "user", user_id, remote=remote, is_set=bool(address))
        return await self.of(user_id)

    async def choose(self, identity: Identity, kind: PhoneKind | Literal[""]) -> OwnPhones:
        """Say on which kind of phone one wants to be rung; 409 ``no_such_phone`` when one has none."""
        user_id = identity.user_id
        async with self._units.open() as unit:
            if kind in ("sip", "outside") and not await Phone.filter(user_id=user_id, kind=kind).exists():
                raise ApiError(409, "no_such_phone", f"you have no phone of kind {kind}")
            await self._phones.choose(unit, user_id, kind)
        return await self.of(user_id)

    async def remove(self, identity: Identity, phone_id: str, *, remote: str) -> None:
        """Take a phone away; a call on it goes on."""
        async with self._units.open() as unit:
            row = await Phone.get_or_none(phone_id=phone_id)
            if row is None:
                raise not_found("phone")
            await self._phones.remove(unit, [row])
            await self._audit.record(identity, "phone.remove", "user", row.user_id, remote=remote, kind=row.kind)


async def _user(user_id: str) -> User:
    user = await User.get_or_none(user_id=user_id)
    if user is None:
        raise not_found("user")
    return user


def _no_telephony() -> ApiError:
    return ApiError(409, "no_telephony", "no plugin for calls is enabled")


def _views(rows: Iterable[Phone]) -> list[PhoneView]:
    return [
        PhoneView(
            phone_id=row.phone_id,
            user_id=row.user_id,
            kind=row.kind,  # type: ignore[arg-type]
            number=row.number,
            instance=row.instance,
            is_reachable=row.is_reachable,
            changed_at=row.changed_at,
        )
        for row in rows
    ]
