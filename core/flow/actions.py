"""What the interpreter asks its caller to do, in order."""

from typing import Literal, TypeAlias

from msgspec import Struct

from core.events import Choice

ReadAs = Literal["digits", "amount", "date", "phone"]


class Action(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="action"):
    """Base of the actions; one with a ``turn`` wants an input with the same ``turn`` back."""


class Reading(Struct, frozen=True, kw_only=True):
    """How a voice reads characters ``start`` to ``end`` (exclusive) of a text."""

    start: int
    end: int
    read_as: ReadAs


class Say(Action, frozen=True, kw_only=True, tag="say"):
    """Write or speak ``text``; ``prompt`` names a recording to play in its place where there is a voice.

    ``may_say`` tells that a caller may also say one of the ``choices``.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    language: str = "zh"
    prompt: str = ""
    readings: tuple[Reading, ...] = ()
    can_interrupt: bool = True
    may_say: bool = False


class SetTimer(Action, frozen=True, kw_only=True, tag="set_timer"):
    """Give ``TimedOut(turn)`` after ``seconds`` (of silence, where there is a voice); replaces any earlier timer."""

    seconds: float
    turn: int


class StartLookup(Action, frozen=True, kw_only=True, tag="start_lookup"):
    """Ask ``connector`` and give ``LookedUp``; ``failed`` when it takes longer than ``timeout_s``."""

    connector: str
    params: dict[str, str]
    timeout_s: float
    turn: int


class SearchKnowledge(Action, frozen=True, kw_only=True, tag="search_knowledge"):
    """Look for an answer to ``question`` and give ``KnowledgeFound``; ``failed`` when it takes longer than that.

    With ``article_id`` that article is the answer, as long as the public may read it.
    """

    question: str
    timeout_s: float
    turn: int
    article_id: str = ""


class AskCalendar(Action, frozen=True, kw_only=True, tag="ask_calendar"):
    """Give ``CalendarAnswered``."""

    calendar: str
    turn: int


class Enqueue(Action, frozen=True, kw_only=True, tag="enqueue"):
    """Put the conversation into one of the queues and give ``QueueLeft`` when it is out of it; safe to repeat."""

    queue_id: str
    turn: int
    or_queues: tuple[str, ...] = ()
    priority: int = 0
    skills: dict[str, int] = {}
    shown: dict[str, str] = {}
    agent: str = ""


class StartRecording(Action, frozen=True, kw_only=True, tag="start_recording"):
    """Where there is a voice, record the person and give ``Recorded``; nothing to do elsewhere."""

    max_s: float
    turn: int


class TakeMessage(Action, frozen=True, kw_only=True, tag="take_message"):
    """Make work of a message that wants an answer later."""

    queue_id: str
    text: str = ""
    media_ids: tuple[str, ...] = ()
    priority: int = 0
    skills: dict[str, int] = {}
    shown: dict[str, str] = {}


class Rated(Action, frozen=True, kw_only=True, tag="rated"):
    """Keep a rating of ``score`` out of ``best``; comes again, with the same score, when a comment follows."""

    score: int
    best: int
    comment: str = ""


class Transfer(Action, frozen=True, kw_only=True, tag="transfer"):
    """Connect to an outside number and give ``TransferEnded``."""

    number: str
    turn: int


class Send(Action, frozen=True, kw_only=True, tag="send"):
    """Send ``text``, or template ``template_id`` filled with ``variables``, over a channel and give ``SendTaken``."""

    channel: str
    recipient: str
    turn: int
    text: str = ""
    subject: str = ""
    template_id: str = ""
    variables: dict[str, str] = {}
    answers_follow: bool = False


class HandOver(Action, frozen=True, kw_only=True, tag="hand_over"):
    """This flow is over: start another with ``variables`` at ``node``, or at its start when empty."""

    flow: str
    node: str
    variables: dict[str, str]


class End(Action, frozen=True, kw_only=True, tag="end"):
    """This flow is over.

    ``reason`` is the flow author's word, or one of ``served``, ``queue_full``, ``queue_closed``, ``queue_timed_out``,
    ``transferred``, ``timed_out``, ``left``, ``unattended``, ``broken``.
    """

    reason: str


AnyAction: TypeAlias = (
    Say
    | SetTimer
    | StartLookup
    | SearchKnowledge
    | AskCalendar
    | Enqueue
    | StartRecording
    | TakeMessage
    | Rated
    | Transfer
    | Send
    | HandOver
    | End
)
