"""What trunks carried: counts that add up, and how many calls at once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.figures.trunk_figures import TrunkCall, TrunkTally, Turn, peaks

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
STEPS = [NOON + timedelta(minutes=15 * number) for number in range(4)]
END = NOON + timedelta(hours=1)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def call(begin: float, end: float | None, *, is_out: bool = False, answered: bool = True, cause: str = "") -> TrunkCall:
    answered_at = at(begin) if answered else None
    return TrunkCall(is_out, at(begin), answered_at, None if end is None else at(end), cause)


def test_calls_in_and_out_are_answered_or_counted_by_cause_or_still_ring() -> None:
    calls = [
        call(-5, 20),  # of the time before: load only
        call(1, 2),
        call(1, 3, is_out=True, answered=False, cause="busy"),
        call(5, 6, is_out=True, answered=False, cause="congestion"),
        call(8, 9, is_out=True, answered=False, cause="busy"),
        call(50, None, is_out=True, answered=False),
    ]
    found = TrunkTally(calls).view("voice", "north", STEPS, END, max_calls=30)
    assert (found.incoming, found.outgoing, found.answered) == (1, 4, 1)
    assert found.unanswered == {"busy": 2, "congestion": 1}
    assert (found.most, found.loads) == (3, [3, 1, 0, 1])
    assert found.busy_s == 60 * (20 + 1 + 2 + 1 + 1 + 10)


def test_a_trunk_that_was_down_before_is_down_until_it_comes_up() -> None:
    turns = [Turn(at(-30), is_up=False), Turn(at(10), is_up=True), Turn(at(50), is_up=False)]
    found = TrunkTally([], turns).view("voice", "north", STEPS, END, max_calls=0)
    assert (found.downs, found.down_s, found.is_up, found.since) == (1, 20 * 60, False, at(50))
    assert TrunkTally().view("voice", "north", STEPS, END, max_calls=0).is_up is None


def test_a_call_that_begins_when_another_ends_takes_its_place() -> None:
    assert peaks([(at(0), at(15)), (at(15), at(30))], STEPS, END) == [1, 1, 0, 0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-20, 59), st.integers(1, 40)), max_size=12))
def test_the_peak_of_a_step_is_the_fullest_of_its_minutes(spans: list[tuple[int, int]]) -> None:
    found = peaks([(at(begin), at(begin + length)) for begin, length in spans], STEPS, END)
    loads = [sum(begin <= minute < begin + length for begin, length in spans) for minute in range(60)]
    assert found == [max(loads[first : first + 15]) for first in range(0, 60, 15)]
