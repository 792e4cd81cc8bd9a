"""What the trunks carried in some days: calls, why others failed, how full they were, when they were down."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from core.clock import Clock
from core.events import TrunkChanged
from hub.errors import ApiError
from hub.figures.spans import check_days, days_between
from hub.figures.trunk_figures import TrunkCall, TrunkFigures, TrunkTally, Turn
from hub.figures.wallboard import Wallboard
from hub.store.models import CallLeg, TrunkChange

MOST_DAYS: Final = 31
MOST_CALLS: Final = 200_000
LONGEST: Final = timedelta(hours=12)  # no call lasts longer
QUARTER_S: Final = 900
QUARTERS_UP_TO_DAYS: Final = 2  # else the load is told by the hour

Key = tuple[str, str]  # instance and trunk


class TrunkQuery(msgspec.Struct, frozen=True, kw_only=True):
    """From the day ``begin`` to the end of the day ``end``."""

    begin: date
    end: date


class TrunkReport(msgspec.Struct, frozen=True, kw_only=True):
    """The trunks by name; ``steps`` are when those of their loads begin."""

    steps: list[datetime]
    trunks: list[TrunkFigures]


class TrunkReports:
    """Counts what is stored."""

    def __init__(self, clock: Clock, wallboard: Wallboard, trunks: Mapping[str, TrunkChanged]) -> None:
        self._clock = clock
        self._wallboard = wallboard
        self._trunks = trunks

    async def report(self, query: TrunkQuery) -> TrunkReport:
        """Return what is asked for; 422 for too long a time, or one in which too much came."""
        days = check_days(query.begin, query.end, most=MOST_DAYS)
        begin, end = days_between(query.begin, query.end, ZoneInfo(self._wallboard.timezone()))
        end = min(end, self._clock.now())
        if end <= begin:
            return TrunkReport(steps=[], trunks=[])
        step = timedelta(seconds=QUARTER_S if days <= QUARTERS_UP_TO_DAYS else QUARTER_S * 4)
        steps = [begin + step * number for number in range(-(-(end - begin) // step))]
        tallies: dict[Key, TrunkTally] = defaultdict(TrunkTally)
        for name in self._trunks:
            instance, _, trunk = name.partition("/")
            _ = tallies[instance, trunk]
        await _read_calls(tallies, begin, end)
        await _read_turns(tallies, begin, end)
        return TrunkReport(
            steps=steps,
            trunks=[
                tally.view(*key, steps, end, max_calls=self._max_calls(*key)) for key, tally in sorted(tallies.items())
            ],
        )

    def _max_calls(self, instance: str, trunk: str) -> int:
        said = self._trunks.get(f"{instance}/{trunk}")
        return 0 if said is None else said.max_calls


async def _read_calls(tallies: dict[Key, TrunkTally], begin: datetime, end: datetime) -> None:
    legs = CallLeg.filter(started_at__gte=begin - LONGEST, started_at__lt=end).exclude(trunk="")
    columns = ("call__instance", "trunk", "call__direction", "role", "started_at", "answered_at", "ended_at", "cause")
    rows = await legs.limit(MOST_CALLS + 1).values_list(*columns, "call__ended_at")
    if len(rows) > MOST_CALLS:
        raise ApiError(422, "too_many", f"more than {MOST_CALLS} calls; ask for a shorter time")
    for instance, trunk, direction, role, started_at, answered_at, ended_at, cause, over_at in rows:
        is_out = not (direction == "in" and role == "caller")
        call = TrunkCall(is_out, started_at, answered_at, ended_at or over_at, cause)
        if call.ended_at is None or call.ended_at > begin:
            tallies[instance, trunk].calls.append(call)


async def _read_turns(tallies: dict[Key, TrunkTally], begin: datetime, end: datetime) -> None:
    """Read the changes of state within the time; and of those of which anything is told the last one before it."""
    turns = TrunkChange.filter(at__gte=begin, at__lt=end).order_by("at", "change_id")
    for turn in await turns:
        tallies[turn.instance, turn.trunk].turns.append(Turn(turn.at, turn.is_up))
    for (instance, trunk), tally in tallies.items():
        before = TrunkChange.filter(instance=instance, trunk=trunk, at__lt=begin).order_by("-at", "-change_id")
        if (row := await before.first()) is not None:
            tally.turns.insert(0, Turn(row.at, row.is_up))
