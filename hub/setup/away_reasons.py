"""Why agents may be away, as administrators word it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.queues import Title
from hub.dispatch.stretches import LOCKED
from hub.errors import ApiError
from hub.setup.slugs import check_slug
from hub.store.models import AwayReason
from hub.units import Units


class ReasonEdit(Settings, frozen=True, kw_only=True):
    """A reason's name by language and its place in the list."""

    title: Title
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    is_active: bool = True


class ReasonView(msgspec.Struct, frozen=True, kw_only=True):
    """A reason as administrators see it."""

    reason: str
    title: dict[str, str]
    position: int
    is_active: bool


class AwayReasons:
    """What administrators do to the reasons; none is deleted, for agents were away for it."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._audit = audit

    async def all(self) -> list[ReasonView]:
        """Return every reason in its order, retired ones too."""
        return [_view(row) for row in await AwayReason.all().order_by("position", "reason")]

    async def save(self, identity: Identity, reason: str, edit: ReasonEdit, *, remote: str = "") -> ReasonView:
        """Make or change a reason."""
        check_slug("reason", reason)
        if reason == LOCKED:
            raise ApiError(422, "invalid", "the hub's own word", fields={"reason": "reserved"})
        async with self._units.open():
            values = {**msgspec.to_builtins(edit), "title": dict[str, str](edit.title.items())}
            row, _ = await AwayReason.update_or_create(values, reason=reason)
            await self._audit.record(identity, "away_reason.save", "away_reason", reason, remote=remote)
        return _view(row)


def _view(row: AwayReason) -> ReasonView:
    return ReasonView(**{name: getattr(row, name) for name in ReasonView.__struct_fields__})
