"""Reports as tables to take away; pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from hub.exporting import Wording, Words
from hub.figures.report_sums import OF_PEOPLE, Figures, Group, ReportLine
from hub.setup.organization import Organization
from hub.tables import Cell, Table

_CALLS: Final = (
    "incoming", "lost", "connection", "outgoing", "reached", "talk_s", "longest_talk_s", "total_talk_s",
)  # fmt: skip
_CASES: Final = (
    "offered", "answered", "abandoned", "diverted", "waiting", "service_level", "answer_s", "handled", "handle_s",
    "wrap_up_s", "rated", "rating", "satisfied",
)  # fmt: skip
_OWN: Final = ("left_s", "longest_s", "work_s", "missed", "declined")
_TIMES: Final = ("logged_in_s", "available_s", "serving_s", "wrap_up_s", "busy_s", "away_s", "occupancy")


def report_tables(
    wording: Wording,
    by: Group,
    now: Figures,
    before: Figures | None,
    *,
    organization: Organization,
    away_reasons: Mapping[str, Words],
) -> list[Table]:
    """Return the groups by period, then the groups and the periods alone, and the groups of the time before.

    Of groups of people they tell their times, too; away by reason, each of which has a column.
    """
    name = _namer(wording, by, organization)
    reasons = _reasons(now, before)
    titles = {one: wording.named(away_reasons.get(one, {})) or _own_word(wording, one) for one in reasons}
    tables = [_table(wording, by, "lines", now.lines, name=name, reasons=titles)]
    for title, lines in (("groups", now.groups), ("periods", now.periods)):
        tables.append(_table(wording, by, title, [*lines, now.total], name=name, reasons=titles))
    if before is not None:
        tables.append(_table(wording, by, "before", [*before.groups, before.total], name=name, reasons=titles))
    return tables


def _own_word(wording: Wording, reason: str) -> str:
    """Return what a reason is called that no administrator has made."""
    return wording.word("missed_offer") if reason == "missed" else reason or wording.word("none")


def _reasons(*times: Figures | None) -> list[str]:
    totals = (one.total.times for one in times if one is not None)
    return sorted({reason for one in totals if one is not None for reason in one.away})


def _namer(wording: Wording, by: Group, organization: Organization) -> Callable[[str], str]:
    titles: Mapping[str, Words] = {}
    match by:
        case "queue":
            return lambda one: wording.queue(one) or wording.word("none")
        case "agent":
            return lambda one: wording.agent(one) or wording.word("none")
        case "department":
            titles = {one: made.title for one, (_, made) in organization.departments.current.items()}
        case "agent_group":
            titles = {one: made.title for one, made in organization.current_groups.items()}
        case "hour":
            return lambda one: f"{one}:00"
    return lambda one: wording.named(titles.get(one, {})) or one or wording.word("none")


def _table(
    wording: Wording,
    by: Group,
    title: str,
    lines: Iterable[ReportLine],
    *,
    name: Callable[[str], str],
    reasons: Mapping[str, str],
) -> Table:
    columns = [wording.word(one) for one in ("period", *_CALLS, *_CASES, *_OWN)]
    if by in OF_PEOPLE:
        columns += [wording.word(f"times.{one}") for one in _TIMES]
        columns += [f"{wording.word('times.away_s')} · {reason}" for reason in reasons.values()]
    table = Table(wording.word(title), [wording.word(by), *columns])
    for one in lines:
        group = wording.word("total") if one.group_id is None else name(one.group_id)
        table.rows.append((group, one.period or "", *_figures(one), *_times(one, reasons)))
    return table


def _figures(line: ReportLine) -> tuple[Cell, ...]:
    return (
        *(getattr(line.calls, one) for one in _CALLS),
        *(getattr(line.cases, one) for one in _CASES),
        *(getattr(line, one) for one in _OWN),
    )


def _times(line: ReportLine, reasons: Iterable[str]) -> tuple[Cell, ...]:
    if line.times is None:
        return ()
    return (*(getattr(line.times, one) for one in _TIMES), *(line.times.away.get(one, 0.0) for one in reasons))
