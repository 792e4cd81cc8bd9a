"""WeChat: people write to the hotline's official account, or to its customer service (WeCom)."""

from core.hookspecs import hookimpl
from plugins.wechat.adapter import WeChatChannel


@hookimpl
def channel_type() -> type[WeChatChannel]:
    """Tell the host what to run."""
    return WeChatChannel
