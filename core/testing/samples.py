"""What a channel's test says about its foreign network: samples in both directions, and a far end that plays along."""

from dataclasses import dataclass
from typing import Any, Protocol

from core.events import Event, MessageStatus, SendMessage


@dataclass(frozen=True, slots=True)
class Inbound:
    """``raw``, handed to ``Peer.deliver``, becomes exactly ``event``."""

    label: str
    raw: Any
    event: Event


@dataclass(frozen=True, slots=True)
class Outbound:
    """``order`` ends in ``status``; the far end answers with ``answer`` and sees ``wire``, each unless None.

    An expected status without ``external_id`` or ``reason`` accepts any.
    """

    label: str
    order: SendMessage
    status: MessageStatus
    answer: Any = None
    wire: Any = None


class Peer(Protocol):
    """The foreign network on loopback; made without arguments."""

    received: list[Any]  # what it was sent and accepted, as on the wire, oldest first

    async def start(self) -> dict[str, Any]:
        """Serve, always at the same address, and return the settings that lead there."""
        ...

    async def stop(self) -> None:
        """Go away as in a power cut; what ``received`` holds stays."""
        ...

    async def deliver(self, raw: Any) -> None:
        """Hand ``raw`` to the channel the way the foreign network does; return when it was taken off our hands."""
        ...

    def script(self, answer: Any) -> None:
        """Give ``answer`` to the next message instead of accepting it."""
        ...


def wrong_values() -> tuple[Any, ...]:
    """Return values of which every sensible setting refuses at least one."""
    return ({"no": "such thing"}, [["list"]], "\0", -1.5)
