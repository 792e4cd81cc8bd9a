"""What WeChat's and WeCom's error numbers mean ("全局返回码"): for a message, and for the channel."""

from typing import Final

from core.errors import (
    ChannelAuthFailed,
    ChannelNotReady,
    LianxinError,
    SendDeferred,
    SendError,
    SendRejected,
)
from plugins.wechat.told import Platform

TOKEN_EXPIRED: Final = frozenset({40001, 40014, 42001, 42007})  # the call was not carried out: once more with a new one
BAD_CREDENTIALS: Final = {
    40001: "the secret is wrong",
    40013: "the app id or corp id is wrong",
    40125: "the secret is wrong",
    40164: "this server's address is not on the account's IP white list",
    40243: "the secret is frozen: unfreeze it on the platform's page",
    60020: "this server's address is not on the application's trusted IP list",
    61024: "the account is managed by a third-party platform",
    89503: "an administrator of the account has to confirm this server's address",
}

_DEFERRED: Final[dict[int, tuple[str, float | None]]] = {
    -1: ("unavailable", None),
    45009: ("quota_used_up", 3600.0),  # per day, set back at midnight in China
    45011: ("throttled", 60.0),
    45033: ("throttled", 60.0),  # too many at once
    95005: ("throttled", 60.0),
    6000: ("throttled", 5.0),  # WeCom: two changes at once
}
_DEFERRED_BY_WECOM: Final[dict[int, tuple[str, float | None]]] = {45009: ("throttled", 60.0)}  # there per minute
_REJECTED: Final = {
    40003: "no_such_address",
    40007: "file_refused",
    45002: "too_long",
    45015: "window_closed",
    45047: "contact_must_write",
    45157: "content_refused",
    48001: "not_authorized",
    48002: "blocked_by_contact",
    48004: "not_authorized",
    43004: "contact_left",
    43019: "blocked_by_contact",
    50002: "contact_restricted",
    87009: "not_authorized",
    87014: "content_refused",
    95000: "account_gone",
    95001: "contact_must_write",
    95002: "window_closed",
    95004: "account_gone",
    95013: "window_closed",
    95016: "taken_elsewhere",
    95018: "taken_elsewhere",
}
WINDOW_CLOSED: Final = frozenset({45015, 45047})


class Refusal(Exception):
    """The platform carried a call not out and said why by number."""

    def __init__(self, number: int, words: str) -> None:
        super().__init__(f"{number} {words}")
        self.number = number


def may_pass(refusal: Refusal) -> bool:
    """Tell whether the same call may succeed later."""
    return refusal.number in _DEFERRED or refusal.number in BAD_CREDENTIALS or refusal.number in TOKEN_EXPIRED


def send_error(refusal: Refusal, platform: Platform) -> SendError:
    """Return what is to be done about a message."""
    deferred = _DEFERRED if platform == "official_account" else _DEFERRED | _DEFERRED_BY_WECOM
    if refusal.number in deferred:
        code, wait_s = deferred[refusal.number]
        return SendDeferred(code, str(refusal), retry_after_s=wait_s)
    if refusal.number in BAD_CREDENTIALS:
        return SendDeferred("auth_failed", BAD_CREDENTIALS[refusal.number])
    return SendRejected(_REJECTED.get(refusal.number, "refused"), str(refusal))


def channel_error(refusal: Refusal) -> LianxinError:
    """Return why the channel cannot work now."""
    if refusal.number in BAD_CREDENTIALS:
        return ChannelAuthFailed(f"{BAD_CREDENTIALS[refusal.number]} ({refusal.number})")
    return ChannelNotReady(f"the platform refused: {refusal}")
