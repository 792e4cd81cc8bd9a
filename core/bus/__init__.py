"""Typed publish, request and subscribe over NATS."""

from core.bus.buckets import Change, Values
from core.bus.bus import Bus
from core.bus.consumption import Consumption
from core.bus.dead_letters import Parked
from core.bus.deliveries import Delivery
from core.bus.settings import BusSettings
from core.bus.subscriptions import Subscription
from core.bus.wire import MAX_PAYLOAD_BYTES, Raw

__all__ = [
    "MAX_PAYLOAD_BYTES",
    "Bus",
    "BusSettings",
    "Change",
    "Consumption",
    "Delivery",
    "Parked",
    "Raw",
    "Subscription",
    "Values",
]
