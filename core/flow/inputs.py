"""What the interpreter is told, by a person or by its caller."""

from typing import Literal, TypeAlias

from msgspec import Struct

from core.flow.state import NearArticle
from core.flow.steps import QueueEnd


class Input(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="input"):
    """Base of the inputs; one with a ``turn`` answers the action of that turn and is ignored when late."""


class Said(Input, frozen=True, kw_only=True, tag="said"):
    """A person wrote, pressed a button (its key in ``choice``), sent files, or was recognised to say."""

    text: str = ""
    choice: str | None = None
    media_ids: tuple[str, ...] = ()


class Keyed(Input, frozen=True, kw_only=True, tag="keyed"):
    """A person pressed keys of a phone (``0``–``9``, ``*``, ``#``), one or several."""

    digits: str


class Recorded(Input, frozen=True, kw_only=True, tag="recorded"):
    """A voice message was recorded."""

    media_id: str
    length_s: float
    turn: int


class TimedOut(Input, frozen=True, kw_only=True, tag="timed_out"):
    """The timer of ``turn`` ran out."""

    turn: int


class LookedUp(Input, frozen=True, kw_only=True, tag="looked_up"):
    """A connector answered with ``values``, had nothing (``missing``), or could not answer."""

    turn: int
    status: Literal["found", "missing", "failed"]
    values: dict[str, str] = {}


class KnowledgeFound(Input, frozen=True, kw_only=True, tag="knowledge_found"):
    """The knowledge base's answer in ``text``, or that none is sure though some come ``near``, or that it failed."""

    turn: int
    status: Literal["found", "unsure", "failed"]
    title: str = ""
    text: str = ""
    near: tuple[NearArticle, ...] = ()


class CalendarAnswered(Input, frozen=True, kw_only=True, tag="calendar_answered"):
    """What the calendar says of this moment."""

    turn: int
    situation: Literal["open", "closed", "holiday"]


class QueueLeft(Input, frozen=True, kw_only=True, tag="queue_left"):
    """The conversation is out of the queue: refused by it, waited too long, or ``served`` by an agent to the end."""

    turn: int
    outcome: QueueEnd


class TransferEnded(Input, frozen=True, kw_only=True, tag="transfer_ended"):
    """The transfer came to talk and is over, or did not come about."""

    turn: int
    is_answered: bool


class SendTaken(Input, frozen=True, kw_only=True, tag="send_taken"):
    """The words are on their way, or cannot be sent."""

    turn: int
    is_taken: bool


class PersonLeft(Input, frozen=True, kw_only=True, tag="person_left"):
    """The person hung up or closed the chat."""


AnyInput: TypeAlias = (
    Said
    | Keyed
    | Recorded
    | TimedOut
    | LookedUp
    | KnowledgeFound
    | CalendarAnswered
    | QueueLeft
    | TransferEnded
    | SendTaken
    | PersonLeft
)
