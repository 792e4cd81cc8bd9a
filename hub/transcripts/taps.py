"""Decides whom transcribers listen to in calls in progress, and has those legs tapped.

Nothing of it is stored: what is planned is told anew every second, so that a lost word, a restarted plugin and a
restarted hub all come to the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from core.bus import Bus
from core.events import LiveJob, TapPlan, TapsPlan
from core.events.calls import LegPlan, Talk
from core.ids import new_id
from hub.dispatch.queues import Queues
from hub.store.models import Call, CallLeg, Conversation

UNKNOWN_SLOTS: Final = 1_024  # of a transcriber that has not been asked yet
CALLERS: Final = ("caller", "agent")

Phrases = Callable[[Conversation], Awaitable[tuple[str, ...]]]  # what may be said at the menu where the caller is


@dataclass(frozen=True, slots=True)
class Side:
    """One party of a call that should be listened to; ``phrases`` are all that counts, in a menu."""

    call_id: str
    leg_id: str
    conversation_id: str
    engine: str  # the instance that carries the call
    is_contact: bool
    user_id: str
    arrived_at: datetime
    language: str
    queue_id: str
    dialled: str
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tap:
    """A side and the transcriber that listens to it."""

    tap_id: str
    side: Side
    ear: str
    at: str


class Taps:
    """The taps there should be; ``settle`` decides, transcribers are told their ``jobs``, then engines by ``tell``."""

    def __init__(self, bus: Bus, queues: Queues, phrases: Phrases) -> None:
        self._bus = bus
        self._queues = queues
        self._phrases = phrases
        self._taps: dict[str, Tap] = {}  # by leg
        self._by_id: dict[str, Tap] = {}
        self._slots: dict[str, int] = {}  # of each transcriber, as it said last
        self._told: set[str] = set()  # engines that have taps
        self._staff: dict[str, set[str]] = {}  # who of the staff is in each call

    def find(self, tap_id: str) -> Tap | None:
        """Return a tap that is planned."""
        return self._by_id.get(tap_id)

    def staff(self, call_id: str) -> Collection[str]:
        """Return who of the staff is in a call."""
        return self._staff.get(call_id, ())

    def hear(self, conversation_id: str) -> bool:
        """Whether somebody listens to a call of this conversation."""
        return any(tap.side.conversation_id == conversation_id for tap in self._taps.values())

    def jobs(self, ear: str) -> tuple[LiveJob, ...]:
        """Return what a transcriber is to listen to."""
        return tuple(
            LiveJob(
                tap_id=tap.tap_id,
                phrases=tap.side.phrases,
                language=tap.side.language,
                queue_id=tap.side.queue_id,
                dialled=tap.side.dialled,
            )
            for tap in self._taps.values()
            if tap.ear == ear
        )

    def heed(self, ear: str, slots: int) -> None:
        """Take a transcriber's word for how many sides it can listen to now."""
        self._slots[ear] = slots

    async def settle(self, doors: Mapping[str, str]) -> None:
        """Plan taps for calls in which somebody talks or is at a menu; ``doors`` are where transcribers take them."""
        self._slots = {ear: slots for ear, slots in self._slots.items() if ear in doors}
        sides = await self._sides() if doors else {}
        kept = {
            leg_id: tap
            for leg_id, tap in self._taps.items()
            if doors.get(tap.ear) == tap.at and sides.get(leg_id) == tap.side
        }
        free = {ear: self._slots.get(ear, UNKNOWN_SLOTS) for ear in doors}
        self._taps = {}
        for leg_id, tap in kept.items():
            if free[tap.ear] > 0:
                free[tap.ear] -= 1
                self._taps[leg_id] = tap
        for leg_id, side in sides.items():
            ear = max(free, key=lambda one: (free[one], one))
            if leg_id not in self._taps and free[ear] > 0:
                free[ear] -= 1
                self._taps[leg_id] = Tap(new_id(), side, ear, doors[ear])
        self._by_id = {tap.tap_id: tap for tap in self._taps.values()}

    async def tell(self) -> None:
        """Have exactly these legs tapped."""
        plans: dict[str, list[TapPlan]] = {engine: [] for engine in self._told}
        for tap in self._taps.values():
            side = tap.side
            plan = TapPlan(tap_id=tap.tap_id, call_id=side.call_id, leg_id=side.leg_id, at=tap.at)
            plans.setdefault(side.engine, []).append(plan)
        await asyncio.gather(*(self._bus.signal(TapsPlan(taps=tuple(taps)), engine) for engine, taps in plans.items()))
        self._told = {engine for engine, taps in plans.items() if taps}

    @property
    def are_there(self) -> bool:
        """Whether anybody is listened to, or was until a moment ago."""
        return bool(self._taps or self._told)

    async def _sides(self) -> dict[str, Side]:
        """Return by leg who is to be listened to now."""
        calls = await Call.filter(ended_at=None)
        if not calls:
            return {}
        conversations = {
            row.conversation_id: row
            for row in await Conversation.filter(conversation_id__in=[call.conversation_id for call in calls])
        }
        parties = await CallLeg.filter(call_id__in=[call.call_id for call in calls], ended_at=None)
        users = {party.leg_id: party.user_id for party in parties if party.user_id is not None}
        self._staff = {call.call_id: set() for call in calls}
        for party in parties:
            if party.user_id is not None:
                self._staff[party.call_id].add(party.user_id)
        return {
            leg.leg_id: Side(
                call_id=call.call_id,
                leg_id=leg.leg_id,
                conversation_id=call.conversation_id,
                engine=call.instance,
                is_contact=leg.role == "caller",
                user_id=users.get(leg.leg_id, ""),
                arrived_at=call.arrived_at,
                language=conversation.language,
                queue_id=conversation.queue_id or "",
                dialled=call.dialled,
                phrases=phrases,
            )
            for call in calls
            for conversation in (conversations[call.conversation_id],)
            for leg, phrases in await self._speakers(call, conversation)
        }

    async def _speakers(self, call: Call, conversation: Conversation) -> list[tuple[LegPlan, tuple[str, ...]]]:
        """Return who talks in a call, or who is at a menu, and what they may say there."""
        legs = [leg for leg in msgspec.convert(call.legs, list[LegPlan]) if leg.role in CALLERS]
        if call.talked_at is None:
            phrases = await self._phrases(conversation)
            return [(leg, phrases) for leg in legs if phrases and leg.role == "caller"]
        talking = [leg for leg in legs if isinstance(leg.activity, Talk)]
        is_wanted = self._queues.settings(conversation.queue_id or "").has_live_transcripts
        return [(leg, ()) for leg in talking] if is_wanted and len(talking) > 1 else []
