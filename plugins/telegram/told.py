"""What an update tells the hub, before its files are fetched."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from core.events import ContactArrived, Location, MessageReceived, Profile
from core.parts import well_formed
from core.received import place_text, unreadable
from plugins.telegram.texts import text
from plugins.telegram.wire import CallbackQuery, Card, Media, Membership, Message, Update, User

MAP_URL: Final = "https://uri.amap.com/marker?position={longitude:.6f},{latitude:.6f}&coordinate=wgs84"


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
    number = well_formed(query.id)
    event = MessageReceived(
        external_id=f"press-{number}",
        sender=address(query.sender.id),
        text=well_formed(_label(query)),
        choice=well_formed(query.data),
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
        name=well_formed(_name(person)),
        language=well_formed(person.language_code),
        phone=well_formed(card.phone_number) if card is not None and own else "",
    )


def _name(person: User | Card) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def _label(query: CallbackQuery) -> str:
    markup = query.message.reply_markup if query.message else None
    buttons = (button for row in (markup.inline_keyboard if markup else ()) for button in row)
    return next((button.text for button in buttons if button.callback_data == query.data), query.data)


def _words(message: Message, place: Location | None, language: str) -> list[str]:
    words = [well_formed(message.text or message.caption)]
    if message.sticker is not None:
        words.append(well_formed(message.sticker.emoji))
    if place is not None:
        words.append(place_text(place, MAP_URL, language))
    if (card := message.contact) is not None:
        words.append(text("contact", language, name=well_formed(_name(card)), phone=well_formed(card.phone_number)))
    return words


def _place(message: Message) -> Location | None:
    point = message.venue.location if message.venue else message.location
    if point is None:
        return None
    label = f"{message.venue.title} {message.venue.address}".strip() if message.venue else ""
    return Location(latitude=point.latitude, longitude=point.longitude, label=well_formed(label))


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
        files.append(
            FileRef(well_formed(best.file_id), "image/jpeg", f"photo-{message.message_id}.jpg", best.file_size)
        )
    for kind, usual in _DEFAULT_MIME.items():
        media: Media | None = getattr(message, kind)
        if media is None or (kind == "document" and message.animation is not None):  # old apps get both
            continue
        mime = well_formed(media.mime_type) or usual
        name = well_formed(media.file_name) or f"{kind}-{message.message_id}.{_EXTENSIONS.get(mime, 'bin')}"
        files.append(FileRef(well_formed(media.file_id), mime, name, media.file_size, is_voice=kind == "voice"))
    return files
