"""Orders as the Bot API takes them: texts of 4,096 units, captions of 1,024, files by kind, choices as buttons."""

from dataclasses import dataclass
from typing import Final, Literal

from core.events import Attachment, Choice, SendMessage
from core.parts import split_text, utf16_units

MAX_TEXT: Final = 4096  # UTF-16 units, counted as Telegram's entities are
MAX_CAPTION: Final = 1024
MAX_CALLBACK_BYTES: Final = 64
MAX_BUTTONS: Final = 100
MAX_LABEL: Final = 64  # longer ones are cut on telephones
MAX_PHOTO_BYTES: Final = 10_000_000
MAX_FILE_BYTES: Final = 50_000_000
SHORT_LABEL: Final = 8  # two such buttons fit side by side

Method = Literal["photo", "voice", "audio", "video", "document"]


@dataclass(frozen=True, slots=True)
class Part:
    """One message as Telegram carries it: a text, or a file with the text as its caption."""

    text: str = ""
    attachment: Attachment | None = None
    choices: tuple[Choice, ...] = ()


def parts(message: SendMessage) -> tuple[Part, ...]:
    """Return what ``message`` becomes, in order; none when it is empty. The choices stand under the last text."""
    text, choices = message.text, message.choices
    if not _are_buttons(choices):
        text = "\n".join(filter(None, [text, *(f"{choice.key}. {choice.label}" for choice in choices)]))
        choices = ()
    files = message.attachments
    if len(files) == 1 and utf16_units(text) <= MAX_CAPTION:
        return (Part(text.strip(), files[0], choices),)
    texts = split_text(text, MAX_TEXT, utf16_units)
    said = [Part(piece, None, choices if at == len(texts) else ()) for at, piece in enumerate(texts, 1)]
    sent = [Part("", file, choices if not texts and at == 1 else ()) for at, file in enumerate(files, 1)]
    return (*said, *sent)


def rows(choices: tuple[Choice, ...]) -> list[list[Choice]]:
    """Return ``choices`` in rows of buttons: two side by side when all are short."""
    width = 2 if len(choices) > 2 and all(len(choice.label) <= SHORT_LABEL for choice in choices) else 1
    return [list(choices[at : at + width]) for at in range(0, len(choices), width)]


def method(attachment: Attachment) -> Method:
    """Return as what a file is sent: the kind that people can look at or hear at once, else a document."""
    match attachment.mime:
        case "image/jpeg" | "image/png" | "image/webp" if attachment.size_bytes <= MAX_PHOTO_BYTES:
            return "photo"
        case "audio/ogg":
            return "voice"
        case "audio/mpeg" | "audio/mp4":
            return "audio"
        case "video/mp4":
            return "video"
    return "document"


def _are_buttons(choices: tuple[Choice, ...]) -> bool:
    return len(choices) <= MAX_BUTTONS and all(
        0 < len(choice.key.encode()) <= MAX_CALLBACK_BYTES and 0 < len(choice.label) <= MAX_LABEL for choice in choices
    )
