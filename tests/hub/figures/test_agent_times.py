"""Agents' times: stretches cut at the borders of periods, parts that add up, days that are not 24 hours long."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.figures.agent_times import AgentTimesView, Periods, Step
from hub.figures.report_sums import ReportQuery, Sums

BEIJING = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR_S = 3600.0


def beijing(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=BEIJING).astimezone(UTC)


@pytest.mark.parametrize(
    ("per", "begin", "end", "pieces"),
    [
        ("hour", beijing(2, 9, 30), beijing(2, 10, 15), {"2026-03-02T09": 1800, "2026-03-02T10": 900}),
        ("day", beijing(2, 23), beijing(4, 1), {"2026-03-02": HOUR_S, "2026-03-03": 24 * HOUR_S, "2026-03-04": HOUR_S}),
        ("week", beijing(8, 23), beijing(9, 1), {"2026-03-02": HOUR_S, "2026-03-09": HOUR_S}),
        ("month", beijing(2, 9), beijing(9, 9), {"2026-03-01": 7 * 24 * HOUR_S}),
        ("day", beijing(1, 23), beijing(2, 2), {"2026-03-02": 2 * HOUR_S}),
        ("day", beijing(9, 22), beijing(11, 2), {"2026-03-09": 2 * HOUR_S}),
        ("day", beijing(1, 1), beijing(1, 2), {}),
        ("day", beijing(10, 0), beijing(10, 2), {}),
        ("hour", beijing(2, 10), beijing(2, 11), {"2026-03-02T10": HOUR_S}),
    ],
)  # fmt: skip
def test_a_stretch_is_cut_where_periods_begin_and_where_the_report_does(
    per: Step, begin: datetime, end: datetime, pieces: dict[str, float]
) -> None:
    periods = Periods(date(2026, 3, 2), date(2026, 3, 9), per, BEIJING)
    assert dict(periods.cut(begin, end)) == pieces


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clock_is_changed_has_as_many_hours_as_it_has(day: date, hours: int) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    for per in ("hour", "day"):
        pieces = list(Periods(day, day, per, BERLIN).cut(noon - timedelta(days=2), noon + timedelta(days=2)))
        assert sum(seconds for _, seconds in pieces) == hours * HOUR_S


def test_what_agents_did_adds_up_to_their_time_at_work_in_every_line() -> None:
    query = ReportQuery(begin=date(2026, 3, 2), end=date(2026, 3, 3), by="agent_group")
    sums = Sums(query, BEIJING, {"zhou": ["north", "south"], "li": ["north"]})
    at = beijing(2, 22)
    for activity, reason, minutes in [
        ("available", "", 30), ("serving", "", 60), ("wrap_up", "", 60), ("busy", "", 10), ("away", "rest", 20),
        ("away", "meeting", 120),
    ]:  # fmt: skip
        for agent_id in ("zhou", "li", "wang"):
            sums.count_time(agent_id, activity, reason, at, at + timedelta(minutes=minutes))
        at += timedelta(minutes=minutes)
    figures = sums.figures(())
    for line in [*figures.lines, *figures.groups, *figures.periods, figures.total]:
        assert line.times is not None
        parts = (line.times.available_s, line.times.serving_s, line.times.wrap_up_s, line.times.busy_s)
        assert sum(parts) + line.times.away_s == line.times.logged_in_s
        assert sum(line.times.away.values()) == line.times.away_s
    by_group = {one.group_id: one.times for one in figures.groups}
    one = AgentTimesView(
        logged_in_s=5 * HOUR_S,
        available_s=1800,
        serving_s=3600,
        wrap_up_s=3600,
        busy_s=600,
        away_s=8400,
        away={"meeting": 7200, "rest": 1200},
        occupancy=0.4,
    )
    assert by_group["south"] == by_group[""] == one
    assert by_group["north"] is not None
    assert by_group["north"].logged_in_s == 10 * HOUR_S
    assert figures.total.times is not None
    assert (figures.total.times.logged_in_s, figures.total.times.occupancy) == (15 * HOUR_S, 0.4)
    assert [line.times and line.times.logged_in_s for line in figures.periods] == [6 * HOUR_S, 9 * HOUR_S]


def test_lines_of_queues_tell_no_times_of_agents() -> None:
    query = ReportQuery(begin=date(2026, 3, 2), end=date(2026, 3, 3))
    assert Sums(query, BEIJING, {}).figures(()).total.times is None
