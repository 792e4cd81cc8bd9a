"""What rules are measured on: who said what when, how long somebody waited. Plain values, read by ``reading``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.service_rules.rules import Measure, Severity, Speaker


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance, in seconds from the beginning of its sound."""

    utterance_id: str
    speaker: Speaker
    begin_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said in one recording, in the order in which it began; ``agent_id`` spoke for the house."""

    entry_id: str
    agent_id: str
    began_at: datetime
    length_s: float
    spoken: tuple[Spoken, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A message; ``agent_id`` is empty when the citizen wrote it."""

    entry_id: str
    speaker: Speaker
    agent_id: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Taken:
    """An agent took the conversation; it is theirs until the next one takes it."""

    agent_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """A value that needs no looking at what was said, such as for how long a phone rang."""

    measure: Measure
    agent_id: str
    at: datetime
    value: float
    entry_id: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of a conversation that rules look at; the agents are known by their work numbers."""

    queue_id: str | None = None
    channel: str = ""
    direction: str = "in"
    work_numbers: Mapping[str, str] = field(default_factory=dict)
    taken: tuple[Taken, ...] = ()
    talks: tuple[Talk, ...] = ()
    written: tuple[Written, ...] = ()
    measured: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule was not kept: by whom, when, in which words, by how much."""

    rule_id: str
    version: int
    measure: Measure
    severity: Severity
    speaker: Speaker
    agent_id: str
    at: datetime
    entry_id: str = ""
    utterance_id: str = ""
    offset_s: float | None = None  # in the sound of its entry
    quote: str = ""
    value: float | None = None
    limit: float | None = None
