"""The plans of calls between colleagues, as they stand in the database."""

import logging
from collections.abc import Container
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.events import CallPlan, LegPlan
from hub.store.models import InternalCall
from hub.units import Units

log = logging.getLogger(__name__)

MAX_ASKED: Final = 2_000
RUNG_OUT: Final = timedelta(minutes=2)  # both phones ring for 50 s at most


async def newer_plans(instance: str, known: dict[str, int]) -> list[CallPlan]:
    """Return the plans of an instance's calls that are newer than those ``known`` by revision."""
    asked = list(known)[:MAX_ASKED]
    living = await InternalCall.filter(instance=instance, ended_at=None)
    over = await InternalCall.filter(instance=instance, call_id__in=asked).exclude(ended_at=None) if asked else []
    return [plan_of(row) for row in (*living, *over) if row.revision > known.get(row.call_id, 0)]


async def end_lost(units: Units, instance: str, known: Container[str]) -> None:
    """End the calls in which nobody talked in time and which are not among the ``known``: no phone is to ring now."""
    before = units.now() - RUNG_OUT
    if not await _lost(instance, known, before):
        return
    async with units.open() as unit:
        for row in await _lost(instance, known, before):  # once more: somebody may have answered meanwhile
            log.warning("call %s between colleagues was lost: nobody carries it", row.call_id)
            row.legs, row.ended_at, row.cause = [], unit.now, "lost"
            row.revision += 1
            unit.touch(row)


def plan_of(row: InternalCall) -> CallPlan:
    """Return how the call should be."""
    return CallPlan(call_id=row.call_id, revision=row.revision, legs=msgspec.convert(row.legs, tuple[LegPlan, ...]))


async def _lost(instance: str, known: Container[str], before: datetime) -> list[InternalCall]:
    """Return the calls from ``before`` in which nobody has talked, without the ``known``."""
    rows = await InternalCall.filter(instance=instance, ended_at=None, talked_at=None, arrived_at__lt=before)
    return [row for row in rows if row.call_id not in known]
