"""Opening hours, public holidays, make-up working days, own dates."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from hub.routing import RoutingRefused
from hub.routing.calendars import Calendar, Span, knows_holidays

OFFICE = (Span(time(9), time(12)), Span(time(13, 30), time(17)))
CALENDAR = Calendar(dict.fromkeys(range(5), OFFICE))


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("label", "at", "is_open"),
    [
        ("morning", "2025-03-05T09:00", True),
        ("just before", "2025-03-05T08:59:59", False),
        ("lunch", "2025-03-05T12:00", False),
        ("afternoon", "2025-03-05T13:30", True),
        ("closing is closed", "2025-03-05T17:00", False),
        ("a plain Sunday", "2025-03-09T10:00", False),
        ("National Day, a Wednesday", "2025-10-01T10:00", False),
        ("the Sunday worked for it", "2025-09-28T10:00", True),
        ("Spring Festival's in-lieu day, a Tuesday", "2025-02-04T10:00", False),
        ("the Saturday worked for that", "2025-02-08T10:00", True),
        ("a year no notice is known for: weekdays as they fall", "2060-10-01T10:00", True),
    ],
)
def test_it_is_open_in_hours_on_working_days(label, at, is_open):
    assert CALENDAR.is_open(shanghai(at)) is is_open, label


def test_the_next_opening_skips_the_whole_holiday():
    assert CALENDAR.next_opening(shanghai("2025-09-30T17:00")) == shanghai("2025-10-09T09:00")


def test_an_open_calendar_opens_now():
    at = shanghai("2025-03-05T10:00")
    assert CALENDAR.next_opening(at) == at


def test_it_closes_at_the_end_of_its_span():
    assert CALENDAR.next_closing(shanghai("2025-03-05T10:00")) == shanghai("2025-03-05T12:00")
    assert CALENDAR.next_closing(shanghai("2025-03-05T12:30")) == shanghai("2025-03-05T12:30")


@pytest.mark.parametrize(
    ("label", "begin", "hours", "end"),
    [
        ("within a morning", "2025-03-05T09:30", 2, "2025-03-05T11:30"),
        ("over lunch", "2025-03-05T11:00", 2, "2025-03-05T14:30"),
        ("to the very end of a day", "2025-03-05T13:30", 3.5, "2025-03-05T17:00"),
        ("from the evening before", "2025-03-04T20:00", 1, "2025-03-05T10:00"),
        ("over a weekend", "2025-03-07T16:00", 2, "2025-03-10T10:00"),
        ("over the whole holiday", "2025-09-30T16:00", 2, "2025-10-09T10:00"),
        ("two whole days of 6.5 hours", "2025-03-03T09:00", 13, "2025-03-04T17:00"),
    ],
)
def test_open_hours_are_counted(label, begin, hours, end):
    assert CALENDAR.after(shanghai(begin), timedelta(hours=hours)) == shanghai(end), label


def test_a_calendar_that_never_opens_reaches_no_end():
    assert Calendar({}).after(shanghai("2025-03-05T10:00"), timedelta(hours=1)) is None


def test_own_dates_come_before_everything():
    closed, open_late = date(2025, 3, 5), date(2025, 10, 1)
    calendar = Calendar(CALENDAR.weekly, dates={closed: (), open_late: (Span(time(20), time(0)),)})
    assert not calendar.is_open(shanghai("2025-03-05T10:00"))
    assert calendar.is_open(shanghai("2025-10-01T23:59"))
    assert not calendar.is_open(shanghai("2025-10-02T00:00"))
    assert calendar.kind(closed) == "own"


def test_a_service_round_the_clock_never_closes():
    always = Calendar(dict.fromkeys(range(7), (Span(time(0), time(0)),)), follows_holidays=False)
    at = shanghai("2025-10-01T03:00")
    assert always.is_open(at)
    assert always.next_closing(at) is None


def test_a_service_that_never_opens_says_so():
    assert Calendar({}).next_opening(shanghai("2025-03-05T10:00")) is None


def test_hours_are_those_of_its_own_zone():
    assert CALENDAR.is_open(datetime(2025, 3, 5, 1, 0, tzinfo=UTC))
    assert not CALENDAR.is_open(datetime(2025, 3, 5, 9, 0, tzinfo=UTC))


def test_make_up_days_can_have_hours_of_their_own():
    calendar = Calendar(CALENDAR.weekly, make_up_spans=(Span(time(10), time(11)),))
    assert calendar.spans(date(2025, 9, 28)) == (Span(time(10), time(11)),)


def test_a_span_that_ends_before_it_starts_is_refused():
    with pytest.raises(RoutingRefused):
        Span(time(17), time(9))


def test_it_says_which_years_it_knows():
    assert knows_holidays(2025)
    assert not knows_holidays(2060)
