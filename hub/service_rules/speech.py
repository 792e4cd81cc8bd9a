"""What can be measured on a talk without understanding it: silence, talking over, speed. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.flow.matching import plain
from hub.service_rules.facts import Spoken, Talk
from hub.service_rules.phrases import count_phrases

SHORT_WORD_S: Final = 1.5  # of a citizen who waits: "yes", "all right"
LEAST_SPEECH_S: Final = 20.0  # of an agent before a rate means anything

_SYLLABLE_zh: Final = r"[\u3400-\u9fff]|\d|[a-z]+"
_SYLLABLE: Final = re.compile(_SYLLABLE_zh)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of silence."""

    begin_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """How long it lasts."""
        return self.end_s - self.begin_s


def dead_air(talk: Talk, limit_s: float) -> Iterator[Gap]:
    """Yield the stretches longer than ``limit_s`` between two utterances in which nobody speaks."""
    return _gaps(talk.spoken, limit_s)


def silent_searches(talk: Talk, limit_s: float) -> Iterator[Gap]:
    """Yield the stretches longer than ``limit_s`` in which the agent says nothing and the citizen a short word at most.

    What nobody ends any more, the end of the talk, is none.
    """
    heard = [one for one in talk.spoken if one.speaker == "agent" or one.end_s - one.begin_s > SHORT_WORD_S]
    return _gaps(heard, limit_s)


def talk_overs(talk: Talk, limit_s: float) -> Iterator[tuple[Spoken, float]]:
    """Yield the agent's utterances that began while the citizen spoke, and for how long both did."""
    citizen = [one for one in talk.spoken if one.speaker == "contact"]
    for own in talk.spoken:
        if own.speaker != "agent":
            continue
        both_s = max(
            (min(own.end_s, one.end_s) - own.begin_s for one in citizen if one.begin_s < own.begin_s < one.end_s),
            default=0.0,
        )
        if both_s > limit_s:
            yield own, both_s


def syllables_a_minute(talk: Talk) -> float | None:
    """Return how fast the agent speaks: characters of Chinese, figures and words a minute; None for a few words."""
    own = _own(talk)
    seconds = _seconds(own)
    if seconds < LEAST_SPEECH_S:
        return None
    return sum(len(_SYLLABLE.findall(plain(one.text))) for one in own) * 60 / seconds


def fillers_a_minute(talk: Talk, phrases: tuple[str, ...]) -> float | None:
    """Return how many of ``phrases`` there are in a minute of the agent's speech; None for a few words."""
    own = _own(talk)
    seconds = _seconds(own)
    if seconds < LEAST_SPEECH_S:
        return None
    return sum(count_phrases(phrases, one.text) for one in own) * 60 / seconds


def _own(talk: Talk) -> list[Spoken]:
    return [one for one in talk.spoken if one.speaker == "agent"]


def _seconds(spoken: Iterable[Spoken]) -> float:
    return sum(max(0.0, one.end_s - one.begin_s) for one in spoken)


def _gaps(spoken: Iterable[Spoken], limit_s: float) -> Iterator[Gap]:
    over_s: float | None = None
    for one in sorted(spoken, key=lambda one: one.begin_s):
        if over_s is not None and one.begin_s - over_s > limit_s:
            yield Gap(over_s, one.begin_s)
        over_s = one.end_s if over_s is None else max(over_s, one.end_s)
