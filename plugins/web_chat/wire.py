"""The frames a widget and this channel exchange: JSON objects told apart by ``type`` (docs/plugins/web_chat.md)."""

from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from core.events import Choice
from core.events.messages import MessageState

MAX_FRAME_BYTES: Final = 65_536
MAX_TEXT: Final = 20_000  # characters; the setting ``max_text`` may only ask for less
MAX_ATTACHMENTS: Final = 10

Cid = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{8,64}\Z")]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # what a browser's number holds exactly
Situation = Literal["none", "flow", "queued", "active", "closed"]


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=str.lower):
    """One JSON object; unknown fields are ignored so that either side may be newer."""


class Hello(Frame, frozen=True, kw_only=True):
    """First frame: who it is (``visitor`` or ``identity``, neither at first contact) and the last ``seq`` it has."""

    visitor: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{43}\Z")] | None = None
    identity: Annotated[str, Meta(max_length=4096)] | None = None
    last: Seq = 0
    language: Annotated[str, Meta(max_length=35)] = ""
    page_url: Annotated[str, Meta(max_length=2000)] = ""


class Opened(Frame, frozen=True, kw_only=True):
    """The person opened the widget; answered like a message."""

    cid: Cid


class Message(Frame, frozen=True, kw_only=True):
    """The person writes or presses a button; ``attachments`` are handles from an upload."""

    cid: Cid
    text: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    choice: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    attachments: Annotated[tuple[Annotated[str, Meta(max_length=2048)], ...], Meta(max_length=MAX_ATTACHMENTS)] = ()


class Offline(Frame, frozen=True, kw_only=True):
    """The form for when nobody serves."""

    cid: Cid
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    name: Annotated[str, Meta(max_length=100)] = ""
    phone: Annotated[str, Meta(pattern=r"\A[0-9+() -]{0,32}\Z")] = ""


class Typing(Frame, frozen=True, kw_only=True):
    """Somebody began or ceased to type; travels both ways."""

    on: bool


class Seen(Frame, frozen=True, kw_only=True):
    """The widget shows everything up to ``seq``: delivered."""

    seq: Seq


class Read(Frame, frozen=True, kw_only=True):
    """The person looked at everything up to ``seq``."""

    seq: Seq


ClientFrame = Hello | Opened | Message | Offline | Typing | Seen | Read


class Welcome(Frame, frozen=True, kw_only=True):
    """Answer to hello; ``visitor`` only when it was just made, to be kept by the widget."""

    visitor: str | None = None
    name: str = ""


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An attachment as a widget needs it; ``url`` is relative to the channel's base."""

    url: str
    mime: str
    name: str = ""
    size_bytes: int = 0
    width: int | None = None
    height: int | None = None


class Line(Frame, frozen=True, kw_only=True, tag="message"):
    """A message to show; ``seq`` 0 when the hub has not numbered it yet (echo from another tab)."""

    seq: int = 0
    id: str = ""
    direction: Literal["in", "out"] = "out"
    cid: str = ""
    text: str = ""
    attachments: tuple[File, ...] = ()
    choices: tuple[Choice, ...] = ()
    name: str = ""
    kind: Literal["contact", "agent", "flow", "system"] = "system"
    at: datetime | None = None
    status: MessageState = "sent"


class SituationFrame(Frame, frozen=True, kw_only=True, omit_defaults=False, tag="situation"):
    """Where the conversation stands; also says that everything missed has been sent."""

    situation: Situation
    place: int | None = None
    wait_s: float | None = None


class Ack(Frame, frozen=True, kw_only=True):
    """The frame with this ``cid`` is stored: never send it again."""

    cid: str


class Retry(Frame, frozen=True, kw_only=True):
    """The frame with this ``cid`` was not stored: repeat it after ``after_ms``."""

    cid: str
    after_ms: int


class Refused(Frame, frozen=True, kw_only=True):
    """The frame with this ``cid`` will never be taken as it is."""

    cid: str
    code: str


class Ping(Frame, frozen=True, kw_only=True):
    """Sign of life; a widget that hears nothing for a while takes the connection for dead."""


class Error(Frame, frozen=True, kw_only=True):
    """Last frame before the server closes."""

    code: str


ServerFrame = Welcome | Line | SituationFrame | Typing | Ack | Retry | Refused | Ping | Error

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


class FrameRefused(Exception):
    """What a client sent is not of this protocol."""


def decode(raw: bytes | str, kind: type[T]) -> T:
    """Return what a client sent as ``kind``; FrameRefused when it is none."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # the last for brackets without end
        raise FrameRefused(str(error)) from error


def decode_frame(raw: bytes | str) -> ClientFrame:
    """Return the frame a client sent; FrameRefused when it is none."""
    frame: ClientFrame = decode(raw, ClientFrame)  # type: ignore[arg-type]  # a union is no class, but decodes
    return frame


def encode(frame: ServerFrame) -> bytes:
    """Return ``frame`` as it travels."""
    return _encoder.encode(frame)
