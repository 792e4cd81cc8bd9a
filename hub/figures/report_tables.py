"""Reports as tables to take away; pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from hub.exporting import Wording, Words
from hub.figures.report_sums import Figures, Group, ReportLine
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


def report_tables(
    wording: Wording, by: Group, now: Figures, before: Figures | None, organization: Organization
) -> list[Table]:
    """Return the groups by period, then the groups and the periods alone, and the groups of the time before."""
    name = _namer(wording, by, organization)
    tables = [_table(wording, by, "lines", now.lines, name)]
    for title, lines in (("groups", now.groups), ("periods", now.periods)):
        tables.append(_table(wording, by, title, [*lines, now.total], name))
    if before is not None:
        tables.append(_table(wording, by, "before", [*before.groups, before.total], name))
    return tables


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


def _table(wording: Wording, by: Group, title: str, lines: Iterable[ReportLine], name: Callable[[str], str]) -> Table:
    columns = (*_CALLS, *_CASES, *_OWN)
    head = [wording.word(by), wording.word("period")]
    table = Table(wording.word(title), [*head, *map(wording.word, columns)])
    for one in lines:
        group = wording.word("total") if one.group_id is None else name(one.group_id)
        table.rows.append((group, one.period or "", *_figures(one)))
    return table


def _figures(line: ReportLine) -> tuple[Cell, ...]:
    return (
        *(getattr(line.calls, one) for one in _CALLS),
        *(getattr(line.cases, one) for one in _CASES),
        *(getattr(line, one) for one in _OWN),
    )
