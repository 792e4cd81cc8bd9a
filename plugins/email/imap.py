"""Reads a mailbox over IMAP (RFC 9051) as mails arrive (IDLE, RFC 2177), in a thread of its own.

A mail is marked as seen, or moved, only when the hub has it; what was not is taken again. What counts as new is
what is not seen, and what came after the last one taken, however a person's mail program marked it since.
"""

import asyncio
import contextlib
import json
import logging
import re
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import imapclient  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError  # type: ignore[import-untyped]

from core.backoff import Backoff
from core.errors import ChannelAuthFailed, ChannelNotReady, TryLater
from core.ids import derived_id
from plugins.email.config import MailboxSettings
from plugins.email.outgoing import tls_context

log = logging.getLogger(__name__)
logging.getLogger("imapclient").setLevel(logging.INFO)  # below that it writes down what people wrote

Take = Callable[[bytes | Path], Awaitable[None]]
CHUNK_BYTES: Final = 1_048_576
BATCH: Final = 50
STOP_S: Final = 0.5
# After a mail it is looked again soon: Dovecot's IDLE overlooks what comes in the very second in which it begins
LOOKS_S: Final = (0.5, 1.0, 5.0, 20.0)
MAX_IDLE_S: Final = 1_700.0  # servers may hang up after 30 minutes (RFC 2177)
_NOT_NOW: Final = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)  # RFC 5530
_FAULTS: Final = (IMAPClientError, OSError, ssl.SSLError, ValueError, AssertionError)


class Mailbox:
    """One folder that is read; ``take`` is awaited on the loop for each mail, one after the other."""

    def __init__(self, settings: MailboxSettings, folder: Path, take: Take, *, max_bytes: int) -> None:
        self._settings = settings
        self._folder = folder
        self._take = take
        self._max_bytes = max_bytes
        self._state = folder / f"mailbox-{derived_id(settings.name)[:12]}.json"
        self._stopping = threading.Event()
        self._client: imapclient.IMAPClient | None = None
        self._taking: Any = None
        self._last = 0

    async def watch(self, on_ready: Callable[[], None]) -> None:
        """Read until cancelled; ChannelNotReady or ChannelAuthFailed when the server does not let us."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        self._stopping.clear()

        def serve() -> None:
            try:
                self._serve(loop, on_ready)
            except BaseException as error:
                _tell(loop, ended, error)
            else:
                _tell(loop, ended, None)

        thread = threading.Thread(target=serve, name=f"imap-{self._settings.name}", daemon=True)
        thread.start()
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            self._cut()
            with contextlib.suppress(TimeoutError, Exception):
                async with asyncio.timeout(STOP_S):
                    await asyncio.shield(ended)
            raise

    async def check(self) -> None:
        """Return when the server lets us in; ChannelNotReady or ChannelAuthFailed when it does not."""
        await asyncio.to_thread(self._check)

    async def file(self, message: bytes) -> None:
        """Put ``message`` into the folder of sent mails."""
        await asyncio.to_thread(self._file, message)

    async def find(self, message_id: str) -> bool:
        """Whether the folder of sent mails holds this Message-ID."""
        return await asyncio.to_thread(self._find, message_id)

    # in the thread

    def _serve(self, loop: asyncio.AbstractEventLoop, on_ready: Callable[[], None]) -> None:
        with self._connected(is_writable=True) as client:
            loop.call_soon_threadsafe(on_ready)
            has_idle = client.has_capability("IDLE")
            quiet = 0
            backoff = Backoff(first_s=0.5, limit_s=30.0)
            while not self._stopping.is_set():
                _forget_news(client)
                try:
                    taken = self._take_new(client, loop)
                except TryLater as error:
                    log.warning("mailbox %s waits: %s", self._settings.name, error.code)
                    self._stopping.wait(backoff.next_s())
                    continue
                backoff.reset()
                if _has_news(client):
                    continue
                quiet = 0 if taken else quiet + 1
                wait_s = min(LOOKS_S[quiet] if quiet < len(LOOKS_S) else MAX_IDLE_S, self._settings.poll_s)
                if has_idle:
                    self._idle(client, wait_s)
                else:
                    self._stopping.wait(wait_s)
                    client.noop()

    def _idle(self, client: imapclient.IMAPClient, wait_s: float) -> None:
        client.idle()
        try:
            client.idle_check(timeout=wait_s)
        finally:
            with contextlib.suppress(*_FAULTS):
                client.idle_done()

    def _take_new(self, client: imapclient.IMAPClient, loop: asyncio.AbstractEventLoop) -> int:
        """Take what is new; return how many mails that were."""
        uids = self._new_uids(client)
        for start in range(0, len(uids), BATCH):
            batch = uids[start : start + BATCH]
            sizes = client.fetch(batch, ["RFC822.SIZE"])
            for uid in batch:
                if self._stopping.is_set():
                    return start
                if uid not in sizes:
                    continue  # gone meanwhile
                self._take_one(client, loop, uid, int(sizes[uid][b"RFC822.SIZE"]))
        return len(uids)

    def _take_one(self, client: imapclient.IMAPClient, loop: asyncio.AbstractEventLoop, uid: int, size: int) -> None:
        path = self._folder / f"mail-{threading.get_ident()}-{uid}.eml"
        try:
            raw = self._fetch(client, uid, size, path)
            if raw is not None:
                self._taking = asyncio.run_coroutine_threadsafe(_awaited(self._take(raw)), loop)
                self._taking.result()
        finally:
            path.unlink(missing_ok=True)
        if self._settings.move_to:
            self._move(client, uid)
        else:
            client.add_flags([uid], [imapclient.SEEN], silent=True)
        if uid > self._last:
            self._last = uid
            self._state.write_text(json.dumps({"uidvalidity": self._uidvalidity, "last": uid}))

    def _fetch(self, client: imapclient.IMAPClient, uid: int, size: int, path: Path) -> bytes | Path | None:
        """Return the mail, a big one as a file fetched in pieces; what is beyond all bounds ends there."""
        if size <= CHUNK_BYTES:
            answer = client.fetch([uid], ["BODY.PEEK[]"])
            return answer[uid][b"BODY[]"] if uid in answer else None
        with path.open("wb") as file:
            for offset in range(0, min(size, self._max_bytes), CHUNK_BYTES):
                answer = client.fetch([uid], [f"BODY.PEEK[]<{offset}.{CHUNK_BYTES}>"])
                if uid not in answer:
                    return None
                file.write(answer[uid][b"BODY[]<%d>" % offset])
        return path

    def _new_uids(self, client: imapclient.IMAPClient) -> list[int]:
        if self._settings.move_to:
            return sorted(client.search(["UNDELETED"]))
        uids = set(client.search(["UNSEEN", "UNDELETED"]))
        if self._last:
            # n:* always names the newest mail, even one below n
            uids |= {uid for uid in client.search(["UID", f"{self._last + 1}:*"]) if uid > self._last}
        return sorted(uids)

    def _move(self, client: imapclient.IMAPClient, uid: int) -> None:
        if client.has_capability("MOVE"):
            client.move([uid], self._settings.move_to)
            return
        client.copy([uid], self._settings.move_to)
        client.delete_messages([uid], silent=True)
        client.expunge([uid]) if client.has_capability("UIDPLUS") else client.expunge()

    @contextlib.contextmanager
    def _connected(self, *, is_writable: bool = False) -> Iterator[imapclient.IMAPClient]:
        client = None
        try:
            client = self._connect()
            if is_writable:
                self._client = client
                self._select(client)
            yield client
        except LoginError as error:
            if isinstance(error.__context__, IMAPClientAbortError) or _NOT_NOW.search(str(error)):
                raise ChannelNotReady(f"mailbox {self._settings.name}: {error}") from error
            raise ChannelAuthFailed(
                f"mailbox {self._settings.name}: the server refused the user or password"
            ) from error
        except _FAULTS as error:
            raise ChannelNotReady(f"mailbox {self._settings.name}: {error}") from error
        finally:
            if is_writable:
                self._client = None
            if client is not None:
                with contextlib.suppress(*_FAULTS):
                    client.shutdown()

    def _connect(self) -> imapclient.IMAPClient:
        settings = self._settings
        tls = tls_context(settings.ca_file) if settings.security != "none" else None
        client = imapclient.IMAPClient(
            settings.host,
            port=settings.port,
            ssl=settings.security == "tls",
            ssl_context=tls,
            timeout=imapclient.SocketTimeout(connect=min(10.0, settings.timeout_s), read=settings.timeout_s),
        )
        try:
            if settings.security == "starttls":
                client.starttls(tls)
            client.login(settings.username, settings.password.reveal())
        except BaseException:
            with contextlib.suppress(*_FAULTS):
                client.shutdown()
            raise
        return client

    def _select(self, client: imapclient.IMAPClient) -> None:
        self._uidvalidity = int(client.select_folder(self._settings.folder)[b"UIDVALIDITY"])
        if self._settings.move_to and not client.folder_exists(self._settings.move_to):
            client.create_folder(self._settings.move_to)
        self._last = 0
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self._state.read_text())
            if kept["uidvalidity"] == self._uidvalidity:  # else the numbers mean other mails
                self._last = int(kept["last"])

    def _check(self) -> None:
        with self._connected() as client:
            client.select_folder(self._settings.folder, readonly=True)

    def _file(self, message: bytes) -> None:
        with self._connected() as client:
            if not client.folder_exists(self._settings.sent_folder):
                client.create_folder(self._settings.sent_folder)
            client.append(self._settings.sent_folder, message, [imapclient.SEEN])

    def _find(self, message_id: str) -> bool:
        with self._connected() as client:
            if not client.folder_exists(self._settings.sent_folder):
                return False
            client.select_folder(self._settings.sent_folder, readonly=True)
            return bool(client.search(["HEADER", "Message-ID", message_id]))

    def _cut(self) -> None:
        """Make the thread end wherever it waits."""
        self._stopping.set()
        if self._taking is not None:
            self._taking.cancel()
        client = self._client
        if client is not None:
            # not client.shutdown(): closing its file would wait for the thread that reads from it
            with contextlib.suppress(*_FAULTS):
                client.socket().shutdown(socket.SHUT_RDWR)


def _forget_news(client: imapclient.IMAPClient) -> None:
    """Forget the count of mails that the server told with earlier answers."""
    client._imap.untagged_responses.pop("EXISTS", None)


def _has_news(client: imapclient.IMAPClient) -> bool:
    """Whether a mail came during the last commands: the server told it then and will not tell it again in IDLE."""
    return bool(client._imap.untagged_responses.get("EXISTS"))


async def _awaited(taking: Awaitable[None]) -> None:
    await taking


def _tell(loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None], error: BaseException | None) -> None:
    def tell() -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(None)
        elif isinstance(error, Exception):
            ended.set_exception(error)
            ended.exception()  # it was heard, even when nobody waits any more
        else:
            ended.set_exception(ChannelNotReady(f"reading was broken off: {type(error).__name__}"))

    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(tell)
