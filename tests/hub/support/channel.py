"""The plugin's end of the bus: says what a channel would have received, and takes the hub's orders."""

import asyncio
import itertools
from collections.abc import Callable, Sequence

from core.bus import Bus, Delivery
from core.events import (
    Attachment,
    ChannelState,
    ContactArrived,
    Event,
    Mail,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    Profile,
    SendMessage,
)
from core.events.messages import MessageState
from core.host.link import envelope_id
from core.ids import new_id

_numbers = itertools.count(1)


class FakeChannel:
    """One instance; every message ordered is in ``orders``, oldest first, and reported as delivered."""

    def __init__(self, bus: Bus, instance: str) -> None:
        self.bus = bus
        self.instance = instance
        self.orders: list[SendMessage] = []
        self.reports = True
        self._came = asyncio.Condition()

    async def open(self) -> None:
        """Begin to take orders."""
        self.bus.consume("ORDERS", self.instance, self._take)

    async def write(
        self,
        sender: str,
        text: str = "",
        *,
        choice: str | None = None,
        external_id: str = "",
        attachments: tuple[Attachment, ...] = (),
        profile: Profile | None = None,
        answers: tuple[str, ...] = (),
        is_automatic: bool = False,
        mail: Mail | None = None,
    ) -> MessageReceived:
        """Report a message of ``sender``."""
        message = MessageReceived(
            external_id=external_id or f"far-{next(_numbers)}",
            sender=sender,
            text=text,
            choice=choice,
            attachments=attachments,
            profile=profile,
            answers=answers,
            is_automatic=is_automatic,
            mail=mail,
        )
        await self.emit(message)
        return message

    async def arrive(self, sender: str) -> None:
        """Report that ``sender`` opened a chat."""
        await self.emit(ContactArrived(sender=sender, arrival_id=new_id()))

    async def status(self, message_id: str, status: MessageState, *, code: str = "") -> None:
        """Report what became of a message."""
        await self.emit(MessageStatus(message_id=message_id, status=status, code=code))

    async def read(self, sender: str, up_to_seq: int) -> None:
        """Report that ``sender`` has seen everything up to ``up_to_seq``."""
        await self.emit(MessagesRead(sender=sender, up_to_seq=up_to_seq))

    async def show(self, state: ChannelState) -> None:
        """Report a state of its own."""
        await self.emit(state, envelope=new_id())

    async def emit(self, event: Event, *, envelope: str = "") -> None:
        """Publish ``event`` as the host does, or under another envelope's id."""
        await self.bus.publish(event, self.instance, msg_id=envelope or envelope_id(self.instance, event))  # type: ignore[arg-type]

    def sent(self, recipient: str) -> list[str]:
        """Return the texts ordered for ``recipient``."""
        return [order.text for order in self.orders if order.recipient == recipient]

    async def until(self, holds: Callable[[], bool], within_s: float = 30.0) -> None:
        """Wait until orders make ``holds`` true."""
        async with asyncio.timeout(within_s), self._came:
            await self._came.wait_for(holds)

    async def hears(self, recipient: str, words: str) -> SendMessage:
        """Return the first order for ``recipient`` whose text has ``words``."""

        def found() -> list[SendMessage]:
            return [order for order in self.orders if order.recipient == recipient and words in order.text]

        await self.until(lambda: bool(found()))
        return found()[0]

    async def _take(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            assert isinstance(delivery.event, SendMessage)
            self.orders.append(delivery.event)
            if self.reports:
                await self.status(delivery.event.message_id, "delivered")
        async with self._came:
            self._came.notify_all()
