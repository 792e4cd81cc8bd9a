"""What scoring and checking come to: by agent, department, group of agents or queue, over time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from hub.figures.spans import check_span
from hub.quality.cases import CaseView, case_view
from hub.store.fields import ID_LENGTH, SLUG_LENGTH
from hub.store.models import Appeal, ArticleUse, QualityCase, RuleCheck, RuleFinding, User

MOST_DAYS: Final = 400
SCORED: Final = ("done", "appealed")
LOOKED_UP: Final = ("opened", "inserted", "sent")
Group = Literal["agent", "department", "agent_group", "queue"]
Period = Literal["day", "week", "month"]
Moment = Annotated[datetime, Meta(tz=True)]


class ResultsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of conversations that ended from ``begin`` on and before ``end``."""

    begin: Moment
    end: Moment
    by: Group = "agent"
    per: Period = "week"


class CasesQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases, the newest first."""

    state: Literal["", "open", "differing", "done", "appealed"] = ""
    agent_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    queue_id: Annotated[str, Meta(max_length=SLUG_LENGTH)] = ""
    begin: Moment | None = None
    end: Moment | None = None
    offset: Annotated[int, Meta(ge=0, le=100_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class ResultLine(msgspec.Struct, frozen=True, kw_only=True):
    """One group in one period, whose first day is ``day``, or in all of them where it is empty.

    ``kept`` is the share of checked conversations in which every rule of severity ``minor`` and ``major`` was kept,
    ``sourced`` the share of those in which the agent looked into the knowledge base or sent something of it.
    """

    group_id: str
    day: str
    scored: int
    mean: float | None
    passed: int
    fatal: int
    appealed: int
    upheld: int
    checked: int
    findings: int
    kept: float | None
    sourced: float | None


class RuleLine(msgspec.Struct, frozen=True, kw_only=True):
    """How often a rule was not kept in a group."""

    group_id: str
    rule_id: str
    count: int


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """By group and period, by group alone, and which rules it was."""

    lines: list[ResultLine]
    totals: list[ResultLine]
    rules: list[RuleLine]


@dataclass(slots=True)
class _Tally:
    scores: list[float] = field(default_factory=list)
    passed: int = 0
    fatal: int = 0
    appealed: int = 0
    upheld: int = 0
    checked: int = 0
    findings: int = 0
    kept: int = 0
    sourced: int = 0


async def find_cases(query: CasesQuery) -> list[CaseView]:
    """Return the cases that match."""
    given = {
        "state": query.state or None,
        "agent_id": query.agent_id or None,
        "queue_id": query.queue_id or None,
        "ended_at__gte": query.begin,
        "ended_at__lt": query.end,
    }
    rows = QualityCase.filter(**{name: value for name, value in given.items() if value is not None})
    return [case_view(row) for row in await rows.order_by("-case_id").offset(query.offset).limit(query.limit)]


async def results(query: ResultsQuery, timezone: str) -> Results:
    """Return the figures of at most ``MOST_DAYS`` days, counted by when conversations ended."""
    check_span(query.begin, query.end)
    begin = max(query.begin, query.end - timedelta(days=MOST_DAYS))
    within = {"ended_at__gte": begin, "ended_at__lt": query.end}
    cases = await QualityCase.filter(state__in=SCORED, **within)
    checks = await RuleCheck.filter(**within)
    zone = ZoneInfo(timezone)

    groups_of = await memberships(query.by)

    def places(row: QualityCase | RuleCheck) -> list[tuple[str, str]]:
        day = first_day(row.ended_at.astimezone(zone).date(), query.per).isoformat()
        match query.by:
            case "agent":
                groups: Sequence[str] = [row.agent_id]
            case "queue":
                groups = [row.queue_id or ""]
            case "department" | "agent_group":
                groups = groups_of.get(row.agent_id) or [""]
        return [(group, day) for group in groups]

    lines: dict[tuple[str, str], _Tally] = defaultdict(_Tally)
    totals: dict[tuple[str, str], _Tally] = defaultdict(_Tally)
    upheld: set[Any] = set(await Appeal.filter(state="upheld").values_list("case_id", flat=True))
    appealed: set[Any] = set(await Appeal.all().values_list("case_id", flat=True))
    for case in cases:
        for tally in (tally for group, day in places(case) for tally in (lines[group, day], totals[group, ""])):
            tally.scores.append(case.score or 0.0)
            tally.passed += case.is_passed
            tally.fatal += case.is_fatal
            tally.appealed += case.case_id in appealed
            tally.upheld += case.case_id in upheld
    rules = await _count_findings(checks, (begin, query.end), places, lines, totals)
    return Results(
        lines=_lines(lines),
        totals=_lines(totals),
        rules=[
            RuleLine(group_id=group, rule_id=rule_id, count=count)
            for (group, rule_id), count in sorted(rules.items(), key=lambda one: (one[0][0], -one[1], one[0][1]))
        ],
    )


async def memberships(by: str) -> dict[str, Sequence[str]]:
    """Return the departments or groups that each agent is in now; nothing for what is counted ``by`` otherwise."""
    match by:
        case "department":
            return {user.user_id: [user.department_id] for user in await User.all()}
        case "agent_group":
            return {user.user_id: user.group_ids or [] for user in await User.all()}
        case _:
            return {}


def first_day(day: date, per: Period) -> date:
    """Return the first day of the period that ``day`` is in; weeks begin on Monday (ISO 8601)."""
    match per:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)


async def _count_findings(
    checks: Sequence[RuleCheck],
    span: tuple[datetime, datetime],
    places: Callable[[RuleCheck], list[tuple[str, str]]],
    lines: dict[tuple[str, str], _Tally],
    totals: dict[tuple[str, str], _Tally],
) -> dict[tuple[str, str], int]:
    """Add to ``lines`` and ``totals`` what was found in the checked conversations; return how often by rule."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    # a conversation that ended within the period may have begun a month before it
    begin, end = span[0] - timedelta(days=31), span[1]
    rows = RuleFinding.filter(at__gte=begin, at__lt=end, speaker="agent")
    for conversation_id, rule_id, severity in await rows.values_list("conversation_id", "rule_id", "severity"):
        found[conversation_id].append((rule_id, severity))
    uses = ArticleUse.filter(at__gte=begin, at__lt=end, action__in=LOOKED_UP)
    sourced: set[Any] = set(await uses.distinct().values_list("conversation_id", "agent_id"))
    rules: dict[tuple[str, str], int] = defaultdict(int)
    for check in checks:
        hits = found[check.conversation_id]
        for group, day in places(check):
            for tally in (lines[group, day], totals[group, ""]):
                tally.checked += 1
                tally.findings += len(hits)
                tally.kept += all(severity == "info" for _, severity in hits)
                tally.sourced += (check.conversation_id, check.agent_id) in sourced
            for rule_id, _ in hits:
                rules[group, rule_id] += 1
    return rules


def _lines(tallies: dict[tuple[str, str], _Tally]) -> list[ResultLine]:
    return [
        ResultLine(
            group_id=group,
            day=day,
            scored=len(one.scores),
            mean=_mean(one.scores),
            passed=one.passed,
            fatal=one.fatal,
            appealed=one.appealed,
            upheld=one.upheld,
            checked=one.checked,
            findings=one.findings,
            kept=round(one.kept / one.checked, 4) if one.checked else None,
            sourced=round(one.sourced / one.checked, 4) if one.checked else None,
        )
        for (group, day), one in sorted(tallies.items())
    ]


def _mean(scores: Iterable[float]) -> float | None:
    listed = list(scores)
    return round(sum(listed) / len(listed), 1) if listed else None
