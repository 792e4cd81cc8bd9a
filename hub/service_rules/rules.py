"""What a service rule is: one measure, its limit or its phrases, where it holds, and what the agent is told."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from core.config import Settings
from core.errors import ConfigInvalid
from hub.dispatch.queues import Title
from hub.service_rules.phrases import fault_of, find_phrase
from hub.store.fields import SLUG_LENGTH

Measure = Literal[
    "forbidden_phrase",  # somebody says what should not be said
    "expected_phrase",  # nobody says what should be said at this moment
    "filler_rate",  # phrases a minute of the agent's speech
    "dead_air",  # seconds in which nobody speaks
    "silent_search",  # seconds in which the agent says nothing and the citizen waits, a short word aside
    "talk_over",  # seconds the agent speaks into the citizen's words
    "speaking_rate",  # the agent's syllables a minute
    "answer_time",  # seconds the agent's phone rings
    "first_response",  # seconds a citizen who writes waits for the agent's first words
    "response_time",  # seconds a citizen who writes waits for each of the next
    "voice_message_time",  # seconds until somebody answers a voice message
    "wrap_up_time",  # seconds from the end to the conversation's wrap-up code
    "hung_up_first",  # the agent ends the call, unless the citizen was silent for the limit
]
Severity = Literal["info", "minor", "major"]
Speaker = Literal["agent", "contact"]
Moment = Literal["anywhere", "opening", "closing", "after_wait"]
Slug = Annotated[str, Meta(min_length=1, max_length=SLUG_LENGTH)]
Phrase = Annotated[str, Meta(min_length=1, max_length=200)]
Sample = Annotated[str, Meta(min_length=1, max_length=500)]
Phrases = Annotated[tuple[Phrase, ...], Meta(max_length=100)]
Samples = Annotated[tuple[Sample, ...], Meta(max_length=50)]

OF_PHRASES: Final = frozenset({"forbidden_phrase", "expected_phrase", "filler_rate"})
OF_WORDS: Final = frozenset({"forbidden_phrase", "expected_phrase"})  # where samples tell whether it works
OF_SPEECH: Final = frozenset({"filler_rate", "dead_air", "silent_search", "talk_over", "speaking_rate"})
SEVERITIES: Final[tuple[Severity, ...]] = ("info", "minor", "major")


class Rule(Settings, frozen=True, kw_only=True):
    """One rule; ``limit`` is in seconds or a minute's number as the measure says, ``least`` the lower end of a rate.

    ``examples`` are sentences in which one of the phrases is found, ``counterexamples`` such in which none is: a rule
    that gets its own samples wrong is not saved. Without ``queue_ids`` and ``channels`` it holds everywhere.
    """

    title: Title
    measure: Measure
    phrases: Phrases = ()
    unless: Phrases = ()
    examples: Samples = ()
    counterexamples: Samples = ()
    speaker: Speaker = "agent"
    moment: Moment = "anywhere"
    medium: Literal["any", "speech", "text"] = "any"
    direction: Literal["any", "in", "out"] = "any"
    limit: Annotated[float, Meta(ge=0, le=2_592_000)] = 0.0
    least: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    severity: Severity = "minor"
    hint: dict[Literal["zh", "en"], Annotated[str, Meta(max_length=300)]] = {}
    is_hinted: bool = True
    queue_ids: Annotated[tuple[Slug, ...], Meta(max_length=200)] = ()
    channels: Annotated[tuple[Slug, ...], Meta(max_length=50)] = ()
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    is_active: bool = True

    def __post_init__(self) -> None:
        faults = {
            f"{name}[{at}]": fault
            for name in ("phrases", "unless")
            for at, phrase in enumerate(getattr(self, name))
            if (fault := fault_of(phrase))
        }
        if self.measure in OF_PHRASES and not self.phrases:
            faults["phrases"] = "missing"
        if not faults and self.measure in OF_WORDS:
            faults = self._wrong_samples()
        if faults:
            raise ConfigInvalid(faults)

    def says(self, text: str, work_number: str = "") -> str:
        """Return the first sentence of ``text`` in which one of the phrases is found; empty when there is none."""
        return find_phrase(self.phrases, text, unless=self.unless, work_number=work_number)

    def holds(self, queue_id: str | None, channel: str, direction: str) -> bool:
        """Whether the rule is in force for conversations of this queue and channel; ``any`` direction asks for none."""
        return (
            self.is_active
            and (not self.queue_ids or queue_id in self.queue_ids)
            and (not self.channels or channel in self.channels)
            and (self.direction == direction or "any" in (self.direction, direction))
        )

    def _wrong_samples(self) -> dict[str, str]:
        missed = {f"examples[{at}]": "not_found" for at, one in enumerate(self.examples) if not self.says(one)}
        caught = {f"counterexamples[{at}]": "found" for at, one in enumerate(self.counterexamples) if self.says(one)}
        return missed | caught


class NumberedRule(Settings, frozen=True, kw_only=True):
    """A rule as it was when something was measured by it."""

    rule_id: str
    version: int
    rule: Rule
