"""What one agent did today, for their own eyes."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from hub.accounts.identity import Identity
from hub.store.models import Conversation, Entry, Offer


class OwnFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Since midnight; lengths in seconds, None when there was nothing to measure."""

    since: datetime
    taken: int = 0
    finished: int = 0
    in_hand: int = 0
    written: int = 0
    missed: int = 0
    declined: int = 0
    first_reply_s: float | None = None
    handling_s: float | None = None
    rating: float | None = None
    ratings: int = 0


async def own_figures(identity: Identity, now: datetime, timezone: str) -> OwnFigures:
    """Return the figures of the day that it is in ``timezone``."""
    zone = ZoneInfo(timezone)
    since = datetime.combine(now.astimezone(zone).date(), time(0), zone).astimezone(UTC)
    me = identity.user_id
    rows = await Conversation.filter(agent_id=me, assigned_at__gte=since)
    ended = [row for row in rows if row.state in ("wrap_up", "closed")]
    rated = [row.rating for row in rows if row.rating is not None]
    offers = Offer.filter(agent_id=me, made_at__gte=since)
    written = Entry.filter(author_id=me, kind="message", created_at__gte=since).order_by("entry_id")
    first: dict[str, datetime] = {}
    for entry in await written:
        first.setdefault(entry.conversation_id, entry.created_at)
    taken_at = {row.conversation_id: row.assigned_at for row in rows if row.assigned_at is not None}
    replies = [
        (at - taken_at[conversation_id]).total_seconds()
        for conversation_id, at in first.items()
        if conversation_id in taken_at and at >= taken_at[conversation_id]
    ]
    handled = [
        (row.closed_at - row.assigned_at).total_seconds()
        for row in ended
        if row.closed_at is not None and row.assigned_at is not None
    ]
    return OwnFigures(
        since=since,
        taken=len(rows),
        finished=len(ended),
        in_hand=await Conversation.filter(agent_id=me, state="active").count(),
        written=await written.count(),
        missed=await offers.filter(outcome="expired").count(),
        declined=await offers.filter(outcome="declined").count(),
        first_reply_s=_mean(replies),
        handling_s=_mean(handled),
        rating=_mean(rated),
        ratings=len(rated),
    )


def _mean(values: list[float] | list[int]) -> float | None:
    return sum(values) / len(values) if values else None
