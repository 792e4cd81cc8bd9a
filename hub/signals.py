"""Passes what is not stored from channels to desks: who is typing."""

import asyncio

from core.bus import Bus
from core.events import Envelope, Event, TypingReported
from core.subjects import PATTERNS
from hub.desktop.desk import Desk
from hub.store.models import Conversation


class Signals:
    """Tells the agent who serves a conversation that its citizen types."""

    def __init__(self, bus: Bus, desk: Desk) -> None:
        self._bus = bus
        self._desk = desk

    async def run(self) -> None:
        """Listen until cancelled."""
        subscription = await self._bus.subscribe(PATTERNS[TypingReported], self._typing)
        try:
            await asyncio.Event().wait()
        finally:
            await subscription.close()

    async def _typing(self, _envelope: Envelope, event: Event, _instance: str) -> None:
        assert isinstance(event, TypingReported)
        row = await Conversation.filter(address=event.sender, state="active").order_by("-conversation_id").first()
        if row is not None and row.agent_id is not None:
            frame = {
                "type": "signal",
                "name": "typing",
                "conversation_id": row.conversation_id,
                "is_typing": event.is_typing,
                "by": "contact",
            }
            self._desk.signal(row.agent_id, frame)
