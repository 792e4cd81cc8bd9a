"""Web chat: citizens write from a widget on a web page; protocol in docs/plugins/web_chat.md."""

from core.hookspecs import hookimpl
from plugins.web_chat.adapter import WebChatChannel


@hookimpl
def channel_type() -> type[WebChatChannel]:
    """Tell the host what to run."""
    return WebChatChannel
