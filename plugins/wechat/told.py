"""What a platform's message tells the hub, before its files are fetched."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from core.events import ContactArrived, Location, MessageReceived, MessageStatus
from core.received import place_text as text_of_place

MAP_URL: Final = "https://uri.amap.com/marker?position={longitude:.6f},{latitude:.6f}"
_USER_ID: Final = re.compile(r"(?:wechat:)?([A-Za-z0-9_-]{6,64})", re.IGNORECASE)

Platform = Literal["official_account", "customer_service"]
FileKind = Literal["image", "voice", "video", "file"]


class Unreadable(ValueError):
    """Not what the platform describes; the text holds nothing of what people wrote."""


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that lies at WeChat for three days."""

    media_id: str
    kind: FileKind


@dataclass(frozen=True, slots=True)
class Told:
    """``event``, still without its ``files``; ``welcome`` allows one greeting within 20 seconds."""

    event: MessageReceived | ContactArrived | MessageStatus
    files: tuple[FileRef, ...] = ()
    welcome: str = ""


def address_of(user_id: str) -> str:
    """Return the one form of a user's address (case matters to WeChat); ValueError when it is none."""
    if (match := _USER_ID.fullmatch(user_id.strip())) is None:
        raise ValueError("a WeChat address is wechat: and an OpenID or external user id")
    return f"wechat:{match[1]}"


def place(latitude: float, longitude: float, label: str) -> Location:
    """Return a place in the datum of Chinese maps; Unreadable when it lies nowhere."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Unreadable("a place that does not exist")
    return Location(latitude=latitude, longitude=longitude, datum="gcj02", label=label)


def place_text(where: Location, language: str) -> str:
    """Return a place in words with a link to a map of the same datum."""
    return text_of_place(where, MAP_URL, language)
