"""Settings of WeChat: an official account, or a customer-service account of WeCom."""

import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from core.channel import ChannelConfig
from core.config import Secret, Settings
from core.errors import ConfigInvalid

_TOKEN: Final = re.compile(r"[A-Za-z0-9]{3,32}")
_AES_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}")
MAX_MENU: Final = 3
MAX_SUBMENU: Final = 5


class MenuButton(Settings, frozen=True, kw_only=True):
    """A button of the account's menu: ``key`` comes as the person's choice, ``url`` opens a page."""

    name: Annotated[str, Meta(min_length=1, max_length=16)]
    key: Annotated[str, Meta(max_length=64)] = ""
    url: Annotated[str, Meta(max_length=1024)] = ""


class MenuColumn(Settings, frozen=True, kw_only=True):
    """A column of the menu: one button, or several above each other."""

    name: Annotated[str, Meta(min_length=1, max_length=8)]
    key: Annotated[str, Meta(max_length=64)] = ""
    url: Annotated[str, Meta(max_length=1024)] = ""
    buttons: Annotated[tuple[MenuButton, ...], Meta(max_length=MAX_SUBMENU)] = ()


class ReplyTemplate(Settings, frozen=True, kw_only=True):
    """A template message that carries a short answer when the 48 hours are over; ``{text}`` stands for the answer."""

    template_id: Annotated[str, Meta(min_length=8, max_length=64)]
    fields: dict[str, str]
    max_text: Annotated[int, Meta(gt=0, le=200)] = 20  # characters of a ``thing`` field


class OfficialAccount(Settings, frozen=True, kw_only=True, tag_field="kind", tag="official_account"):
    """A verified service account (mp.weixin.qq.com)."""

    app_id: Annotated[str, Meta(pattern=r"\Awx[0-9a-f]{16}\Z")]
    app_secret: Secret
    token: Secret
    mode: Literal["aes", "compatible", "plain"] = "aes"
    aes_key: Secret = Secret("")
    menu: Annotated[tuple[MenuColumn, ...], Meta(max_length=MAX_MENU)] = ()
    reply_template: ReplyTemplate | None = None

    @property
    def receiver(self) -> str:
        """Return whom encrypted callbacks are for."""
        return self.app_id

    @property
    def secret(self) -> Secret:
        """Return what an access token is asked for with."""
        return self.app_secret

    @property
    def is_encrypted(self) -> bool:
        """Return whether callbacks are encrypted; the compatible mode sends both, and we read the safe one."""
        return self.mode != "plain"

    def __post_init__(self) -> None:
        faults = _callback_faults(self.token, self.aes_key, is_encrypted=self.is_encrypted)
        if not self.app_secret:
            faults["app_secret"] = "missing"  # noqa: S105 - no secret
        for at, column in enumerate(self.menu):
            if sum(map(bool, (column.key, column.url, column.buttons))) != 1:
                faults[f"menu[{at}]"] = "needs either a key, or a url, or buttons"
            for below, button in enumerate(column.buttons):
                if bool(button.key) == bool(button.url):
                    faults[f"menu[{at}].buttons[{below}]"] = "needs either a key or a url"
        if self.reply_template is not None and "{text}" not in self.reply_template.fields.values():
            faults["reply_template.fields"] = "one of them must be {text}"
        if faults:
            raise ConfigInvalid(faults)


class CustomerService(Settings, frozen=True, kw_only=True, tag_field="kind", tag="customer_service"):
    """A customer-service account of WeCom (work.weixin.qq.com), reached from any WeChat without following."""

    corp_id: Annotated[str, Meta(pattern=r"\Aw[wx][0-9a-z]{16}\Z")]
    secret: Secret
    open_kfid: Annotated[str, Meta(pattern=r"\Awk[A-Za-z0-9_-]{1,62}\Z")]
    token: Secret
    aes_key: Secret

    @property
    def receiver(self) -> str:
        """Return whom encrypted callbacks are for."""
        return self.corp_id

    @property
    def is_encrypted(self) -> bool:
        """Return whether callbacks are encrypted; WeCom has no other way."""
        return True

    def __post_init__(self) -> None:
        faults = _callback_faults(self.token, self.aes_key, is_encrypted=True)
        if not self.secret:
            faults["secret"] = "missing"  # noqa: S105 - no secret
        if faults:
            raise ConfigInvalid(faults)


class WeChatConfig(ChannelConfig, frozen=True, kw_only=True):
    """One account and how patiently we deal with it."""

    account: OfficialAccount | CustomerService
    api_url: str = ""  # empty: the platform's own
    language: Literal["zh", "en"] = "zh"  # of the few words the channel itself writes
    check_s: Annotated[float, Meta(gt=0)] = 300.0  # between looks whether the platform is there
    timeout_s: Annotated[float, Meta(gt=0, le=25)] = 10.0
    media_timeout_s: Annotated[float, Meta(gt=0, le=50)] = 10.0  # people wait; three deliveries take 15 s
    max_skew_s: Annotated[float, Meta(gt=0)] = 300.0  # how old a callback may be

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.api_url)
            is_base = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_base = False
        if self.api_url and not is_base:
            raise ConfigInvalid({"api_url": "leave it empty, or write it as https://api.weixin.qq.com"})


def _callback_faults(token: Secret, aes_key: Secret, *, is_encrypted: bool) -> dict[str, str]:
    faults: dict[str, str] = {}
    if _TOKEN.fullmatch(token.reveal()) is None:
        faults["token"] = "needs 3 to 32 letters and digits, as on the platform's page"  # noqa: S105 - no secret
    if is_encrypted and _AES_KEY.fullmatch(aes_key.reveal()) is None:
        faults["aes_key"] = "needs the 43 characters of the EncodingAESKey"
    return faults
