"""The bus as the rest of the house sees it: typed publish, request, respond, subscribe and consume."""

import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Any, Final, Self, TypeVar, overload

import msgspec
import nats.errors

from core.bus import abandoned, dead_letters, declare, inspection, publishing, requests
from core.bus.buckets import Values
from core.bus.caution import Caution, InHand
from core.bus.connection import Callback, Connection
from core.bus.consumption import Consumption, Handler
from core.bus.dead_letters import Parked
from core.bus.deliveries import Undecodable, open_envelope
from core.bus.feeds import feed
from core.bus.handlers import OnEvent, OnMessage, OnQuestion, answering, listening
from core.bus.inspection import StreamState
from core.bus.settings import BusSettings
from core.bus.subscriptions import Subscription
from core.bus.wire import Payload, check_answer, check_size, decode, encode
from core.clock import Clock, SystemClock
from core.errors import RequestFailed
from core.events import Event, seal
from core.ids import new_id
from core.streams import IN_HAND, STATE, Bucket, Consumer, Stream
from core.subjects import fill, subject

log = logging.getLogger(__name__)

PUBLISH_TIMEOUT_S: Final = 5.0
REQUEST_TIMEOUT_S: Final = 5.0

T = TypeVar("T")
EventT = TypeVar("EventT", bound=Event)

_encoder = msgspec.json.Encoder()


class Bus:
    """A connected process's way to everything else."""

    def __init__(self, connection: Connection, *, source: str, clock: Clock, replicas: int) -> None:
        self._connection = connection
        self._source = source
        self._clock = clock
        self._replicas = replicas
        self._subscriptions: list[Subscription] = []
        self._consumptions: list[Consumption] = []

    @classmethod
    async def connect(cls, settings: BusSettings, *, source: str, clock: Clock | None = None) -> Self:
        """Return a connected bus; BusUnavailable when there is none within ``connect_timeout_s``.

        ``source`` is what envelopes name as their origin: "hub", or the instance.
        """
        connection = Connection(settings, name=source)
        await connection.open()
        return cls(connection, source=source, clock=clock or SystemClock(), replicas=settings.replicas)

    async def close(self) -> None:
        """Stop consuming, let running handlers of subscriptions end, and leave."""
        try:
            for consumption in self._consumptions:
                await consumption.close()
            for subscription in self._subscriptions:
                await subscription.close()
        finally:
            await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def is_connected(self) -> bool:
        """Tell whether the server can be reached now, as far as known."""
        return self._connection.is_up

    async def wait_closed(self) -> None:
        """Return when the connection is over for good, after ``close`` or because the server expelled us."""
        await self._connection.wait_closed()

    def on_reconnect(self, callback: Callback) -> Callback:
        """Call ``callback`` whenever a broken connection is back; the returned function takes it back."""
        return self._connection.on_reconnect(callback)

    # what happened, and orders

    async def publish(
        self,
        event: Event,
        id: str,  # noqa: A002 - the grammar's own word
        *,
        msg_id: str,
        conversation_id: str | None = None,
        cause_id: str | None = None,
        timeout_s: float = PUBLISH_TIMEOUT_S,
    ) -> None:
        """Return once JetStream has stored ``event`` about ``id``; the same ``msg_id`` is stored once.

        BusUnavailable after ``timeout_s``: it may or may not be stored, so repeat it with the same ``msg_id``.
        """
        payload = self.envelope(event, msg_id=msg_id, conversation_id=conversation_id, cause_id=cause_id)
        await self.publish_raw(subject(type(event), id), payload, msg_id=msg_id, timeout_s=timeout_s)

    async def publish_raw(
        self, subject: str, payload: bytes, *, msg_id: str, timeout_s: float = PUBLISH_TIMEOUT_S
    ) -> None:
        """Publish an envelope that is already JSON; otherwise like ``publish``."""
        check_size(payload)
        await publishing.publish(self._connection, subject, payload, msg_id=msg_id, timeout_s=timeout_s)

    async def publish_together(self, messages: Sequence[publishing.Message]) -> bool:
        """Store envelopes for one stream, each a subject, JSON and message id, with one wait for the server's disk.

        False when the server did not take them all at once: then ``publish_raw`` each, with the same ids. Of use
        from some twenty messages on; a batch costs the server about as much as twelve single ones.
        """
        return await publishing.publish_together(self._connection, messages)

    def envelope(
        self, event: Event, *, msg_id: str, conversation_id: str | None = None, cause_id: str | None = None
    ) -> bytes:
        """Return ``event`` as ``publish`` would send it now, for an outbox."""
        envelope = seal(
            event,
            id=msg_id,
            source=self._source,
            time=self._clock.now(),
            conversation_id=conversation_id,
            cause_id=cause_id,
        )
        return _encoder.encode(envelope)

    async def signal(self, event: Event, id: str) -> None:  # noqa: A002 - the grammar's own word
        """Tell whoever listens now; nothing is stored and nothing is repeated."""
        payload = self.envelope(event, msg_id=new_id())
        check_size(payload)
        if not self.is_connected:
            return
        try:
            await self._connection.nats.publish(subject(type(event), id), payload)
        except nats.errors.Error as error:
            log.debug("signal lost: %s", error)

    # questions

    async def request(
        self,
        subject: str,
        payload: Payload,
        *,
        reply: type[T],
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> T:
        """Return the answer as ``reply``: a struct, ``bytes``, or ``Raw`` for bytes with headers.

        RequestFailed with the other side's code when it refuses; BusUnavailable when nobody answers in time.
        A question to which nobody listens yet is asked again; one whose answer got lost is not.
        """
        answer = await requests.ask(self._connection, subject, encode(payload), timeout_s=timeout_s)
        check_answer(answer)
        try:
            return decode(answer, reply)
        except msgspec.MsgspecError as error:
            raise RequestFailed("bad_answer", f"{subject}: {error}") from error

    async def respond(
        self,
        pattern: str,
        handler: OnQuestion[T],
        *,
        request: type[T],
        concurrency: int = 16,
        group: str = "respond",
    ) -> Subscription:
        """Answer what is asked on ``pattern`` with what ``handler(id, question)`` returns.

        ``{id}`` in ``pattern`` means any id; of several processes in one ``group`` one answers. A LianxinError
        of the handler goes back with its code; any other is logged and goes back as "internal".
        """
        handle = answering(self._connection, handler, request)
        return await self._subscribe(pattern, handle, group=group, concurrency=concurrency)

    # listening

    async def subscribe(
        self,
        pattern: str,
        handler: OnEvent,
        *,
        concurrency: int = 16,
        group: str = "",
    ) -> Subscription:
        """Call ``handler(envelope, event, id)`` for what is said from now on; what is missed is missed."""
        handle = listening(handler)
        return await self._subscribe(pattern, handle, group=group, concurrency=concurrency)

    async def _subscribe(self, pattern: str, handle: OnMessage, *, group: str, concurrency: int) -> Subscription:
        subscription = Subscription(self._connection, handle, concurrency=concurrency)
        self._subscriptions.append(subscription)
        await subscription.open(fill(pattern, "*"), group=group)
        return subscription

    def consume(
        self,
        stream: str,
        durable: str,
        handler: Handler,
        *,
        batch: int = 64,
        max_in_flight: int = 256,
        concurrency: int = 1,
        rewinds: bool = True,
        is_cautious: bool = False,
    ) -> Consumption:
        """Start handing the messages of a durable consumer to ``handler``; see ``Consumption``.

        ``is_cautious`` is for the hub, one batch at a time: it notes in bucket IN_HAND what it hands over first.
        """
        if is_cautious and concurrency != 1:
            raise ValueError("a cautious consumption handles one batch at a time")
        caution = Caution(self.bucket(IN_HAND, InHand), f"{stream}.{durable}") if is_cautious else None
        consumption = Consumption(
            self._connection,
            self._clock,
            handler,
            stream=stream,
            durable=durable,
            batch=batch,
            max_in_flight=max_in_flight,
            concurrency=concurrency,
            rewinds=rewinds,
            caution=caution,
        )
        self._consumptions.append(consumption)
        return consumption

    @overload
    def bucket(self, bucket: Bucket) -> Values[bytes]: ...

    @overload
    def bucket(self, bucket: Bucket, kind: type[T]) -> Values[T]: ...

    def bucket(self, bucket: Bucket, kind: type[Any] = bytes) -> Values[Any]:
        """Return a key-value bucket; its values are ``bytes`` as they are, or ``kind`` as JSON."""
        return Values(self._connection, bucket, kind)

    async def follow(self, kind: type[EventT]) -> AsyncGenerator[tuple[str, EventT], None]:
        """Yield the last stored event of this kind by id, then every new one; after a break the last ones again.

        For kinds kept in stream STATE.
        """
        async with aclosing(feed(self._connection, STATE.name, subject(kind, "*"))) as batches:
            async for messages in batches:
                for message in messages:
                    try:
                        subject_id, _, event = open_envelope(message.subject, message.data)
                    except Undecodable as error:
                        log.warning("dropped from %s: %s", message.subject, error)
                        continue
                    if isinstance(event, kind):
                        yield subject_id, event

    # the hub's part

    async def ensure(
        self,
        streams: Iterable[Stream] = (),
        buckets: Iterable[Bucket] = (),
        consumers: Iterable[Consumer] = (),
    ) -> None:
        """Make streams, buckets and consumers what they are declared to be; only the hub may."""
        for stream in streams:
            await declare.ensure_stream(self._connection, stream, replicas=self._replicas)
        for bucket in buckets:
            await declare.ensure_bucket(self._connection, bucket, replicas=self._replicas)
        for consumer in consumers:
            await declare.ensure_consumer(self._connection, consumer)

    async def remove_consumer(self, consumer: Consumer) -> None:
        """Remove a consumer whose reader is gone for good; no harm when it is gone already."""
        await declare.remove_consumer(self._connection, consumer)

    async def oldest(self, stream: str, kind: type[EventT], id: str) -> tuple[int, EventT | None] | None:  # noqa: A002
        """Return sequence number and event of the oldest message of a work queue that nobody reads any more.

        None when there is none; without event when it is none of this ``kind`` about ``id``.
        """
        topic = subject(kind, id)
        if (found := await abandoned.oldest(self._connection, stream, topic)) is None:
            return None
        try:
            _, _, event = open_envelope(topic, found[1])
        except Undecodable:
            return found[0], None
        return found[0], event if isinstance(event, kind) else None

    async def remove(self, stream: str, seq: int) -> None:
        """Take a message away from a stream for good; no harm when it is gone already."""
        await abandoned.remove(self._connection, stream, seq)

    async def trim(self, stream: Stream, consumer: Consumer, *, above_bytes: int) -> bool:
        """Forget what ``consumer`` has handled when ``stream`` holds more than ``above_bytes``; tell whether it did."""
        return await declare.trim(self._connection, stream, consumer, above_bytes=above_bytes)

    async def inspect(self, stream: str) -> StreamState | None:
        """Return what ``stream`` holds and how far its readers lag, or None when there is no such stream."""
        return await inspection.inspect(self._connection, stream)

    async def dead_letters(self, *, limit: int = 50, before: int | None = None) -> list[Parked]:
        """Return the newest parked messages, newest first; ``before`` is the ``seq`` where the last page ended."""
        return await dead_letters.read(self._connection, limit=limit, before=before)

    async def replay(self, seq: int) -> None:
        """Publish a parked message again where it was; RequestFailed "not_found" when there is none."""
        await dead_letters.replay(self._connection, seq)

    async def discard(self, seq: int) -> None:
        """Take a parked message away for good."""
        await dead_letters.discard(self._connection, seq)
