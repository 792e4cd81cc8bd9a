"""The public face of Lianxin: everything a plugin outside this repository imports."""

from lianxin.guard import check_names

check_names()  # before anything of ours is imported under a name that may be somebody else's

from core.backoff import Backoff
from core.channel import Channel, ChannelConfig, FindsSent, Link, ServesHttp, ShowsTyping
from core.clock import Clock, SystemClock
from core.config import Secret, Settings
from core.errors import (
    BusUnavailable,
    ChannelAuthFailed,
    ChannelNotReady,
    ConfigInvalid,
    LianxinError,
    PayloadTooLarge,
    RequestFailed,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from core.events import (
    Attachment,
    ChannelState,
    Choice,
    ContactArrived,
    ContactView,
    Event,
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
from core.events.messages import MessageState
from core.hookspecs import hookimpl
from core.ids import check_token, derived_id
from core.webhooks import Refused, Route, Routes

__all__ = [
    "Attachment",
    "Backoff",
    "BusUnavailable",
    "Channel",
    "ChannelAuthFailed",
    "ChannelConfig",
    "ChannelNotReady",
    "ChannelState",
    "Choice",
    "Clock",
    "ConfigInvalid",
    "ContactArrived",
    "ContactView",
    "Event",
    "FindsSent",
    "History",
    "HistoryMessage",
    "LianxinError",
    "Link",
    "MessageReceived",
    "MessageState",
    "MessageStatus",
    "MessagesRead",
    "PayloadTooLarge",
    "Profile",
    "Refused",
    "RequestFailed",
    "Route",
    "Routes",
    "Secret",
    "SendDeferred",
    "SendError",
    "SendMessage",
    "SendRejected",
    "SendUnknown",
    "ServesHttp",
    "Settings",
    "ShowsTyping",
    "SystemClock",
    "TypingReported",
    "TypingShown",
    "check_token",
    "derived_id",
    "hookimpl",
]
