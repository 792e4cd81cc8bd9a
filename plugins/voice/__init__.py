"""Telephone calls over Asterisk; see README.md."""

from core.hookspecs import hookimpl
from plugins.voice.adapter import Voice


@hookimpl
def channel_type() -> type[Voice]:
    """Tell the host what to run."""
    return Voice
