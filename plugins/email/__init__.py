"""E-mail: out by SMTP, in from IMAP mailboxes and by an SMTP listener of its own."""

from core.hookspecs import hookimpl
from plugins.email.adapter import EmailChannel


@hookimpl
def channel_type() -> type[EmailChannel]:
    """Tell the host what to run."""
    return EmailChannel
