"""Settings of an e-mail channel."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from core.channel import ChannelConfig
from core.config import Secret, Settings
from core.errors import ConfigInvalid
from plugins.email.addresses import normalized
from plugins.email.texts import text

Security = Literal["tls", "starttls", "none"]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Host = Annotated[str, Meta(min_length=1, max_length=253, pattern=r"\A[A-Za-z0-9.:_\-\[\]]+\Z")]
Line = Annotated[str, Meta(max_length=200, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Server = Annotated[str, Meta(min_length=1, max_length=253, pattern=r"\A[0-9A-Fa-f.:\[\]]+\Z")]  # by its address
Seconds = Annotated[float, Meta(gt=0, le=3_600)]
Positive = Annotated[int, Meta(gt=0)]
# what runs when it is opened; agents need none of it from a citizen
RUNS: Final = (
    *("exe", "com", "scr", "pif", "bat", "cmd", "msi", "msp", "cpl", "jar", "js", "jse", "vbs", "vbe", "wsf", "wsh"),
    *("ps1", "hta", "lnk", "reg", "dll", "chm", "iso", "img", "vhd", "apk", "sh"),
)


class SmtpSettings(Settings, frozen=True, kw_only=True):
    """The server that takes what we send."""

    host: Host
    port: Port = 465
    security: Security = "tls"
    username: Line = ""
    password: Secret = Secret("")
    connections: Annotated[int, Meta(ge=1, le=16)] = 4
    timeout_s: Seconds = 30.0
    ca_file: Line = ""  # of a server with a certificate of its own; empty: the system's authorities


class MailboxSettings(Settings, frozen=True, kw_only=True):
    """A mailbox that is read over IMAP; what was taken is marked as seen, or moved."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    host: Host
    port: Port = 993
    security: Security = "tls"
    username: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
    password: Secret
    folder: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A[^\x00-\x1f\x7f]*\Z")] = "INBOX"
    move_to: Line = ""
    sent_folder: Line = ""  # what was sent is filed there, and looked for after a crash
    poll_s: Annotated[float, Meta(ge=1, le=1_700)] = 120.0  # looked at that often even while IDLE says nothing
    timeout_s: Seconds = 30.0
    ca_file: Line = ""


class ListenerSettings(Settings, frozen=True, kw_only=True):
    """Our own SMTP server, behind the organisation's mail server."""

    host: Host = "127.0.0.1"
    port: Port = 8025
    recipients: Annotated[tuple[Annotated[str, Meta(min_length=3, max_length=200)], ...], Meta(min_length=1)]
    max_connections: Positive = 100
    max_connections_ip: Positive = 50
    timeout_s: Seconds = 60.0
    tls_certificate: Line = ""
    tls_key: Line = ""
    checks_senders: bool = False  # SPF, DKIM and DMARC; only where mails come straight from outside
    dns_servers: tuple[Server, ...] = ()  # host or host:port; empty: the system's


class EmailConfig(ChannelConfig, frozen=True, kw_only=True):
    """One address that writes, and all the ways in."""

    address: Annotated[str, Meta(min_length=3, max_length=200)]
    name: Line = text("name")
    subject: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\A[^\x00-\x1f\x7f]*\Z")] = text("subject")
    smtp: SmtpSettings
    mailboxes: Annotated[tuple[MailboxSettings, ...], Meta(max_length=20)] = ()
    listener: ListenerSettings | None = None
    reply_tokens: bool = False  # Reply-To with +token; only where the server delivers name+detail
    trusted_servers: tuple[Line, ...] = ()  # authserv-ids whose Authentication-Results are believed
    automatic_per_day: Annotated[int, Meta(ge=0, le=1_000)] = 20  # automatic mails to one address
    max_mail_bytes: Annotated[int, Meta(ge=65_536, le=157_286_400)] = 62_914_560
    max_attachment_bytes: Annotated[int, Meta(ge=1_024, le=20_971_520)] = 20_971_520
    refused_types: tuple[Annotated[str, Meta(pattern=r"\A[a-z0-9]{1,10}\Z")], ...] = RUNS
    clamd: Line = ""  # host:port, or the path of clamd's socket; empty: nothing is scanned
    check_s: Seconds = 30.0

    def __post_init__(self) -> None:
        faults: dict[str, str] = {}
        try:
            normalized(self.address)
        except ValueError as error:
            faults["address"] = str(error)
        if len({mailbox.name for mailbox in self.mailboxes}) < len(self.mailboxes):
            faults["mailboxes"] = "give each mailbox a name of its own"
        if self.listener is not None:
            if bool(self.listener.tls_certificate) != bool(self.listener.tls_key):
                faults["listener.tls_key"] = "certificate and key go together"
            for number, recipient in enumerate(self.listener.recipients):
                if not _is_recipient(recipient):
                    faults[f"listener.recipients[{number}]"] = "an address, or @domain for all of it"
        if self.clamd and not self.clamd.startswith("/") and not self.clamd.rpartition(":")[2].isdigit():
            faults["clamd"] = "host:port, or the path of a socket"
        if faults:
            raise ConfigInvalid(faults)


def _is_recipient(text: str) -> bool:
    try:
        normalized(f"x{text}" if text.startswith("@") else text)
    except ValueError:
        return False
    return True
