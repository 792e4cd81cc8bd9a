"""The phone network of the SMS benchmarks: an SMSC, and the citizens behind it."""

import asyncio
from collections import Counter
from typing import Any, Final

from tests.plugins.sms.support.smsc import Smsc, receipt, whole

CITIZENS: Final = 2000
RECEIPT: Final = 4  # of esm_class
WINDOW: Final = 256  # parts the SMSC has under way to us, orders the hub has under way


class Network(Smsc):
    """The SMSC and the phones behind it: nothing is forgotten by a kill, for a real one keeps its own store."""

    asks = False
    settings = {"window": 64, "enquire_s": 10.0, "answer_s": 10.0}

    def __init__(self) -> None:
        super().__init__()
        self.to_deliver: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: Counter[str] = Counter()  # texts as submitted
        self.repeated = 0
        self.answered = 0  # parts of messages, without receipts, that the SMSC was told are safe
        self._under_way: dict[int, dict[str, Any]] = {}
        self._room = asyncio.Semaphore(WINDOW)
        self._line = asyncio.Event()

    async def deliver_all(self) -> None:
        """Hand over what is in the queue, for ever."""
        while True:
            await self._room.acquire()
            raw = await self.to_deliver.get()
            await self._line.wait()
            self._number += 1
            self._under_way[self._number] = raw
            self.order("deliver", **{"destination": "1069", **raw, "number": self._number})

    @property
    def is_done(self) -> bool:
        """Tell whether nothing waits for the channel."""
        return self.to_deliver.empty() and not self._under_way

    async def start(self) -> dict[str, Any]:
        settings = await super().start()
        under_way, self._under_way = self._under_way, {}
        self._line.set()
        for raw in under_way.values():
            self.repeated += 1
            self._number += 1
            self._under_way[self._number] = raw
            self.order("deliver", **{"destination": "1069", **raw, "number": self._number})
        return settings

    async def stop(self) -> None:
        self._line.clear()
        await super().stop()

    def note(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "submitted":
                self.accepted += 1
                self.sent[event["text"]] += 1
                if event["receipt"]:
                    self.to_deliver.put_nowait(receipt(event["id"]))
            case "taken" if (raw := self._under_way.pop(event["number"], None)) is not None:
                self._room.release()
                if event["status"]:
                    self.to_deliver.put_nowait(raw)
                elif raw.get("esm") != RECEIPT:
                    self.answered += 1
            case "listening" | "bound":
                self.events.append(event)


def citizen(number: int) -> str:
    """Return one of the citizens' numbers."""
    return f"+86138{number % CITIZENS:08}"


def short_message(number: int) -> dict[str, Any]:
    """Return a message of one part, unlike all others."""
    return whole(f"速{number}：我家停水了，什么时候修好？", source=citizen(number)[1:])
