"""Tells users what they should know of, until they have seen it."""

from core.events import NotificationChanged, NotificationKind, NotificationView
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.errors import not_found
from hub.store.models import Notification
from hub.store.views import view
from hub.units import Unit, Units


def notify(
    unit: Unit, user_id: str, kind: NotificationKind, conversation_id: str | None = None, /, **params: str
) -> None:
    """Tell a user of something once this unit is committed."""
    row = Notification(
        notification_id=new_id(),
        user_id=user_id,
        kind=kind,
        conversation_id=conversation_id,
        params=params,
        created_at=unit.now,
    )
    unit.add(row)
    unit.record(NotificationChanged(notification=view(NotificationView, row)), user_id)


class Notifications:
    """What users do to their notifications."""

    def __init__(self, units: Units) -> None:
        self._units = units

    async def see(self, identity: Identity, notification_id: str) -> None:
        """Say that one has been seen."""
        async with self._units.open() as unit:
            row = await Notification.get_or_none(notification_id=notification_id, user_id=identity.user_id)
            if row is None:
                raise not_found("notification")
            _see(unit, row)

    async def see_all(self, identity: Identity) -> None:
        """Say that all have been seen."""
        async with self._units.open() as unit:
            for row in await Notification.filter(user_id=identity.user_id, seen_at=None):
                _see(unit, row)


async def unseen(user_id: str) -> list[NotificationView]:
    """Return what a user has not seen yet, oldest first."""
    rows = await Notification.filter(user_id=user_id, seen_at=None).order_by("notification_id")
    return [view(NotificationView, row) for row in rows]


def _see(unit: Unit, row: Notification) -> None:
    if row.seen_at is None:
        row.seen_at = unit.now
        unit.touch(row)
        unit.record(NotificationChanged(notification=view(NotificationView, row)), row.user_id)
