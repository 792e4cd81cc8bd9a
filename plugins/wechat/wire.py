"""Callbacks of an official account: XML in, what it tells out ("接收普通消息", "接收事件推送")."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring

from core.events import ContactArrived, Location, MessageReceived, MessageStatus
from core.events.messages import MessageState
from core.received import unreadable
from plugins.wechat.texts import text
from plugins.wechat.told import FileKind, FileRef, Told, Unreadable, address_of, place, place_text

MAX_BYTES: Final = 65_536  # a text has at most 2,048 bytes; encrypted and in base64 some 4,000
MAX_FIELDS: Final = 200
MAX_TIME: Final = 2**33  # a year that datetime can hold

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_KINDS: Final[dict[str, FileKind]] = {
    "image": "image",
    "voice": "voice",
    "video": "video",
    "shortvideo": "video",
    "file": "file",
}
_TEMPLATE_FATES: Final[dict[str, tuple[MessageState, str]]] = {
    "success": ("delivered", ""),
    "failed:user block": ("failed", "blocked_by_contact"),
}
_ARRIVALS: Final = ("subscribe", "scan")


def parse_xml(body: bytes) -> dict[str, str]:
    """Return the fields directly below the root; Unreadable when it is no XML, has entities or is no flat record."""
    try:
        try:
            root = fromstring(body, forbid_dtd=True)
        except ParseError:  # people paste characters that XML has not, and the platform passes them on
            root = fromstring(_NO_XML.sub("\ufffd", body.decode("utf-8", "replace")), forbid_dtd=True)
    except (ParseError, ValueError, LookupError, RecursionError) as error:  # the last two: encodings, depth
        raise Unreadable(f"no XML: {type(error).__name__}") from error
    if len(root) > MAX_FIELDS:
        raise Unreadable("too many fields")
    return {child.tag: "".join(child.itertext()) for child in root}


def interpret(fields: Mapping[str, str], language: str, titles: Mapping[str, str]) -> Told | None:
    """Return what a callback tells, None when it concerns nobody who serves.

    ``titles`` names the buttons of the account's menu by their keys.
    """
    try:
        sender = address_of(fields["FromUserName"])
        time_s = int(fields["CreateTime"])
        kind = fields["MsgType"]
    except (KeyError, ValueError) as error:
        raise Unreadable("without sender, time or type") from error
    if not 0 <= time_s <= MAX_TIME:
        raise Unreadable("a time that does not exist")
    if kind == "event":
        return _event(fields, sender, time_s, titles)
    return _message(fields, sender, time_s, kind, language)


def _message(fields: Mapping[str, str], sender: str, time_s: int, kind: str, language: str) -> Told:
    number = fields.get("MsgId") or f"{kind}-{time_s}"
    files = (FileRef(fields["MediaId"], _KINDS[kind]),) if kind in _KINDS and fields.get("MediaId") else ()
    where = _place(fields) if kind == "location" else None
    words = _words(fields, kind, where, language)
    if not words and not files:
        words = unreadable(language)
    event = MessageReceived(
        external_id=number,
        sender=sender,
        text=words,
        choice=fields.get("bizmsgmenuid") or None,
        location=where,
        sent_at=datetime.fromtimestamp(time_s, UTC),
    )
    return Told(event, files)


def _words(fields: Mapping[str, str], kind: str, where: Location | None, language: str) -> str:
    match kind:
        case "text":
            return fields.get("Content", "")
        case "voice":
            return fields.get("Recognition", "")  # where the account has WeChat recognise speech
        case "link":
            return text("link", language, title=fields.get("Title", ""), url=fields.get("Url", ""))
        case "location":
            return place_text(where, language) if where is not None else fields.get("Label", "")
    return ""


def _place(fields: Mapping[str, str]) -> Location | None:
    try:
        return place(float(fields["Location_X"]), float(fields["Location_Y"]), fields.get("Label", ""))
    except (KeyError, ValueError):  # what it is called may be told all the same
        return None


def _event(fields: Mapping[str, str], sender: str, time_s: int, titles: Mapping[str, str]) -> Told | None:
    """Return what an event tells; following and scanning are arrivals, a menu button is a choice.

    What became of a template message is a status about the platform's own number of it.
    Leaving, opened pages and places reported in passing are nothing that anybody answers.
    """
    name, key = fields.get("Event", "").lower(), fields.get("EventKey", "")
    number = f"{name}-{time_s}"  # events have no number of their own: one of a kind a second
    if name in _ARRIVALS:
        return Told(ContactArrived(sender=sender, arrival_id=number))
    if name == "templatesendjobfinish" and fields.get("MsgID"):
        status, code = _TEMPLATE_FATES.get(fields.get("Status", "").replace(": ", ":"), ("failed", "refused"))
        return Told(MessageStatus(message_id=fields["MsgID"], status=status, code=code))
    if name == "click" and key:
        sent_at = datetime.fromtimestamp(time_s, UTC)
        words = titles.get(key, key)
        return Told(
            MessageReceived(external_id=f"{number}-{key}", sender=sender, text=words, choice=key, sent_at=sent_at)
        )
    return None
