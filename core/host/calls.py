"""Keeps a channel's calls to the hub's plans: newer ones as they come, and all that were missed after a break."""

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from typing import Final

from core.bus import Bus
from core.channel import CarriesCalls
from core.errors import BusUnavailable, ChannelNotReady, RequestFailed
from core.events import CallPlan, CallsAnswer, CallsRequest, Envelope, Event, PhonesPlan
from core.subjects import ASK_CALLS, PATTERNS, fill

log = logging.getLogger(__name__)

COMPARE_S: Final = 5.0  # plans are not stored on the bus: what was missed is found that soon
ARRANGE_S: Final = 10.0
REMEMBERED: Final = 4_096  # calls whose newest revision is known


class Plans:
    """Brings the plans of one instance to its channel; an older one never after a newer one."""

    def __init__(self, bus: Bus, instance: str, channel: CarriesCalls) -> None:
        self._bus = bus
        self._instance = instance
        self._channel = channel
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._phones = 0
        self._turn = asyncio.Lock()
        self._asked = asyncio.Event()

    async def listen(self) -> None:
        """Take plans from now on."""
        for order in (CallPlan, PhonesPlan):
            await self._bus.subscribe(fill(PATTERNS[order], self._instance), self._hear, concurrency=1)

    def compare_soon(self) -> None:
        """Compare with the hub at once: something may have been missed."""
        self._asked.set()

    async def run(self) -> None:
        """Compare with the hub every few seconds, until cancelled."""
        while True:
            self._asked.clear()
            try:
                await self._compare()
            except (BusUnavailable, RequestFailed) as error:
                log.debug("plans not compared: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(COMPARE_S):
                    await self._asked.wait()

    async def _compare(self) -> None:
        question = CallsRequest(calls=self._channel.carried(), phones=self._phones)
        answer = await self._bus.request(fill(ASK_CALLS, self._instance), question, reply=CallsAnswer)
        if answer.phones is not None:
            await self._provision(answer.phones)
        for plan in answer.plans:
            await self._arrange(plan)

    async def _hear(self, envelope: Envelope, event: Event, instance: str) -> None:
        match event:
            case CallPlan():
                await self._arrange(event)
            case PhonesPlan():
                await self._provision(event)

    async def _arrange(self, plan: CallPlan) -> None:
        async with self._turn:
            done = self._channel.carried().get(plan.call_id, 0)
            if plan.revision <= done or plan.revision < self._newest.get(plan.call_id, 0):
                return
            self._newest[plan.call_id] = plan.revision
            self._newest.move_to_end(plan.call_id)
            if len(self._newest) > REMEMBERED:
                self._newest.popitem(last=False)
            try:
                async with asyncio.timeout(ARRANGE_S):
                    await self._channel.arrange(plan)
            except ChannelNotReady as error:  # it comes again with the next comparison
                log.debug("call %s is not arranged yet: %s", plan.call_id, error)
            except Exception:
                log.exception("call %s could not be arranged", plan.call_id)

    async def _provision(self, phones: PhonesPlan) -> None:
        async with self._turn:
            if phones.revision <= self._phones:
                return
            try:
                async with asyncio.timeout(ARRANGE_S):
                    await self._channel.provision(phones)
            except Exception:
                log.exception("phones could not be provisioned")
            else:
                self._phones = phones.revision
