"""Making streams, buckets and consumers what ``core.streams`` says; the hub's part alone."""

from typing import Any, Final

import msgspec
from nats.js import api as js

from core.bus.api import STREAM_NOT_FOUND, Done, call
from core.bus.connection import Connection
from core.errors import RequestFailed
from core.streams import Bucket, Consumer, Stream

CONSUMER_NOT_FOUND: Final = "jetstream_10014"


async def ensure_stream(connection: Connection, stream: Stream, *, replicas: int) -> None:
    """Create ``stream``, or bring its limits up to date; what it holds stays."""
    config = js.StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=js.RetentionPolicy.WORK_QUEUE if stream.is_work_queue else js.RetentionPolicy.LIMITS,
        max_age=stream.max_age_s,
        max_bytes=stream.max_bytes,
        discard=js.DiscardPolicy.NEW if stream.refuses_when_full else js.DiscardPolicy.OLD,
        max_msgs_per_subject=stream.max_per_subject,
        duplicate_window=stream.duplicate_window_s,
        storage=js.StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
    )
    await _ensure(connection, stream.name, config.as_dict())


async def ensure_bucket(connection: Connection, bucket: Bucket, *, replicas: int) -> None:
    """Create ``bucket``, or bring its limits up to date; its values stay."""
    name = f"KV_{bucket.name}"
    config = js.StreamConfig(
        name=name,
        subjects=[f"$KV.{bucket.name}.>"],
        max_age=bucket.ttl_s,
        max_msgs_per_subject=1,
        duplicate_window=min(120.0, bucket.ttl_s or 120.0),
        storage=js.StorageType.FILE,
        num_replicas=replicas,
        discard=js.DiscardPolicy.NEW,
        allow_rollup_hdrs=True,
        allow_direct=True,
        deny_delete=True,
    )
    await _ensure(connection, name, config.as_dict())


class _Kept(msgspec.Struct, frozen=True):
    bytes: int = 0


class _StreamInfo(msgspec.Struct, frozen=True):
    state: _Kept


class _Floor(msgspec.Struct, frozen=True):
    stream_seq: int = 0


class _ConsumerInfo(msgspec.Struct, frozen=True):
    ack_floor: _Floor


async def trim(connection: Connection, stream: Stream, consumer: Consumer, *, above_bytes: int) -> bool:
    """Forget what ``consumer`` has handled, when ``stream`` holds more than ``above_bytes``; tell whether it did."""
    kept = await call(connection, f"STREAM.INFO.{stream.name}", None, _StreamInfo)
    if kept.state.bytes <= above_bytes:
        return False
    handled = await call(connection, f"CONSUMER.INFO.{stream.name}.{consumer.name}", None, _ConsumerInfo)
    await call(connection, f"STREAM.PURGE.{stream.name}", {"seq": handled.ack_floor.stream_seq + 1}, Done)
    return True


async def ensure_consumer(connection: Connection, consumer: Consumer) -> None:
    """Create ``consumer``, or bring it up to date; its place in the stream stays."""
    config = js.ConsumerConfig(
        durable_name=consumer.name,
        ack_policy=js.AckPolicy.EXPLICIT,
        ack_wait=consumer.ack_wait_s,
        max_ack_pending=consumer.max_ack_pending,
        filter_subject=consumer.filter_subject or None,
        filter_subjects=list(consumer.filter_subjects) or None,
    )
    await create_consumer(connection, consumer.stream, consumer.name, config)


async def create_consumer(connection: Connection, stream: str, name: str, config: js.ConsumerConfig) -> None:
    """Create a consumer, or bring it up to date."""
    question = {"stream_name": stream, "config": {**config.as_dict(), "name": name}}
    await call(connection, f"CONSUMER.CREATE.{stream}.{name}", question, Done)


async def remove_consumer(connection: Connection, consumer: Consumer) -> None:
    """Remove ``consumer`` and its place in the stream; no harm when it is gone already."""
    try:
        await call(connection, f"CONSUMER.DELETE.{consumer.stream}.{consumer.name}", None, Done)
    except RequestFailed as error:
        if error.code != CONSUMER_NOT_FOUND:
            raise


async def _ensure(connection: Connection, name: str, config: dict[str, Any]) -> None:
    config = {**config, "allow_atomic": True}  # nats-py 2.16 has no field for it
    try:
        await call(connection, f"STREAM.UPDATE.{name}", config, Done)
    except RequestFailed as error:
        if error.code != STREAM_NOT_FOUND:
            raise
        await call(connection, f"STREAM.CREATE.{name}", config, Done)
