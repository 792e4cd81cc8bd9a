"""The channel: rules that hold for every carrier around the one backend the settings choose."""

import asyncio
import contextlib
import logging
import time
from typing import Final
from zoneinfo import ZoneInfo

from core.backoff import Backoff
from core.channel import Channel, Link, ServesHttp
from core.clock import Clock, SystemClock
from core.errors import ChannelNotReady, SendDeferred, SendRejected, TryLater
from core.events import Carries, ChannelState, SendMessage
from core.webhooks import Routes
from plugins.sms.arrivals import Arrivals
from plugins.sms.backends import Backend, Part
from plugins.sms.backends.making import make_backend
from plugins.sms.config import SmsConfig
from plugins.sms.hours import quiet_for_s
from plugins.sms.inbox import Inbox
from plugins.sms.journal import Journal, JournalFailed
from plugins.sms.long_messages import LongMessages
from plugins.sms.numbers import canonical
from plugins.sms.outbox import Outbox
from plugins.sms.outgoing import parts_of
from plugins.sms.pace import MAX_WAIT_S

log = logging.getLogger(__name__)

TIDY_S: Final = 5.0
MIN_UNDER_WAY: Final = 64
MAX_UNDER_WAY: Final = 256
SEND_S: Final = 55.0  # the host gives a send 60 s


class SmsChannel(Channel[SmsConfig], ServesHttp):
    """One carrier; ``run`` holds the connection and the journal that ``send`` needs."""

    config_type = SmsConfig
    concurrency = MIN_UNDER_WAY

    def __init__(self, config: SmsConfig, link: Link, *, clock: Clock | None = None) -> None:
        super().__init__(config, link)
        self._clock = clock or SystemClock()
        self._backend: Backend = make_backend(config.backend)
        # while a window's worth is with the carrier, as much is written down before and after
        self.concurrency = min(max(MIN_UNDER_WAY, 2 * self._backend.window), MAX_UNDER_WAY)
        self._outbox: Outbox | None = None

    @property
    def carries(self) -> Carries:
        return Carries(
            files=(),
            segments=self.config.max_parts,
            alphabets=tuple(alphabet.name for alphabet in self._backend.alphabets),
            reference_bits=16 if self._backend.is_16_bit else 8,
        )

    async def run(self) -> None:
        config = self.config
        try:
            journal = await asyncio.to_thread(Journal, self.link.data_dir)
        except JournalFailed as error:
            raise ChannelNotReady(f"cannot keep the journal: {error}") from error
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(journal.close)
            outbox = Outbox(journal, self._clock, self.emit, self._backend, config.receipt_days)
            inbox = Inbox(
                config,
                self.emit,
                arrivals=Arrivals(journal, self._clock),
                long_messages=LongMessages(journal, self._clock, config.parts_wait_s),
                outbox=outbox,
                decode=self._backend.decode,
            )
            try:
                await inbox.load()
            except JournalFailed as error:
                raise ChannelNotReady(f"cannot read the journal: {error}") from error
            tidying = asyncio.create_task(_tidy(inbox, outbox))
            stack.push_async_callback(_end, tidying)
            self._outbox = outbox
            try:
                await self._backend.run(inbox, self._ready)
            finally:
                self._outbox = None

    async def send(self, message: SendMessage) -> str:
        outbox = self._outbox
        if outbox is None:
            raise SendDeferred("not_connected")
        recipient = self._recipient(message)
        self._keep_quiet(message)
        parts = parts_of(message, recipient, self.config, self._backend)
        taken = await outbox.accepted(message.message_id) if len(parts) > 1 else {}
        limit = time.monotonic() + SEND_S
        for number, part in enumerate(parts, 1):
            if number not in taken:
                taken[number] = await self._submit(part, limit)
                await outbox.accept(part, taken[number])
        return taken[1]

    def normalize(self, address: str) -> str:
        return canonical(address, self.config.region)

    async def probe(self) -> None:
        await self._backend.probe()

    def routes(self) -> Routes:
        return self._backend.routes()

    async def _ready(self) -> None:
        await self.emit(ChannelState(state="ready"))

    def _recipient(self, message: SendMessage) -> str:
        try:
            return self.normalize(message.recipient)
        except ValueError as error:
            raise SendRejected("bad_address", "not a phone number") from error

    def _keep_quiet(self, message: SendMessage) -> None:
        quiet = self.config.quiet_hours
        if quiet is None or message.sender_kind != "system":
            return
        wait_s = quiet_for_s(self._clock.now(), quiet.start, quiet.end, ZoneInfo(self.config.timezone))
        if wait_s:
            raise SendDeferred("quiet_hours", retry_after_s=wait_s, lets_pass=True)

    async def _submit(self, part: Part, limit: float) -> str:
        """Submit one part, again and again while the carrier throttles and there is time for one more answer.

        A message with parts left when the time is over goes on with them at the next try.
        """
        backoff = Backoff(first_s=0.5, limit_s=5.0)
        attempt_s = MAX_WAIT_S + 2 * self.config.backend.answer_s  # for a turn, for room in the window, for the answer
        while True:
            if time.monotonic() + attempt_s > limit:
                raise SendDeferred("unavailable", "the far end is slow")
            try:
                return await self._backend.submit(part)
            except SendDeferred as deferred:
                if deferred.code != "throttled" or deferred.retry_after_s is not None:
                    raise
                wait_s = backoff.next_s()
                if time.monotonic() + wait_s + attempt_s > limit:
                    raise
                await asyncio.sleep(wait_s)


async def _tidy(inbox: Inbox, outbox: Outbox) -> None:
    while True:
        try:
            await inbox.tidy()
            await outbox.tidy()
        except TryLater as error:
            log.info("tidying waits: %s", error)
        except Exception:
            log.exception("tidying failed")
        await asyncio.sleep(TIDY_S)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
