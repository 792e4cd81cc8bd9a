"""The voice plugin's end of the bus: says what the engine would report, and holds the newest plan of every call."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

from core.bus import Bus
from core.events import (
    ActivityEnded,
    Attachment,
    CallArrived,
    CallPlan,
    CallsAnswer,
    CallsRequest,
    Envelope,
    Event,
    KeysPressed,
    LegChanged,
    LegPlan,
    Listen,
    PhoneChanged,
    PhonesPlan,
    Record,
    RecordingEnded,
    TapPlan,
    TapsPlan,
)
from core.events.calls import Cause, LegState
from core.host.link import envelope_id
from core.subjects import ASK_CALLS, PATTERNS, fill
from tests.hub.support.house import House

_numbers = itertools.count(1)
Outcome = Literal["done", "interrupted", "silence", "failed"]


class FakeEngine:
    """One instance; ``plans`` are the newest by call id, ``history`` all of them."""

    def __init__(self, bus: Bus, instance: str) -> None:
        self.bus = bus
        self.instance = instance
        self.plans: dict[str, CallPlan] = {}
        self.history: list[CallPlan] = []
        self.phones = PhonesPlan(revision=0)
        self.taps: dict[str, TapPlan] = {}  # by leg
        self._keys = itertools.count(1)
        self._came = asyncio.Condition()

    async def open(self) -> None:
        """Begin to take plans."""
        for order in (CallPlan, PhonesPlan, TapsPlan):
            await self.bus.subscribe(fill(PATTERNS[order], self.instance), self._hear, concurrency=1)

    async def compare(self, calls: dict[str, int] | None = None) -> CallsAnswer:
        """Ask the hub as the host does after a break."""
        question = CallsRequest(calls=calls or {})
        return await self.bus.request(fill(ASK_CALLS, self.instance), question, reply=CallsAnswer)

    async def arrive(self, caller: str = "tel:+8613900000001", dialled: str = "12345", trunk: str = "") -> str:
        """Report a call; return its id once the hub has a plan for it."""
        number = next(_numbers)
        call_id = f"call-{number}"
        await self.emit(
            CallArrived(
                call_id=call_id,
                leg_id=f"caller-{number}",
                caller=caller,
                dialled=dialled,
                trunk=trunk,
                arrived_at=datetime.now(UTC),
            )
        )
        await self.until(lambda: call_id in self.plans)
        return call_id

    async def change(
        self,
        call_id: str,
        leg_id: str,
        state: LegState,
        *,
        cause: Cause = "normal",
        has_talked: bool = True,
        trunk: str = "",
    ) -> None:
        """Report that a party rings, answered, or is gone by itself."""
        await self.emit(
            LegChanged(
                call_id=call_id,
                leg_id=leg_id,
                state=state,
                at=datetime.now(UTC),
                cause=cause,
                by_far_end=True,
                has_talked=has_talked,
                trunk=trunk,
            )
        )

    async def press(self, call_id: str, keys: str) -> None:
        """Report keys of the caller."""
        for key in keys:
            leg_id = self.caller(call_id).leg_id
            n = next(self._keys)
            await self.emit(KeysPressed(call_id=call_id, leg_id=leg_id, keys=key, n=n, at=datetime.now(UTC)))

    async def press_at_once(self, house: House, call_id: str, keys: str) -> None:
        """Report keys of the caller that reach the hub in one batch."""
        leg_id = self.caller(call_id).leg_id
        at = datetime.now(UTC)
        await self._at_once(
            house,
            [KeysPressed(call_id=call_id, leg_id=leg_id, keys=key, n=next(self._keys), at=at) for key in keys],
        )

    async def change_at_once(self, house: House, call_id: str, leg_id: str, *states: LegState) -> None:
        """Report in one batch what became of a party that nobody talked with."""
        at = datetime.now(UTC)
        await self._at_once(
            house,
            [LegChanged(call_id=call_id, leg_id=leg_id, state=state, at=at, has_talked=False) for state in states],
        )

    async def finish(
        self, call_id: str, *, outcome: Outcome = "done", file: Attachment | None = None, length_s: float = 3.0
    ) -> None:
        """Report that what the caller hears or says is over."""
        leg = self.caller(call_id)
        await self.emit(
            ActivityEnded(
                call_id=call_id,
                leg_id=leg.leg_id,
                activity_id=leg.activity.activity_id,
                outcome=outcome,
                length_s=length_s,
                file=file,
                at=datetime.now(UTC),
            )
        )

    async def register(self, phone_id: str, *, is_reachable: bool = True) -> None:
        """Report that a phone can be rung."""
        await self.emit(PhoneChanged(phone_id=phone_id, is_reachable=is_reachable, at=datetime.now(UTC)))

    async def recorded(self, call_id: str, recording_id: str, file: Attachment) -> None:
        """Report that a recording is kept."""
        at = datetime.now(UTC)
        event = RecordingEnded(call_id=call_id, recording_id=recording_id, file=file, started_at=at, length_s=12.0)
        await self.emit(event)

    def caller(self, call_id: str) -> LegPlan:
        """Return the caller's leg."""
        return next(leg for leg in self.plans[call_id].legs if leg.role == "caller")

    def agent(self, call_id: str) -> LegPlan | None:
        """Return the agent's leg, the newest one."""
        plan = self.plans.get(call_id)  # of a call that was only just begun there may be none
        legs = [leg for leg in plan.legs if leg.role == "agent"] if plan else []
        return legs[-1] if legs else None

    async def hears(self, call_id: str, *words: str) -> None:
        """Return when the caller hears each of ``words``; media ids are the words here."""
        await self.until(lambda: all(any(word in text for text in self.prompts(call_id)) for word in words))

    def prompts(self, call_id: str) -> list[str]:
        """Return what the caller is being told."""
        activity = self.caller(call_id).activity
        return [prompt.media_id for prompt in activity.prompts] if isinstance(activity, Listen) else []

    async def queues(self, call_id: str) -> None:
        """Return when the caller hears music, or will after some words."""

        def holds() -> bool:
            activity = self.caller(call_id).activity
            return isinstance(activity, Listen) and activity.background == "music"

        await self.until(holds)

    async def talks(self, call_id: str) -> None:
        """Return when the caller is in the room."""
        await self.until(lambda: self.caller(call_id).activity.activity_id == "main")

    async def records(self, call_id: str) -> None:
        """Return when the caller leaves a message."""
        await self.until(lambda: isinstance(self.caller(call_id).activity, Record))

    async def is_over(self, call_id: str) -> None:
        """Return when nobody is in the call any more."""
        await self.until(lambda: not self.plans[call_id].legs)

    async def rings(self, call_id: str) -> LegPlan:
        """Return the agent's leg once there is one."""
        await self.until(lambda: self.agent(call_id) is not None)
        leg = self.agent(call_id)
        assert leg is not None
        return leg

    async def emit(self, event: Event) -> None:
        """Report as the host does."""
        await self.bus.publish(event, self.instance, msg_id=envelope_id(self.instance, event))

    async def until(self, holds: Callable[[], bool], *, within_s: float = 30.0) -> None:
        """Return when ``holds`` of the newest plans; fails with them."""
        try:
            async with asyncio.timeout(within_s), self._came:
                await self._came.wait_for(holds)
        except TimeoutError:
            raise AssertionError(f"did not come about; the plans are {self.plans}") from None

    async def _at_once(self, house: House, events: Sequence[Event]) -> None:
        router = house.hub.router
        async with router._units.open() as unit, router._dispatcher.deciding(unit):
            for event in events:
                await router._calls.take(unit, self.instance, event)

    async def _hear(self, _envelope: Envelope, event: Event, _instance: str) -> None:
        async with self._came:
            if isinstance(event, PhonesPlan):
                self.phones = event
            elif isinstance(event, TapsPlan):
                self.taps = {tap.leg_id: tap for tap in event.taps}
            elif isinstance(event, CallPlan):
                self.history.append(event)
                if event.revision > getattr(self.plans.get(event.call_id), "revision", 0):
                    self.plans[event.call_id] = event
            self._came.notify_all()
