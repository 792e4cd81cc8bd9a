"""Bulletins: what supervisors publish and agents confirm to have read."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import BulletinChanged, BulletinConfirmed, BulletinView
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.queues import Queues
from hub.errors import ApiError, not_found
from hub.store.models import Bulletin, BulletinReading, User
from hub.store.views import view
from hub.texts import clean, clean_line
from hub.units import Units

SHOWN: Final = 100  # latest ones


class NewBulletin(Settings, frozen=True, kw_only=True):
    """What is to be read; without ``queue_ids`` by everybody."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    queue_ids: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=100)] = ()


class ListedBulletin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bulletin in the list of all, and when the user confirmed it."""

    bulletin: BulletinView
    confirmed_at: datetime | None = None


class Reader(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A user who is to read a bulletin, and when they confirmed it."""

    user_id: str
    display_name: str
    confirmed_at: datetime | None = None


class Bulletins:
    """Publishing, withdrawing, confirming."""

    def __init__(self, units: Units, audit: Audit, queues: Queues) -> None:
        self._units = units
        self._audit = audit
        self._queues = queues

    async def publish(self, identity: Identity, new: NewBulletin, *, remote: str) -> BulletinView:
        """Show a bulletin on the desks of those it is for; whoever publishes it has read it."""
        if any(queue_id not in self._queues.active for queue_id in new.queue_ids):
            raise ApiError(422, "invalid", "no such queue", fields={"queue_ids": "unknown"})
        async with self._units.open() as unit:
            row = Bulletin(
                bulletin_id=new_id(),
                title=clean_line(new.title),
                text=clean(new.text),
                author_id=identity.user_id,
                author_name=identity.display_name,
                queue_ids=list(new.queue_ids),
                published_at=unit.now,
            )
            unit.add(row)
            await self._audit.record(identity, "bulletin.publish", "bulletin", row.bulletin_id, remote=remote)
            shown = view(BulletinView, row)
            unit.record(BulletinChanged(bulletin=shown), row.bulletin_id)
            return shown

    async def withdraw(self, identity: Identity, bulletin_id: str, *, remote: str) -> BulletinView:
        """Take a bulletin from all desks; it stays in the list."""
        async with self._units.open() as unit:
            row = await Bulletin.get_or_none(bulletin_id=bulletin_id)
            if row is None:
                raise not_found("bulletin")
            if row.withdrawn_at is None:
                row.withdrawn_at = unit.now
                unit.touch(row)
                await self._audit.record(identity, "bulletin.withdraw", "bulletin", bulletin_id, remote=remote)
                unit.record(BulletinChanged(bulletin=view(BulletinView, row)), bulletin_id)
            return view(BulletinView, row)

    async def confirm(self, identity: Identity, bulletin_id: str) -> None:
        """Say that the user has read a bulletin; said twice is said once."""
        async with self._units.open() as unit:
            row = await Bulletin.get_or_none(bulletin_id=bulletin_id)
            if row is None or not is_for(view(BulletinView, row), identity):
                raise not_found("bulletin")
            whose = {"bulletin_id": bulletin_id, "user_id": identity.user_id}
            if not await BulletinReading.filter(**whose).exists():
                unit.add(BulletinReading(reading_id=new_id(), confirmed_at=unit.now, **whose))
                unit.record(BulletinConfirmed(bulletin_id=bulletin_id, user_id=identity.user_id), bulletin_id)

    async def all(self, identity: Identity) -> list[ListedBulletin]:
        """Return the latest bulletins that concern the user, newest first; withdrawn ones only for who publishes."""
        publishes = identity.may("bulletin.publish")
        rows = [view(BulletinView, row) for row in await Bulletin.all().order_by("-bulletin_id").limit(SHOWN)]
        shown = [one for one in rows if publishes or (is_for(one, identity) and one.withdrawn_at is None)]
        readings = await BulletinReading.filter(user_id=identity.user_id)
        confirmed = {row.bulletin_id: row.confirmed_at for row in readings}
        return [ListedBulletin(bulletin=one, confirmed_at=confirmed.get(one.bulletin_id)) for one in shown]

    async def readers(self, bulletin_id: str) -> list[Reader]:
        """Return everybody a bulletin is for, those who have not confirmed it first."""
        row = await Bulletin.get_or_none(bulletin_id=bulletin_id)
        if row is None:
            raise not_found("bulletin")
        confirmed = {one.user_id: one.confirmed_at for one in await BulletinReading.filter(bulletin_id=bulletin_id)}
        users = [
            user
            for user in await User.filter(is_active=True).order_by("work_number")
            if user.user_id != row.author_id
            and (not row.queue_ids or not set(row.queue_ids).isdisjoint(user.queue_ids))
        ]
        readers = [
            Reader(user_id=one.user_id, display_name=one.display_name, confirmed_at=confirmed.get(one.user_id))
            for one in users
        ]
        return sorted(readers, key=lambda one: one.confirmed_at is not None)


def is_for(bulletin: BulletinView, identity: Identity) -> bool:
    """Whether a user is to read a bulletin."""
    if bulletin.author_id == identity.user_id:
        return False
    return not bulletin.queue_ids or not identity.queue_ids.isdisjoint(bulletin.queue_ids)


async def unconfirmed(identity: Identity) -> list[BulletinView]:
    """Return what a user is still to read."""
    confirmed = await BulletinReading.filter(user_id=identity.user_id).values_list("bulletin_id", flat=True)
    rows = Bulletin.filter(withdrawn_at=None).exclude(bulletin_id__in=confirmed)
    return [shown for row in await rows if is_for(shown := view(BulletinView, row), identity)]
