"""Settings of a web chat."""

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta

from core.channel import ChannelConfig
from core.config import Secret
from core.errors import ConfigInvalid
from plugins.web_chat.hours import OpeningHours
from plugins.web_chat.wire import MAX_TEXT

FileType = Literal["jpeg", "png", "webp", "gif", "pdf", "docx", "xlsx", "pptx"]
ALL_TYPES: Final[tuple[FileType, ...]] = ("jpeg", "png", "webp", "gif", "pdf", "docx", "xlsx", "pptx")
MIN_KEY: Final = 32  # characters of the identity key; shorter ones can be guessed
MIN_CONTRAST: Final = 4.5  # WCAG 2.2 1.4.3: the title is white on ``color``

Positive = Annotated[int, Meta(gt=0)]


class WebChatConfig(ChannelConfig, frozen=True, kw_only=True):
    """One chat widget: what it says, who may embed it, how much one person may send."""

    title_zh: Annotated[str, Meta(min_length=1, max_length=40)] = "便民热线在线服务"
    title_en: Annotated[str, Meta(min_length=1, max_length=40)] = "Online service"
    phone: Annotated[str, Meta(pattern=r"\A[0-9+() -]{0,32}\Z")] = "12345"
    color: Annotated[str, Meta(pattern=r"\A#[0-9a-fA-F]{6}\Z")] = "#1657d9"
    hours: tuple[OpeningHours, ...] = ()  # none: somebody always serves
    timezone: str = "Asia/Shanghai"
    allowed_origins: tuple[str, ...] = ()  # of other sites' pages; the hub's own are always allowed
    identity_key: Secret = Secret("")
    allowed_types: tuple[FileType, ...] = ALL_TYPES
    max_upload_bytes: Annotated[int, Meta(ge=1024, le=50_000_000)] = 10_000_000
    max_text: Annotated[int, Meta(gt=0, le=MAX_TEXT)] = 4000
    messages_per_min: Positive = 30
    messages_per_min_ip: Positive = 600  # a whole office may share one address
    uploads_per_min: Positive = 10
    connections_per_min_ip: Positive = 120
    max_sockets: Positive = 5000
    max_sockets_ip: Positive = 200
    max_sockets_visitor: Positive = 5
    hello_timeout_s: Annotated[float, Meta(gt=0)] = 10.0
    send_timeout_s: Annotated[float, Meta(gt=0)] = 10.0
    ping_s: Annotated[float, Meta(gt=0)] = 20.0

    def __post_init__(self) -> None:
        faults: dict[str, str] = {}
        if contrast_with_white(self.color) < MIN_CONTRAST:
            faults["color"] = f"white text on it needs a contrast of {MIN_CONTRAST}:1, take a darker one"
        if self.identity_key and len(self.identity_key.reveal()) < MIN_KEY:
            faults["identity_key"] = f"needs at least {MIN_KEY} characters"
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            faults["timezone"] = "no such time zone"
        for number, origin in enumerate(self.allowed_origins):
            if not _is_origin(origin):
                faults[f"allowed_origins[{number}]"] = "write it as https://www.example.gov.cn"
        if faults:
            raise ConfigInvalid(faults)


def contrast_with_white(color: str) -> float:
    """Return the contrast ratio (1 to 21) of ``#rrggbb`` with white (WCAG 2.2, relative luminance)."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        valid_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and valid_port and text == f"{parts.scheme}://{parts.netloc}".lower()
    ) and bool(parts.hostname)
