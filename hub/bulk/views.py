"""Bulk sends as operators see them."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.bulk.audience import Audience, LineFault
from hub.store.fields import ID_LENGTH, NAME_LENGTH, SLUG_LENGTH
from hub.store.models import Campaign, CampaignRecipient

CampaignState = Literal["draft", "scheduled", "running", "paused", "done", "cancelled"]
RecipientState = Literal[
    "pending", "queued", "deferred", "sent", "delivered", "read", "failed", "unknown", "skipped", "cancelled"
]
UNDER_WAY: Final = ("queued", "deferred")
ENDED: Final = ("done", "cancelled")
COUNT: Final = "SELECT state, COUNT(*) AS n FROM campaign_recipient WHERE campaign_id = ? GROUP BY state"


class Fetch(Protocol):
    """``Store.fetch`` and ``Work.fetch``."""

    def __call__(self, query: str, *values: Any) -> Awaitable[Sequence[Mapping[str, Any]]]: ...


class NewCampaign(Settings, frozen=True, kw_only=True):
    """What an operator plans: the words of a template, or their own where no kind needs approval."""

    title: Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
    instance: Annotated[str, Meta(min_length=1, max_length=SLUG_LENGTH)]
    audience: Audience
    template_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    subject: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    text: Annotated[str, Meta(max_length=4_000)] = ""
    per_minute: Annotated[int, Meta(ge=0, le=60_000)] = 0


class CampaignView(msgspec.Struct, frozen=True, kw_only=True):
    """A bulk send and how far it is: ``counts`` by state add up to ``total``."""

    campaign_id: str
    title: str
    instance: str
    channel: str
    template_id: str | None
    subject: str
    text: str
    audience: Audience
    state: CampaignState
    per_minute: int
    is_prepared: bool
    start_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    author: str
    created_at: datetime
    faults: list[LineFault]
    total: int
    counts: dict[str, int]
    quiet_until: datetime | None


class RecipientView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one address; ``code`` says why."""

    recipient_id: str
    uri: str
    contact_id: str | None
    state: RecipientState
    code: str
    ordered_at: datetime | None
    changed_at: datetime | None


async def counts_of(fetch: Fetch, campaign_id: str) -> dict[str, int]:
    """Return how many recipients are in each state, asked by a store's or a unit's ``fetch``."""
    rows = await fetch(COUNT, campaign_id)
    return {str(row["state"]): int(row["n"]) for row in rows}


def campaign_view(row: Campaign, counts: dict[str, int], quiet_until: datetime | None) -> CampaignView:
    """Return a row of ``campaign`` with what was counted as a view."""
    known = {"total": sum(counts.values()), "counts": counts, "quiet_until": quiet_until}
    names = [name for name in CampaignView.__struct_fields__ if name not in known]
    return msgspec.convert({**{name: getattr(row, name) for name in names}, **known}, CampaignView)


def recipient_view(row: CampaignRecipient, uri: str) -> RecipientView:
    """Return a row of ``campaign_recipient``, its address as the reader may see it."""
    names = [name for name in RecipientView.__struct_fields__ if name != "uri"]
    return msgspec.convert({**{name: getattr(row, name) for name in names}, "uri": uri}, RecipientView)
