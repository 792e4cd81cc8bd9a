"""The kit for testing a plugin: the contract suite, its samples, and a bus to try things on."""

from core.testing.bench import Bench
from core.testing.contract import ChannelContract
from core.testing.samples import Inbound, Outbound, Peer

__all__ = ["Bench", "ChannelContract", "Inbound", "Outbound", "Peer"]
