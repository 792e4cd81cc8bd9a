"""JetStream streams and key-value buckets as data; the hub creates them, plugins only bind."""

from dataclasses import dataclass
from typing import Final

from core.events import (
    ArticleChanged,
    ArticleFileChanged,
    ContactChanged,
    ConversationChanged,
    EntryAdded,
    EntryChanged,
    SendMessage,
    TranscriptChanged,
    WorkOrderChanged,
)
from core.subjects import PATTERNS, fill

DAY_S: Final = 86_400.0
GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream; ``max_age_s`` 0 keeps forever, ``is_work_queue`` deletes what was acknowledged."""

    name: str
    subjects: tuple[str, ...]
    max_age_s: float = 0.0
    max_bytes: int = -1
    max_per_subject: int = -1
    is_work_queue: bool = False
    refuses_when_full: bool = False  # else the oldest gives way
    duplicate_window_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """One key-value bucket with one value per key."""

    name: str
    ttl_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Consumer:
    """One durable pull consumer; ``ack_wait_s`` after its holder's last sign of life a message is repeated."""

    stream: str
    name: str
    filter_subject: str = ""
    filter_subjects: tuple[str, ...] = ()  # several, in place of one
    ack_wait_s: float = 30.0
    max_ack_pending: int = 1_000


IN: Final = Stream(
    "IN",
    (
        "hub.channel.*.message.*",
        "hub.channel.*.contact.*",
        "hub.channel.*.call.*",
        "hub.channel.*.phone.*",
        "hub.channel.*.trunk.*",
        "hub.channel.*.engine.*",
        "hub.speech.*.transcript.*",
    ),
    max_age_s=7 * DAY_S,
    max_bytes=GIB,
    refuses_when_full=True,  # nothing that was acknowledged to the outside gives way to what comes
)
ORDERS: Final = Stream("ORDERS", ("hub.channel.*.cmd.send",), is_work_queue=True)
EVENTS: Final = Stream(
    "EVENTS",
    (
        "hub.conversation.*.*.*",
        "hub.contact.*.*.*",
        "hub.agent.*.*.*",
        "hub.queue.*.*.*",
        "hub.knowledge.*.*.*",
        "hub.team.*.*.*",
        "hub.workorder.*.*.*",
    ),
    max_age_s=90 * DAY_S,
)
STATE: Final = Stream(
    "STATE",
    (
        "hub.channel.*.state.changed",
        "hub.plugin.*.status.changed",
        "hub.speech.*.voices.changed",
        "hub.speech.*.models.changed",
    ),
    max_per_subject=1,
)
DEAD: Final = Stream("DEAD", ("hub.dead.*.message.parked",), max_age_s=90 * DAY_S)

STREAMS: Final = (IN, ORDERS, EVENTS, STATE, DEAD)

DESIRED: Final = Bucket("DESIRED")  # instance → DesiredInstance; written by the hub, followed by the supervisor
SENT: Final = Bucket("SENT", ttl_s=30 * DAY_S)  # <instance>.<message_id> → "=" external id, "?" mark while in doubt
IN_HAND: Final = Bucket("IN_HAND")  # <stream>.<consumer> → the message a cautious reader was last handed

BUCKETS: Final = (DESIRED, SENT, IN_HAND)

HUB_CONSUMER: Final = "hub"  # the hub's durable consumer on IN


def hub_consumer() -> Consumer:
    """Return the hub's own reader of everything that channels report."""
    return Consumer("IN", HUB_CONSUMER)


def orders_consumer(instance: str) -> Consumer:
    """Return the reader of the orders for one plugin instance; it is named like the instance."""
    return Consumer("ORDERS", instance, fill(PATTERNS[SendMessage], instance))


def search_consumer(node: str) -> Consumer:
    """Return the reader of everything that can be searched, for the search process of one machine."""
    searched = (
        ArticleChanged,
        ArticleFileChanged,
        EntryAdded,
        EntryChanged,
        ConversationChanged,
        ContactChanged,
        TranscriptChanged,
        WorkOrderChanged,
    )
    subjects = tuple(fill(PATTERNS[event], "*") for event in searched)
    return Consumer(EVENTS.name, f"search-{node}", filter_subjects=subjects)
