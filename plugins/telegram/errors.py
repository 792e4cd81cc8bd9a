"""What Telegram's refusals mean for a message and for the channel (core.telegram.org/bots/api, "Making requests")."""

import os
from datetime import timedelta
from typing import Final

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from core.errors import (
    ChannelAuthFailed,
    ChannelNotReady,
    LianxinError,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)

os.environ.setdefault("PTB_TIMEDELTA", "true")  # else reading ``retry_after`` warns (python-telegram-bot 22)

# descriptions are no API, but all there is; an unknown one is "refused" with its words
_FORBIDDEN: Final = (
    ("blocked by the user", "blocked_by_contact"),
    ("deactivated", "contact_gone"),
    ("can't initiate", "contact_must_write"),
)
_BAD_REQUEST: Final = (
    ("chat not found", "no_such_address"),
    ("user not found", "no_such_address"),
    ("too long", "too_long"),
    ("file is too big", "file_too_large"),
    ("voice_messages_forbidden", "file_refused"),
)
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def send_error(error: TelegramError) -> SendError | ChannelAuthFailed:  # noqa: PLR0911 - a table
    """Return what is to be done about a message that ``error`` hit."""
    match error:
        case RetryAfter():
            return SendDeferred("throttled", retry_after_s=retry_after_s(error))
        case Forbidden():
            return SendRejected(_code(error, _FORBIDDEN), error.message)
        case BadRequest():
            return SendRejected(_code(error, _BAD_REQUEST), error.message)
        case ChatMigrated():
            return SendRejected("no_such_address", "the chat became another one")
        case InvalidToken():
            return _bad_token()
        case NetworkError() if was_never_sent(error):
            return SendDeferred("unavailable", "Telegram cannot be reached")
        case NetworkError():
            return SendUnknown("connection_lost", "Telegram did not say whether it took the message")
    return SendUnknown("bad_answer", "Telegram's answer makes no sense")


def channel_error(error: TelegramError) -> LianxinError:
    """Return why the channel cannot work now; the token stands in no text."""
    match error:
        case InvalidToken():
            return _bad_token()
        case Conflict():
            return ChannelNotReady("another program fetches this bot's updates: only one may")
        case NetworkError() if not isinstance(error, BadRequest):
            return ChannelNotReady(f"Telegram cannot be reached: {type(error.__cause__ or error).__name__}")
    return ChannelNotReady(f"Telegram refused: {error.message}")


def was_never_sent(error: TelegramError) -> bool:
    """Tell whether the request certainly did not reach Telegram."""
    return isinstance(error.__cause__, _NEVER_SENT)


def retry_after_s(error: RetryAfter) -> float:
    """Return how long Telegram wants us to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _code(error: TelegramError, table: tuple[tuple[str, str], ...]) -> str:
    words = error.message.lower()
    return next((code for part, code in table if part in words), "refused")


def _bad_token() -> ChannelAuthFailed:
    return ChannelAuthFailed("Telegram refused the bot's token: ask @BotFather for the current one")
