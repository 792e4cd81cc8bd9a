"""Real mail servers on loopback: Postfix takes what the channel sends, Dovecot holds the mailbox it reads."""

import asyncio
import contextlib
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

USER, PASSWORD = "hotline", "gZ7-open-sesame"
ADDRESS = "hotline@lianxin.test"
NOBODY = "nobody@example.cn"
POSTFIX = shutil.which("postfix", path="/usr/sbin:/usr/bin")
DOVECOT = shutil.which("dovecot", path="/usr/sbin:/usr/bin")
WAIT_S = 30.0
QUIET: dict[str, Any] = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.DEVNULL,
}  # daemons keep pipes open


def missing() -> str:
    """Return why the servers cannot be run, "" when they can."""
    if POSTFIX is None or DOVECOT is None:
        return "needs Postfix and Dovecot: apt-get install postfix dovecot-imapd dovecot-lmtpd"
    return "" if os.geteuid() == 0 else "Postfix starts only as root"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Sink:
    """Stands behind Postfix as its before-queue filter: Postfix says 250 when this one does."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.answers: list[str] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, rcpt_options: Any
    ) -> str:
        if address == NOBODY:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.received.append(envelope.content)
        return "250 2.0.0 taken"


class _Session(SMTP):
    """Postfix passes on whatever parameters it was given, of extensions that this server has not."""

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        await super().smtp_MAIL(re.sub(r"> .*", ">", arg or ""))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        await super().smtp_RCPT(re.sub(r"> .*", ">", arg or ""))


class Filter(Controller):
    """Where Postfix passes each mail on before it says 250."""

    def factory(self) -> SMTP:
        return _Session(self.handler, data_size_limit=80_000_000, decode_data=False)


class FarEnd:
    """One organisation's mail servers, for the contract suite."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mail-"))
        self.folder.chmod(0o755)
        self.smtp, self.imap, self.lmtp, self.filter = (free_port() for _ in range(4))
        self._sink = Sink()
        self._controller: Controller | None = None
        self._is_built = False

    @property
    def received(self) -> list[Any]:
        """Return what citizens would have got: address, subject, text."""
        return [_letter(raw) for raw in self._sink.received]

    @property
    def sent(self) -> list[bytes]:
        """Return the mails as they went out."""
        return self._sink.received

    async def start(self) -> dict[str, Any]:
        await asyncio.to_thread(self._start)
        return {
            "address": ADDRESS,
            "smtp": {"host": "127.0.0.1", "port": self.smtp, "security": "none", "timeout_s": 5.0},
            "mailboxes": [
                {
                    "name": "main",
                    "host": "127.0.0.1",
                    "port": self.imap,
                    "security": "none",
                    "username": USER,
                    "password": PASSWORD,
                    "sent_folder": "Sent",
                    "timeout_s": 5.0,
                }
            ],
            "check_s": 1.0,
        }

    async def stop(self) -> None:
        await asyncio.to_thread(self._stop)

    async def deliver(self, raw: Any) -> None:
        await asyncio.to_thread(self.put, raw)

    def script(self, answer: Any) -> None:
        self._sink.answers.append(answer)

    def put(self, raw: bytes) -> None:
        """Put a mail into the mailbox as the organisation's own server does."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as client:
            client.sendmail("citizen@example.cn", [USER], raw)

    def remove(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        if not self._is_built:
            self._build()
            self._is_built = True
        self._controller = Filter(self._sink, hostname="127.0.0.1", port=self.filter)
        self._controller.start()
        subprocess.run([str(DOVECOT), "-c", str(self.folder / "dovecot.conf")], check=True, **QUIET)
        subprocess.run([str(POSTFIX), "-c", str(self.folder / "postfix"), "start"], check=True, **QUIET)
        for port in (self.smtp, self.imap, self.lmtp):
            until_open(port)

    def _stop(self) -> None:
        if not self._is_built:
            return
        subprocess.run([str(POSTFIX), "-c", str(self.folder / "postfix"), "abort"], check=False, **QUIET)
        with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
            os.kill(int((self.folder / "run" / "master.pid").read_text()), signal.SIGTERM)
        if self._controller is not None:
            self._controller.stop()
            self._controller = None
        for port in (self.smtp, self.imap, self.lmtp):
            _until_closed(port)

    def _build(self) -> None:
        mail = self.folder / "mail"
        owner = pwd.getpwnam("dovecot")
        mail.mkdir()
        os.chown(mail, owner.pw_uid, owner.pw_gid)
        (self.folder / "dovecot.conf").write_text(self._dovecot(owner.pw_uid))
        postfix = self.folder / "postfix"
        for name in ("", "queue", "data"):
            (postfix / name).mkdir()
        os.chown(postfix / "data", pwd.getpwnam("postfix").pw_uid, -1)
        (postfix / "main.cf").write_text(self._main_cf(postfix))
        (postfix / "master.cf").write_text(self._master_cf())

    def _dovecot(self, uid: int) -> str:
        return f"""
protocols = imap lmtp
base_dir = {self.folder}/run
state_dir = {self.folder}/run
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
log_path = {self.folder}/dovecot.log
mail_location = maildir:{self.folder}/mail/%u
first_valid_uid = 1
mail_max_userip_connections = 100
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={self.folder}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {self.lmtp}
  }}
}}
service anvil {{
  chroot =
}}
"""

    def _main_cf(self, postfix: Path) -> str:
        return f"""
compatibility_level = 3.6
queue_directory = {postfix}/queue
data_directory = {postfix}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.lianxin.test
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
    check_recipient_access inline:{{{{{NOBODY} = REJECT 5.1.1 no such user}}}},
    permit_mynetworks, reject
smtpd_proxy_filter = 127.0.0.1:{self.filter}
smtpd_proxy_timeout = 10s
message_size_limit = 90000000
maillog_file = {postfix}/data/mail.log
maillog_file_prefixes = {self.folder}
alias_maps =
import_environment = MAIL_CONFIG
"""

    def _master_cf(self) -> str:
        return f"""
127.0.0.1:{self.smtp} inet n - n - - smtpd
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
anvil     unix  -       -       n       -       1       anvil
postlog   unix-dgram n  -       n       -       1       postlogd
"""


class Relay:
    """The organisation's mail server as one process: takes what the channel sends, sends on to its listener."""

    def __init__(self) -> None:
        self.port, self.listener = free_port(), free_port()
        self._sink = Sink()
        self._controller: Controller | None = None

    @property
    def received(self) -> list[Any]:
        """Return what citizens would have got: address, subject, text."""
        return [_letter(raw) for raw in self._sink.received]

    @property
    def sent(self) -> list[bytes]:
        """Return the mails as they went out."""
        return self._sink.received

    async def start(self) -> dict[str, Any]:
        if self._controller is None:
            self._controller = Controller(self._sink, hostname="127.0.0.1", port=self.port)
            await asyncio.to_thread(self._controller.start)
        return {
            "address": ADDRESS,
            "smtp": {"host": "127.0.0.1", "port": self.port, "security": "none", "timeout_s": 5.0},
            "listener": {"port": self.listener, "recipients": [ADDRESS]},
            "check_s": 0.5,
        }

    async def stop(self) -> None:
        if self._controller is not None:
            controller, self._controller = self._controller, None
            await asyncio.to_thread(controller.stop)

    async def deliver(self, raw: Any) -> None:
        await asyncio.to_thread(self._send, raw)

    def script(self, answer: Any) -> None:
        self._sink.answers.append(answer)

    def remove(self) -> None:
        """Leave nothing: it kept nothing."""

    def _send(self, raw: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.listener, timeout=10) as client:
            client.sendmail("citizen@example.cn", [ADDRESS], raw)


def _letter(raw: bytes) -> tuple[str, str, str]:
    message = BytesParser(policy=default).parsebytes(raw)
    body = message.get_body(("plain",))
    return str(message["To"]), str(message["Subject"]), "" if body is None else body.get_content().strip()


def until_open(port: int) -> None:
    """Return when somebody listens there."""
    for _ in _attempts():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return


def _until_closed(port: int) -> None:
    for _ in _attempts():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return


def _attempts() -> Iterator[int]:
    import time

    until = time.monotonic() + WAIT_S
    number = 0
    while time.monotonic() < until:
        yield number
        number += 1
        time.sleep(0.02)
    raise TimeoutError("the mail servers do not start or stop")
