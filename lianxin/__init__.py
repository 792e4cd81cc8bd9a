"""The public face of Lianxin: everything a plugin outside this repository imports."""

from lianxin.guard import check_names

check_names()

from core.channel import Channel, ChannelConfig, FindsSent, Link, ServesHttp, ShowsTyping  # noqa: E402
from core.config import Secret  # noqa: E402
from core.errors import (  # noqa: E402
    BusUnavailable,
    ChannelAuthFailed,
    ChannelNotReady,
    ConfigInvalid,
    LianxinError,
    RequestFailed,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from core.events import (  # noqa: E402
    Attachment,
    ChannelState,
    Choice,
    ContactArrived,
    History,
    HistoryMessage,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    Profile,
    SendMessage,
    TypingReported,
    TypingShown,
)
from core.hookspecs import hookimpl  # noqa: E402

__all__ = [
    "Attachment",
    "BusUnavailable",
    "Channel",
    "ChannelAuthFailed",
    "ChannelConfig",
    "ChannelNotReady",
    "ChannelState",
    "Choice",
    "ConfigInvalid",
    "ContactArrived",
    "FindsSent",
    "History",
    "HistoryMessage",
    "LianxinError",
    "Link",
    "MessageReceived",
    "MessageStatus",
    "MessagesRead",
    "Profile",
    "RequestFailed",
    "Secret",
    "SendDeferred",
    "SendError",
    "SendMessage",
    "SendRejected",
    "SendUnknown",
    "ServesHttp",
    "ShowsTyping",
    "TypingReported",
    "TypingShown",
    "hookimpl",
]
