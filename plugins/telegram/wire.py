"""Updates of the Telegram Bot API as this channel needs them (core.telegram.org/bots/api)."""

import json
from contextlib import suppress
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member")
MAX_DOWNLOAD_BYTES: Final = 20_000_000  # getFile gives no larger ones
MAX_ID: Final = 2**52  # Bot API: chat ids have at most 52 significant bits

_HEAD: Final[tuple[str, ...]] = ("message_id", "date", "chat")
Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Seconds = Annotated[int, Meta(ge=0, le=2**33)]  # since 1970; a year that datetime can hold


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what is read; fields we do not name are ignored, so that Telegram may add some."""


class User(Part, frozen=True, kw_only=True):
    """Who wrote."""

    id: Id
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    language_code: str = ""


class Chat(Part, frozen=True, kw_only=True):
    """Where; the id of a private chat is its user's."""

    id: int
    type: str


class Media(Part, frozen=True, kw_only=True):
    """A file of any kind; pictures have neither MIME type nor name."""

    file_id: str
    mime_type: str = ""
    file_name: str = ""
    file_size: int = 0


class Sticker(Part, frozen=True, kw_only=True):
    """A drawn feeling; shown as its emoji."""

    emoji: str = ""


class Point(Part, frozen=True, kw_only=True):
    """A place in degrees, WGS 84; one with ``live_period`` moves."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    live_period: int = 0


class Venue(Part, frozen=True, kw_only=True):
    """A place with a name."""

    location: Point
    title: str = ""
    address: str = ""


class Card(Part, frozen=True, kw_only=True):
    """Somebody's telephone number; the sender's own when ``user_id`` is theirs."""

    phone_number: str
    first_name: str = ""
    last_name: str = ""
    user_id: int = 0


class Button(Part, frozen=True, kw_only=True):
    """One button under a message of ours."""

    text: str = ""
    callback_data: str = ""


class Keyboard(Part, frozen=True, kw_only=True):
    """The buttons under a message of ours."""

    inline_keyboard: tuple[tuple[Button, ...], ...] = ()


class Message(Part, frozen=True, kw_only=True, rename={"sender": "from"}):
    """A message of any kind: whatever is set tells which."""

    message_id: Annotated[int, Meta(ge=0, le=MAX_ID)]
    date: Seconds
    chat: Chat
    sender: User | None = None
    text: str = ""
    caption: str = ""
    photo: tuple[Media, ...] = ()
    voice: Media | None = None
    audio: Media | None = None
    video: Media | None = None
    video_note: Media | None = None
    animation: Media | None = None
    document: Media | None = None
    sticker: Sticker | None = None
    location: Point | None = None
    venue: Venue | None = None
    contact: Card | None = None
    reply_markup: Keyboard | None = None


class CallbackQuery(Part, frozen=True, kw_only=True, rename={"sender": "from"}):
    """Somebody pressed a button; ``message`` is the one it stands under."""

    id: str
    sender: User
    message: Message | None = None
    data: str = ""


class Member(Part, frozen=True, kw_only=True):
    """What our bot is now in a chat."""

    status: str


class Membership(Part, frozen=True, kw_only=True):
    """Our bot was added to a chat, removed, blocked or let in again."""

    chat: Chat
    new_chat_member: Member


class Update(Part, frozen=True, kw_only=True):
    """One thing that happened; exactly one field beside the id is set, none when it is of a kind we never asked for."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: Membership | None = None


class UpdateUnreadable(ValueError):
    """Not an update as the Bot API describes it; the text holds nothing of what people wrote."""


def read_update(raw: Any) -> Update:
    """Return the decoded JSON object ``raw`` as an update; UpdateUnreadable when it is none.

    Of a message that cannot be read whole there remains who wrote it, when, and its words.
    """
    try:
        return msgspec.convert(raw, type=Update)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        if (rest := _rest(raw)) is not None:
            return rest
        raise UpdateUnreadable(_reason(error)) from error


def parse_update(body: bytes) -> Update:
    """Return the update in the body of a webhook request; UpdateUnreadable when there is none."""
    try:
        raw = json.loads(body.decode("utf-8", "replace"))  # not msgspec: it refuses half characters
    except (ValueError, RecursionError) as error:
        raise UpdateUnreadable(_reason(error)) from error
    return read_update(raw)


def _rest(raw: Any) -> Update | None:
    match raw:
        case {"update_id": update_id, "message": {"from": {"id": sender_id, **sender}, **message}}:
            kept: dict[str, Any] = {name: message[name] for name in _HEAD if name in message}
            kept |= {name: message[name] for name in ("text", "caption") if isinstance(message.get(name), str)}
            kept["from"] = {"id": sender_id, "is_bot": sender.get("is_bot", False)}
            with suppress(msgspec.MsgspecError, ValueError, RecursionError):
                return msgspec.convert({"update_id": update_id, "message": kept}, type=Update)
    return None


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
