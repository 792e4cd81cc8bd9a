"""Making streams, buckets and consumers what ``core.streams`` says; the hub's part alone."""

from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError

from core.streams import Bucket, Consumer, Stream

KEY_VALUE_HISTORY = 1


async def ensure_stream(js: JetStreamContext, stream: Stream, *, replicas: int) -> None:
    """Create ``stream``, or bring its limits up to date; what it holds stays."""
    config = api.StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=api.RetentionPolicy.WORK_QUEUE if stream.is_work_queue else api.RetentionPolicy.LIMITS,
        max_age=stream.max_age_s,
        max_bytes=stream.max_bytes,
        max_msgs_per_subject=stream.max_per_subject,
        duplicate_window=stream.duplicate_window_s,
        storage=api.StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
    )
    await _ensure(js, config)


async def ensure_bucket(js: JetStreamContext, bucket: Bucket, *, replicas: int) -> None:
    """Create ``bucket``, or bring its limits up to date; its values stay."""
    config = api.StreamConfig(
        name=f"KV_{bucket.name}",
        subjects=[f"$KV.{bucket.name}.>"],
        max_age=bucket.ttl_s,
        max_msgs_per_subject=KEY_VALUE_HISTORY,
        duplicate_window=min(120.0, bucket.ttl_s or 120.0),
        storage=api.StorageType.FILE,
        num_replicas=replicas,
        discard=api.DiscardPolicy.NEW,
        allow_rollup_hdrs=True,
        allow_direct=True,
        deny_delete=True,
    )
    await _ensure(js, config)


async def ensure_consumer(js: JetStreamContext, consumer: Consumer) -> None:
    """Create ``consumer``, or bring it up to date; its place in the stream stays."""
    config = api.ConsumerConfig(
        durable_name=consumer.name,
        ack_policy=api.AckPolicy.EXPLICIT,
        ack_wait=consumer.ack_wait_s,
        max_ack_pending=consumer.max_ack_pending,
        filter_subject=consumer.filter_subject or None,
    )
    await js.add_consumer(consumer.stream, config)


async def _ensure(js: JetStreamContext, config: api.StreamConfig) -> None:
    try:
        await js.stream_info(str(config.name))
    except NotFoundError:
        await js.add_stream(config)
    else:
        await js.update_stream(config)
