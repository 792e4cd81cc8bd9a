"""SMS: short messages by SMPP, CMPP, Kannel or any HTTP gateway; see README.md."""

from core.hookspecs import hookimpl
from plugins.sms.adapter import SmsChannel


@hookimpl
def channel_type() -> type[SmsChannel]:
    """Tell the host what to run."""
    return SmsChannel
