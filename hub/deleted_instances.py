"""Orders for instances that were deleted: nobody will take them, so they leave the bus, and their messages say so."""

import asyncio
import logging
from typing import Final

from core.bus import Bus
from core.errors import LianxinError
from core.events import MessageStatus, SendMessage
from core.streams import ORDERS
from hub.store.models import Setting
from hub.units import Units

log = logging.getLogger(__name__)

KEY: Final = "deleted_instances"  # the setting {instance: when, as ISO 8601}
CODE: Final = "instance_deleted"
LOOK_S: Final = 60.0  # an order may come late: from a conversation that goes on, or from the outbox


class DeletedInstances:
    """Remembers who is gone and reports on what they were still to send, as they would have."""

    def __init__(self, units: Units, bus: Bus) -> None:
        self._units = units
        self._bus = bus
        self._changed = asyncio.Event()

    async def note(self, instance: str) -> None:
        """Remember, in the caller's unit of work, that ``instance`` is gone."""
        await self._keep({**await self._all(), instance: self._units.now().isoformat()})

    def look_now(self) -> None:
        """Take back what is waiting without waiting for the next look."""
        self._changed.set()

    async def forget(self, instance: str) -> None:
        """Forget, in the caller's unit of work, that there was no ``instance``: it is there again."""
        gone = await self._all()
        if gone.pop(instance, None) is not None:
            await self._keep(gone)

    async def run(self) -> None:
        """Take orders back until cancelled."""
        while True:
            self._changed.clear()
            try:
                for instance in await self._all():
                    await self._take_back(instance)
            except (LianxinError, OSError) as error:
                log.warning("orders of deleted instances stay on the bus for now: %s", error)
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _take_back(self, instance: str) -> None:
        count = 0
        while (found := await self._bus.oldest(ORDERS.name, SendMessage, instance)) is not None:
            seq, order = found
            if order is not None:
                status = MessageStatus(message_id=order.message_id, order_id=order.order_id, status="failed", code=CODE)
                await self._bus.publish(status, instance, msg_id=f"{CODE}-{order.order_id or order.message_id}")
            await self._bus.remove(ORDERS.name, seq)
            count += 1
        if count:
            log.warning("%d messages were not sent: %s is deleted", count, instance)

    async def _all(self) -> dict[str, str]:
        row = await Setting.get_or_none(key=KEY)
        return dict(row.value) if row else {}

    async def _keep(self, gone: dict[str, str]) -> None:
        await Setting.update_or_create({"value": gone}, key=KEY)
