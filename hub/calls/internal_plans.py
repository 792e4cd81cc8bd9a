"""The plans of calls between colleagues, as they stand in the database."""

from typing import Final

import msgspec

from core.events import CallPlan, LegPlan
from hub.store.models import InternalCall

MAX_ASKED: Final = 2_000


async def newer_plans(instance: str, known: dict[str, int]) -> list[CallPlan]:
    """Return the plans of an instance's calls that are newer than those ``known`` by revision."""
    asked = list(known)[:MAX_ASKED]
    living = await InternalCall.filter(instance=instance, ended_at=None)
    over = await InternalCall.filter(instance=instance, call_id__in=asked).exclude(ended_at=None) if asked else []
    return [plan_of(row) for row in (*living, *over) if row.revision > known.get(row.call_id, 0)]


def plan_of(row: InternalCall) -> CallPlan:
    """Return how the call should be."""
    return CallPlan(call_id=row.call_id, revision=row.revision, legs=msgspec.convert(row.legs, tuple[LegPlan, ...]))
