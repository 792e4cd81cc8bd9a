"""Orders as the platforms take them: texts of 2,048 bytes, menus of ten lines, pages as cards, files by kind."""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from core.errors import SendRejected
from core.events import Attachment, Carries, Choice, SendMessage
from core.parts import octets, split_text
from plugins.wechat.config import ReplyTemplate
from plugins.wechat.told import FileKind, Platform

MAX_TEXT_BYTES: Final = 2048
MAX_HEAD_BYTES: Final = 1024  # of the text above a menu
MAX_CHOICES: Final = 10
MAX_CHOICE_BYTES: Final = 128
MAX_BYTES: Final[dict[FileKind, int]] = {
    "image": 10_000_000,
    "voice": 2_000_000,
    "video": 10_000_000,
    "file": 20_000_000,
}
MAX_TITLE: Final = 64  # characters of a card's first line; longer ones are cut on telephones
MAX_DESCRIPTION: Final = 120
MAX_URL: Final = 1024
_URL: Final = re.compile(r"https?://[!-~]+")

# as what a file is sent, by its MIME type; customer service sends any other as a file
_BOTH: Final[dict[str, FileKind]] = {
    "image/jpeg": "image",
    "image/png": "image",
    "audio/amr": "voice",
    "video/mp4": "video",
}
_KINDS: Final[dict[Platform, dict[str, FileKind]]] = {
    "official_account": _BOTH | {"image/gif": "image", "audio/mpeg": "voice"},
    "customer_service": _BOTH,
}


@dataclass(frozen=True, slots=True)
class Card:
    """A page that is shown with its title, "news"."""

    title: str
    description: str
    url: str


@dataclass(frozen=True, slots=True)
class Part:
    """One message as WeChat carries it: a text, a text with a menu, or a file; ``number`` counts from 0.

    ``card`` is what the text may be shown as where there are cards.
    """

    number: int
    text: str = ""
    choices: tuple[Choice, ...] = ()
    attachment: Attachment | None = None
    card: Card | None = None


def parts(message: SendMessage) -> tuple[Part, ...]:
    """Return what ``message`` becomes, in order; none when it is empty.

    Choices become a menu below the last text, or numbered lines where a menu cannot hold them.
    """
    text, choices = message.text, message.choices
    if not (text.strip() and _fits_menu(choices)):
        text = "\n".join(filter(None, [text, *(f"{choice.key}. {choice.label}" for choice in choices)]))
        choices = ()
    texts = split_text(text, MAX_TEXT_BYTES, octets)
    if choices and octets(texts[-1]) > MAX_HEAD_BYTES:
        texts[-1:] = split_text(texts[-1], MAX_HEAD_BYTES, octets)
    said = [Part(at, piece, choices if at == len(texts) - 1 else ()) for at, piece in enumerate(texts)]
    if len(said) == 1 and not choices and message.sender_kind == "flow":
        said = [replace(said[0], card=_card(text))]
    return (*said, *(Part(at, attachment=file) for at, file in enumerate(message.attachments, len(texts))))


def content(part: Part, platform: Platform) -> dict[str, Any]:
    """Return the fields of a text, card or menu message; customer service has no cards without a picture."""
    if part.card is not None and platform == "official_account":
        card = part.card
        article = {"title": card.title, "description": card.description, "url": card.url}
        return {"msgtype": "news", "news": {"articles": [article]}}
    if not part.choices:
        return {"msgtype": "text", "text": {"content": part.text}}
    lines = [{"id": choice.key, "content": choice.label} for choice in part.choices]
    if platform == "official_account":
        return {"msgtype": "msgmenu", "msgmenu": {"head_content": part.text, "list": lines, "tail_content": ""}}
    clicks = [{"type": "click", "click": line} for line in lines]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": part.text, "list": clicks}}


def file_content(kind: FileKind, media_id: str) -> dict[str, Any]:
    """Return the fields of a message with an uploaded file."""
    return {"msgtype": kind, kind: {"media_id": media_id}}


def carries(platform: Platform) -> Carries:
    """Return what one message can hold: an official account sends few kinds of files."""
    if platform == "customer_service":
        return Carries(file_bytes=MAX_BYTES["file"])
    kinds = _KINDS[platform]
    return Carries(files=tuple(kinds), file_bytes=max(MAX_BYTES[kind] for kind in kinds.values()))


def file_kind(attachment: Attachment, platform: Platform) -> FileKind:
    """Return as what a file is sent; SendRejected when the platform carries none such, or none so large."""
    kind = _KINDS[platform].get(attachment.mime, "file")
    if kind == "file" and platform == "official_account":
        raise SendRejected("file_not_carried", "an official account sends pictures, AMR and MP3 sound, and MP4 films")
    if attachment.size_bytes > MAX_BYTES[kind]:
        raise SendRejected("file_too_large", f"WeChat carries at most {MAX_BYTES[kind]} bytes of this kind")
    return kind


def template(user_id: str, part: Part, form: ReplyTemplate) -> dict[str, Any] | None:
    """Return ``part`` as a template message, None when it does not fit into one."""
    if part.attachment is not None or part.choices or len(part.text) > form.max_text or "\n" in part.text:
        return None
    data = {name: {"value": value.replace("{text}", part.text)} for name, value in form.fields.items()}
    return {"touser": user_id, "template_id": form.template_id, "data": data}


def _card(text: str) -> Card | None:
    """Return the card of a text whose first line is a title and whose last is an address and nothing else."""
    lines = [line.strip() for line in text.strip().split("\n")]
    card = Card(lines[0], "\n".join(lines[1:-1]).strip(), lines[-1])
    is_fitting = len(card.title) <= MAX_TITLE and len(card.description) <= MAX_DESCRIPTION and len(card.url) <= MAX_URL
    return card if len(lines) > 1 and is_fitting and _URL.fullmatch(card.url) else None


def _fits_menu(choices: tuple[Choice, ...]) -> bool:
    return len(choices) <= MAX_CHOICES and all(
        0 < octets(words) <= MAX_CHOICE_BYTES for choice in choices for words in (choice.key, choice.label)
    )
