"""Settings of a Telegram bot."""

import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from core.channel import ChannelConfig
from core.config import Secret
from core.errors import ConfigInvalid

_TOKEN: Final = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,64}")
_WEBHOOK_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,256}")  # Telegram allows shorter ones; those can be guessed
_PROXY_SCHEMES: Final = ("http", "https", "socks5", "socks5h")


class TelegramConfig(ChannelConfig, frozen=True, kw_only=True):
    """One bot: its token, and whether updates are fetched (``polling``) or brought (``webhook``)."""

    token: Secret
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: str = ""  # the hub's public address, https://hotline.example.gov.cn; the channel adds its path
    webhook_secret: Secret = Secret("")
    proxy_url: Secret = Secret("")  # may hold a password
    api_url: str = "https://api.telegram.org"  # or that of a Bot API server of one's own
    language: Literal["zh", "en"] = "zh"  # of the few words the channel itself writes
    poll_s: Annotated[int, Meta(ge=1, le=50)] = 30  # an update ends the wait at once
    check_s: Annotated[float, Meta(gt=0)] = 60.0  # between looks at the webhook
    timeout_s: Annotated[float, Meta(gt=0, le=30)] = 15.0
    media_timeout_s: Annotated[float, Meta(gt=0, le=50)] = 40.0

    def __post_init__(self) -> None:
        faults: dict[str, str] = {}
        if _TOKEN.fullmatch(self.token.reveal()) is None:
            faults["token"] = "copy it whole from @BotFather: digits, a colon, letters"  # noqa: S105 - no token
        if not _is_base(self.api_url, ("https", "http")):
            faults["api_url"] = "write it as https://api.telegram.org"
        if self.proxy_url and not _is_base(self.proxy_url.reveal(), _PROXY_SCHEMES):
            faults["proxy_url"] = "write it as http://host:port or socks5://host:port"
        if self.mode == "webhook":
            if not _is_base(self.webhook_url, ("https",)):
                faults["webhook_url"] = "write the hub's public address as https://hotline.example.gov.cn"
            if _WEBHOOK_SECRET.fullmatch(self.webhook_secret.reveal()) is None:
                faults["webhook_secret"] = "needs 16 to 256 letters, digits, _ or -"  # noqa: S105 - no secret
        if faults:
            raise ConfigInvalid(faults)


def _is_base(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
        )
    except ValueError:
        return False
