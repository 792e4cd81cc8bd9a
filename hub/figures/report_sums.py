"""Adds up cases and calls by group and by period; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from hub.figures.agent_times import AgentTimes, AgentTimesView, Periods, Step, period_of
from hub.figures.alarms import crossed_in_period
from hub.figures.call_sums import CallTally, CallTallyView
from hub.figures.cases import Case, Tally, TallyView, mean
from hub.figures.ledger import Targets
from hub.figures.settings import AlarmRule
from hub.store.fields import ID_LENGTH, SLUG_LENGTH

Group = Literal["queue", "agent", "agent_group", "department", "channel", "hour"]
OF_PEOPLE: Final = frozenset({"agent", "agent_group", "department"})


class ReportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of what came from ``begin`` to the end of the day ``end``; ``compare``: of as many days before, too."""

    begin: date
    end: date
    by: Group = "queue"
    per: Step = "day"
    queue_id: Annotated[str, Meta(max_length=SLUG_LENGTH)] = ""
    agent_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    channel: Annotated[str, Meta(max_length=SLUG_LENGTH)] = ""
    compare: bool = False


class ReportLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One group in one period; without ``group_id`` and ``period`` all of them.

    ``left_s`` is the mean wait of those who gave up, ``work_s`` the agents' service and wrap-up together; ``missed``
    and ``declined`` are offers. ``times`` are there when groups are of people. ``crossed`` names the alarm rules whose
    limit these figures cross.
    """

    group_id: str | None = None
    period: str | None = None
    cases: TallyView
    calls: CallTallyView
    left_s: float | None = None
    longest_s: float = 0.0
    work_s: float = 0.0
    missed: int = 0
    declined: int = 0
    times: AgentTimesView | None = None
    crossed: tuple[str, ...] = ()


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One time: each group in each period, groups alone, periods alone, and all of it."""

    begin: date
    end: date
    lines: list[ReportLine]
    groups: list[ReportLine]
    periods: list[ReportLine]
    total: ReportLine


@dataclass(slots=True)
class Line:
    """What came to one group in one period."""

    tally: Tally = field(default_factory=Tally)
    calls: CallTally = field(default_factory=CallTally)
    times: AgentTimes = field(default_factory=AgentTimes)
    overdue: int = 0
    left: int = 0
    left_s: float = 0.0
    longest_s: float = 0.0
    missed: int = 0
    declined: int = 0

    def count(self, case: Case, targets: Targets, now: datetime) -> None:
        """Put ``case`` in."""
        self.tally.count(case, targets.service_s, targets.wrap_up_s)
        if case.is_message:
            return
        waited_s = case.waited_s(now)
        self.longest_s = max(self.longest_s, waited_s)
        if case.is_waiting:
            self.overdue += waited_s > targets.service_s
        elif case.answered_at is None and not case.is_diverted:
            self.left += 1
            self.left_s += waited_s

    def view(
        self,
        group_id: str | None,
        period: str | None,
        rules: Iterable[AlarmRule],
        queue_id: str,
        *,
        of_people: bool,
    ) -> ReportLine:
        """Return the sums for people; ``queue_id`` is the one queue they are of, if they are."""
        cases = self.tally.view(self.overdue)
        return ReportLine(
            group_id=group_id,
            period=period,
            cases=cases,
            calls=self.calls.view(),
            left_s=mean(self.left_s, self.left),
            longest_s=round(self.longest_s, 1),
            work_s=round(self.tally.handle_s + self.tally.wrap_up_s, 1),
            missed=self.missed,
            declined=self.declined,
            times=self.times.view() if of_people else None,
            crossed=crossed_in_period(rules, queue_id, cases, self.longest_s),
        )


class Sums:
    """Every line that something came for; a group of people counts what each of them did."""

    def __init__(self, query: ReportQuery, zone: ZoneInfo, groups_of: Mapping[str, Sequence[str]]) -> None:
        self._query = query
        self._zone = zone
        self._groups_of = groups_of
        self._periods = Periods(query.begin, query.end, query.per, zone)
        self._lines: dict[tuple[str | None, str | None], Line] = defaultdict(Line)

    def __len__(self) -> int:
        return len(self._lines)

    def lines(self, at: datetime, queue_id: str, agent_id: str, channel: str) -> list[Line]:
        """Return the lines in which something counts that came at ``at``."""
        local = at.astimezone(self._zone)
        return self._of(self._groups(local, queue_id, agent_id, channel), period_of(local, self._query.per))

    def count_time(self, agent_id: str, activity: str, reason: str, begin: datetime, end: datetime) -> None:
        """Put in what an agent did from ``begin`` to ``end``, each period its piece; groups have to be of people."""
        groups = self._groups_of_agent(agent_id)
        for period, seconds in self._periods.cut(begin, end):
            for line in self._of(groups, period):
                line.times.count(activity, reason, seconds)

    def _of(self, groups: Iterable[str], period: str) -> list[Line]:
        keys: list[tuple[str | None, str | None]] = [(None, None), (None, period)]
        keys += [(group, one) for group in groups for one in (None, period)]
        return [self._lines[key] for key in keys]

    def figures(self, rules: Sequence[AlarmRule]) -> Figures:
        """Return all lines in order."""
        query = self._query
        _ = self._lines[None, None]
        for period in self._periods.names:
            _ = self._lines[None, period]
        views = [
            line.view(
                group,
                period,
                rules,
                group if query.by == "queue" and group else query.queue_id,
                of_people=query.by in OF_PEOPLE,
            )
            for (group, period), line in sorted(self._lines.items(), key=lambda one: (one[0][0] or "", one[0][1] or ""))
        ]
        return Figures(
            begin=query.begin,
            end=query.end,
            lines=[one for one in views if one.group_id is not None and one.period is not None],
            groups=[one for one in views if one.group_id is not None and one.period is None],
            periods=[one for one in views if one.group_id is None and one.period is not None],
            total=next(one for one in views if one.group_id is None and one.period is None),
        )

    def _groups(self, local: datetime, queue_id: str, agent_id: str, channel: str) -> Sequence[str]:
        match self._query.by:
            case "queue":
                return [queue_id]
            case "agent" | "agent_group" | "department":
                return self._groups_of_agent(agent_id)
            case "channel":
                return [channel]
            case "hour":
                return [f"{local.hour:02}"]

    def _groups_of_agent(self, agent_id: str) -> Sequence[str]:
        return [agent_id] if self._query.by == "agent" else self._groups_of.get(agent_id) or [""]
