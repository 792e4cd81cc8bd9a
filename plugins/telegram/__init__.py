"""Telegram: people write to a bot of the hotline's; they need nothing but the app."""

from core.hookspecs import hookimpl
from plugins.telegram.adapter import TelegramChannel


@hookimpl
def channel_type() -> type[TelegramChannel]:
    """Tell the host what to run."""
    return TelegramChannel
