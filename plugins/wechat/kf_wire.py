"""Messages of WeCom's customer service as ``kf/sync_msg`` lists them, and what they tell ("接收消息和事件")."""

import base64
import json
import re
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from core.events import ContactArrived, Location, MessageReceived, MessageStatus
from core.ids import derived_id
from core.parts import well_formed
from core.received import unreadable
from plugins.wechat.texts import text
from plugins.wechat.told import FileKind, FileRef, Told, Unreadable, address_of, place, place_text

FROM_CUSTOMER: Final = 3
FROM_SYSTEM: Final = 4
MAX_FORWARDED: Final = 100

# the numbers of what goes out: a packed UUID, or any other short id as it is, and the part
_PACKED: Final = re.compile(r"u([A-Za-z0-9_-]{22})-\d{1,3}")
_SHORT: Final = re.compile(r"m([a-z0-9_-]{1,26})-\d{1,3}")
_SHORT_ID: Final = re.compile(r"[a-z0-9_-]{1,26}")

# why WeCom could not deliver what it had taken
_FAILURES: Final = {
    1: "account_gone",
    2: "account_gone",
    4: "window_closed",
    5: "window_closed",
    6: "contact_must_write",
    7: "not_authorized",
    8: "not_authorized",
    10: "blocked_by_contact",
}


Seconds = Annotated[int, Meta(ge=0, le=2**33)]  # since 1970


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what is read; fields we do not name are ignored."""


class Text(Part, frozen=True, kw_only=True):
    """Words; ``menu_id`` when they come from a menu of ours."""

    content: str = ""
    menu_id: str = ""


class Media(Part, frozen=True, kw_only=True):
    """A file."""

    media_id: str


class Point(Part, frozen=True, kw_only=True):
    """A place in degrees, in the datum of Chinese maps."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class Link(Part, frozen=True, kw_only=True):
    """A page somebody passed on."""

    title: str = ""
    url: str = ""


class ForwardedMessage(Part, frozen=True, kw_only=True):
    """One message of a talk that was passed on; ``msg_content`` is JSON."""

    sender_name: str = ""
    msg_content: str = ""


class Forwarded(Part, frozen=True, kw_only=True):
    """A talk that somebody passed on."""

    title: str = ""
    item: list[ForwardedMessage] = []


class Notice(Part, frozen=True, kw_only=True):
    """Something that happened; which fields are set depends on ``event_type``."""

    event_type: str = ""
    external_userid: str = ""
    welcome_code: str = ""
    fail_msgid: str = ""
    fail_type: int = 0


class KfMessage(Part, frozen=True, kw_only=True):
    """One entry of the list."""

    msgid: Annotated[str, Meta(min_length=1, max_length=128)]
    origin: int
    msgtype: str
    open_kfid: str = ""
    external_userid: str = ""
    send_time: Seconds = 0
    text: Text | None = None
    image: Media | None = None
    voice: Media | None = None
    video: Media | None = None
    file: Media | None = None
    location: Point | None = None
    link: Link | None = None
    miniprogram: Link | None = None
    merged_msg: Forwarded | None = None
    event: Notice | None = None


class Page(Part, frozen=True, kw_only=True):
    """An answer of ``kf/sync_msg``; its messages are read one by one, so that one unreadable spoils no other."""

    next_cursor: str = ""
    has_more: int = 0
    msg_list: list[Any] = []


def read_page(raw: Any) -> Page:
    """Return an answer of ``kf/sync_msg``; Unreadable when it is none."""
    try:
        return msgspec.convert(raw, type=Page)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from error


def read_message(raw: Any) -> KfMessage:
    """Return one message; Unreadable when it is none.

    Of one that cannot be read whole there remains who wrote it, and the time and the words if these can be read.
    """
    try:
        return msgspec.convert(raw, type=KfMessage)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # half characters where msgspec needs UTF-8
        if (rest := _rest(raw)) is not None:
            return rest
        reason = str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
        raise Unreadable(reason) from error


def _rest(raw: Any) -> KfMessage | None:
    if not isinstance(raw, dict) or raw.get("origin") != FROM_CUSTOMER:
        return None
    kept = {name: raw[name] for name in ("msgid", "origin", "msgtype", "open_kfid", "external_userid") if name in raw}
    for name, kind in (("send_time", Seconds), ("text", Text)):
        with suppress(KeyError, msgspec.MsgspecError, ValueError, RecursionError):
            kept[name] = msgspec.to_builtins(msgspec.convert(raw[name], type=kind))
    with suppress(msgspec.MsgspecError, ValueError, RecursionError):
        return msgspec.convert(kept, type=KfMessage)
    return None


def interpret(message: KfMessage, open_kfid: str, language: str) -> Told | None:
    """Return what ``message`` tells, None when it is for another account or from a colleague in WeCom's own app.

    A delivery that failed comes as a status about the far end's own message number.
    """
    if message.open_kfid not in ("", open_kfid):
        return None
    if message.origin == FROM_SYSTEM and message.event is not None:
        return _notice(message.msgid, message.event)
    if message.origin != FROM_CUSTOMER:
        return None
    try:
        sender = address_of(message.external_userid)
    except ValueError as error:
        raise Unreadable("without sender") from error
    files = tuple(_files(message))
    where = _place(message)
    words = _words(message, where, language)
    if not words and not files:
        words = unreadable(language)
    event = MessageReceived(
        external_id=well_formed(message.msgid),
        sender=sender,
        text=words,
        choice=well_formed(message.text.menu_id) or None if message.text else None,
        location=where,
        sent_at=datetime.fromtimestamp(message.send_time, UTC),
    )
    return Told(event, files)


def _notice(number: str, notice: Notice) -> Told | None:
    match notice.event_type:
        case "enter_session":
            try:
                sender = address_of(notice.external_userid)
            except ValueError as error:
                raise Unreadable("without sender") from error
            return Told(
                ContactArrived(sender=sender, arrival_id=well_formed(number)), welcome=well_formed(notice.welcome_code)
            )
        case "msg_send_fail" if notice.fail_msgid:
            code = _FAILURES.get(notice.fail_type, "refused")
            return Told(MessageStatus(message_id=well_formed(notice.fail_msgid), status="failed", code=code))
    return None


def _words(message: KfMessage, where: Location | None, language: str) -> str:
    if message.text is not None:
        return well_formed(message.text.content)
    if message.link is not None:
        return text("link", language, title=well_formed(message.link.title), url=well_formed(message.link.url))
    if message.miniprogram is not None:
        return text("miniprogram", language, title=well_formed(message.miniprogram.title))
    if message.merged_msg is not None:
        return _forwarded(message.merged_msg, language)
    return place_text(where, language) if where is not None else ""


def _forwarded(talk: Forwarded, language: str) -> str:
    lines = [text("forwarded", language, title=well_formed(talk.title))]
    for one in talk.item[:MAX_FORWARDED]:
        words = ""
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            words = str(json.loads(one.msg_content)["text"]["content"])
        lines.append(f"{well_formed(one.sender_name)}: {well_formed(words) or '…'}")
    return "\n".join(lines)


def _place(message: KfMessage) -> Location | None:
    point = message.location
    if point is None:
        return None
    with suppress(Unreadable):
        return place(point.latitude, point.longitude, well_formed(f"{point.name} {point.address}".strip()))
    return None


def _files(message: KfMessage) -> list[FileRef]:
    kinds: tuple[FileKind, ...] = ("image", "voice", "video", "file")
    found = [(getattr(message, kind), kind) for kind in kinds]
    return [FileRef(well_formed(media.media_id), kind) for media, kind in found if media is not None]


def number_of(message_id: str, part: int) -> str:
    """Return the number, of at most 32 letters, under which a part of a message goes out; always the same."""
    with suppress(ValueError):
        packed = uuid.UUID(message_id)
        if str(packed) == message_id:
            return f"u{base64.urlsafe_b64encode(packed.bytes).decode().rstrip('=')}-{part}"
    if _SHORT_ID.fullmatch(message_id):
        return f"m{message_id}-{part}"
    return derived_id(message_id, str(part))


def message_of(number: str) -> str:
    """Return the message that ``number`` was made of, "" when it is none of ours."""
    if match := _PACKED.fullmatch(number):
        return str(uuid.UUID(bytes=base64.urlsafe_b64decode(match[1] + "==")))
    match = _SHORT.fullmatch(number)
    return match[1] if match else ""
