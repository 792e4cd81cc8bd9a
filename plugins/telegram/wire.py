"""Updates of the Telegram Bot API as this channel needs them, and what they tell (core.telegram.org/bots/api)."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from core.events import ContactArrived, Location, MessageReceived, Profile
from core.received import place_text, unreadable
from plugins.telegram.texts import text

ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member")
MAX_DOWNLOAD_BYTES: Final = 20_000_000  # getFile gives no larger ones
MAX_ID: Final = 2**52  # Bot API: chat ids have at most 52 significant bits
MAP_URL: Final = "https://uri.amap.com/marker?position={longitude:.6f},{latitude:.6f}&coordinate=wgs84"

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


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that lies at Telegram; ``name`` and ``mime`` as we shall call it."""

    file_id: str
    mime: str
    name: str
    size_bytes: int = 0
    is_voice: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What an update tells the hub: ``event``, still without its ``files``; ``callback_id`` wants a prompt answer."""

    event: MessageReceived | ContactArrived
    files: tuple[FileRef, ...] = ()
    callback_id: str = ""


@dataclass(frozen=True, slots=True)
class GroupJoined:
    """Somebody added the bot to a group."""

    chat_id: int


class UpdateUnreadable(ValueError):
    """Not an update as the Bot API describes it; the text holds nothing of what people wrote."""


def read_update(raw: Any) -> Update:
    """Return the decoded JSON object ``raw`` as an update; UpdateUnreadable when it is none."""
    try:
        return msgspec.convert(raw, type=Update)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UpdateUnreadable(_reason(error)) from error


def parse_update(body: bytes) -> Update:
    """Return the update in the body of a webhook request; UpdateUnreadable when there is none."""
    try:
        raw = json.loads(body.decode("utf-8", "replace"))  # not msgspec: it refuses half characters
    except (ValueError, RecursionError) as error:
        raise UpdateUnreadable(_reason(error)) from error
    return read_update(raw)


def address(user_id: int) -> str:
    """Return the address of a person."""
    return f"telegram:{user_id}"


def interpret(update: Update, language: str) -> Told | GroupJoined | None:
    """Return what ``update`` tells, None when it is not for us: groups, other bots, moving places."""
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    if update.my_chat_member is not None:
        return _joined(update.my_chat_member)
    if update.edited_message is not None:
        return _edited(update.edited_message, update.update_id, language)
    if update.message is not None:
        return _written(update.message, language)
    return None


def _written(message: Message, language: str) -> Told | None:
    person = _person(message)
    if person is None:
        return None
    sender, profile = address(person.id), _profile(person, message.contact)
    if message.text == "/start" or message.text.startswith("/start "):
        return Told(ContactArrived(sender=sender, arrival_id=str(message.message_id), profile=profile))
    files = tuple(_files(message))
    place = _place(message)
    words = "\n".join(filter(None, _words(message, place, language)))
    if not words and not files:
        words = unreadable(language)
    event = MessageReceived(
        external_id=str(message.message_id),
        sender=sender,
        text=words,
        profile=profile,
        location=place,
        sent_at=datetime.fromtimestamp(message.date, UTC),
    )
    return Told(event, files)


def _edited(message: Message, update_id: int, language: str) -> Told | None:
    if message.location is not None:
        return None  # a moving place: one line for each step would bury the talk
    told = _written(message, language)
    if told is None or not isinstance(told.event, MessageReceived):
        return None
    number = f"{message.message_id}@{update_id}"  # there may be two in one second of edit_date
    edits = str(message.message_id)
    return replace(told, event=msgspec.structs.replace(told.event, external_id=number, edits=edits))


def _pressed(query: CallbackQuery) -> Told | None:
    if query.sender.is_bot or not query.data or query.message is None or query.message.chat.type != "private":
        return None
    number = _sound(query.id)
    event = MessageReceived(
        external_id=f"press-{number}",
        sender=address(query.sender.id),
        text=_sound(_label(query)),
        choice=_sound(query.data),
        profile=_profile(query.sender, None),
    )
    return Told(event, callback_id=number)


def _joined(change: Membership) -> GroupJoined | None:
    is_in = change.new_chat_member.status in ("member", "administrator")
    return GroupJoined(change.chat.id) if is_in and change.chat.type in ("group", "supergroup") else None


def _person(message: Message) -> User | None:
    if message.chat.type != "private" or message.sender is None or message.sender.is_bot:
        return None
    return message.sender


def _profile(person: User, card: Card | None) -> Profile:
    own = card is not None and card.user_id == person.id
    return Profile(
        name=_sound(_name(person)),
        language=_sound(person.language_code),
        phone=_sound(card.phone_number) if card is not None and own else "",
    )


def _name(person: User | Card) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def _label(query: CallbackQuery) -> str:
    markup = query.message.reply_markup if query.message else None
    buttons = (button for row in (markup.inline_keyboard if markup else ()) for button in row)
    return next((button.text for button in buttons if button.callback_data == query.data), query.data)


def _words(message: Message, place: Location | None, language: str) -> list[str]:
    words = [_sound(message.text or message.caption)]
    if message.sticker is not None:
        words.append(_sound(message.sticker.emoji))
    if place is not None:
        words.append(place_text(place, MAP_URL, language))
    if (card := message.contact) is not None:
        words.append(text("contact", language, name=_sound(_name(card)), phone=_sound(card.phone_number)))
    return words


def _place(message: Message) -> Location | None:
    point = message.venue.location if message.venue else message.location
    if point is None:
        return None
    label = f"{message.venue.title} {message.venue.address}".strip() if message.venue else ""
    return Location(latitude=point.latitude, longitude=point.longitude, label=_sound(label))


_Kind = Literal["voice", "audio", "video", "video_note", "animation", "document"]
_DEFAULT_MIME: Final[dict[_Kind, str]] = {
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "animation": "video/mp4",
    "document": "application/octet-stream",
}
_EXTENSIONS: Final = {"audio/ogg": "ogg", "audio/mpeg": "mp3", "video/mp4": "mp4"}


def _files(message: Message) -> list[FileRef]:
    files = []
    if message.photo:
        best = message.photo[-1]  # the sizes of one picture, smallest first
        files.append(FileRef(_sound(best.file_id), "image/jpeg", f"photo-{message.message_id}.jpg", best.file_size))
    for kind, usual in _DEFAULT_MIME.items():
        media: Media | None = getattr(message, kind)
        if media is None or (kind == "document" and message.animation is not None):  # old apps get both
            continue
        mime = _sound(media.mime_type) or usual
        name = _sound(media.file_name) or f"{kind}-{message.message_id}.{_EXTENSIONS.get(mime, 'bin')}"
        files.append(FileRef(_sound(media.file_id), mime, name, media.file_size, is_voice=kind == "voice"))
    return files


def _sound(words: str) -> str:
    """Return ``words`` without half characters, which JSON may spell and UTF-8 cannot."""
    return words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
