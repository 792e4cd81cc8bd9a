"""Turns the engine's causes of hanging up (ITU-T Q.850) into the hub's."""

from typing import Final

from core.events.calls import Cause

NORMAL: Final = 16
REJECTED: Final = 21
CONGESTION: Final = 34

_CAUSES: Final[dict[int, Cause]] = {
    1: "unreachable",  # unallocated number
    2: "unreachable",
    3: "unreachable",
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    20: "unreachable",  # subscriber absent: not registered
    21: "rejected",
    22: "unreachable",  # number changed
    27: "unreachable",
    28: "unreachable",  # number incomplete
    34: "congestion",
    38: "failed",
    41: "failed",
    42: "congestion",
    58: "failed",
    88: "failed",  # no codec in common
}
_VANISHED: Final = frozenset({44, 102})  # no RTP for too long; recovery on timer expiry
# a line that refuses like this says nothing about the person called: the next line may do
_OF_THE_LINE: Final = frozenset({0, 3, 20, 27, 34, 38, 41, 42, 44, 58, 102})


def ended(cause: int, *, is_answered: bool, by_us: bool) -> Cause:
    """Return why a leg ended, given the engine's ``cause`` and whether it was us who hung up."""
    if by_us:
        return "normal" if is_answered else "cancelled"
    if is_answered:
        return "lost" if cause in _VANISHED else "normal"
    if cause in (0, NORMAL):
        return "no_answer"
    return _CAUSES.get(cause, "failed")


def is_of_the_line(cause: int) -> bool:
    """Tell whether another line may do better."""
    return cause in _OF_THE_LINE
