"""Opens calls for units of work, and tells the plugin that carries them what was planned."""

import asyncio
import logging
from typing import Final

import msgspec

from core.bus import Bus
from core.events import CallsAnswer, CallsRequest
from core.subjects import ASK_CALLS
from hub import timeline
from hub.calls.live_call import LiveCall
from hub.calls.phones import Phones
from hub.calls.prompts import Prompts
from hub.calls.voice import Voice
from hub.desktop.desk import Desk
from hub.store.models import Call, CallLeg, Conversation
from hub.units import Unit, Units

log = logging.getLogger(__name__)

MAX_ASKED: Final = 2_000


class CallPlans:
    """The one place where calls are read and written.

    A call is read once in a unit of work and written at its end: what the caller is told begins, the plan gets its
    next revision, the conversation shows it, and the plugin hears of it after the commit.
    """

    def __init__(self, units: Units, bus: Bus, desk: Desk, prompts: Prompts, phones: Phones) -> None:
        self._units = units
        self._bus = bus
        self._desk = desk
        self._phones = phones
        self.voice = Voice(prompts, self._say_later)
        self._prompts = prompts

    async def open(self, unit: Unit, call_id: str) -> LiveCall | None:
        """Return a call for this unit of work, or None when there is none."""
        if (kept := unit.kept.get(("call", call_id))) is not None:
            assert isinstance(kept, LiveCall)
            return kept
        row = await Call.get_or_none(call_id=call_id)
        if row is None:
            return None
        parties = await CallLeg.filter(call_id=call_id).order_by("started_at", "leg_id")
        return self._take_up(unit, LiveCall(row, await unit.conversation(row.conversation_id), parties))

    async def of(self, unit: Unit, conversation: Conversation) -> LiveCall | None:
        """Return the call by which the citizen is on the line now, or None."""
        shown = conversation.call
        if shown is None or shown.get("ended_at") is not None:
            return None
        return await self.open(unit, shown["call_id"])

    def begin(self, unit: Unit, row: Call, conversation: Conversation) -> LiveCall:
        """Take up a call that is new."""
        unit.add(row)
        live = self._take_up(unit, LiveCall(row, conversation, []))
        live.is_changed = True
        conversation.call = msgspec.to_builtins(live.view({}))
        return live

    def show(self, live: LiveCall) -> None:
        """Let the conversation show its call as it is now."""
        names = {user_id: agent.display_name for user_id, agent in self._desk.agents.items()}
        live.conversation.call = msgspec.to_builtins(live.view(names))

    async def run(self) -> None:
        """Answer what plugins ask, until cancelled."""
        subscription = await self._bus.respond(ASK_CALLS, self.compare, request=CallsRequest)
        try:
            await asyncio.Event().wait()
        finally:
            await subscription.close()

    async def compare(self, instance: str, question: CallsRequest) -> CallsAnswer:
        """Return the plans of this instance's calls that are newer than those it has."""
        living = await Call.filter(instance=instance, ended_at=None).limit(MAX_ASKED)
        asked = [call_id for call_id in question.calls if call_id not in {row.call_id for row in living}][:MAX_ASKED]
        over = await Call.filter(instance=instance, call_id__in=asked) if asked else []
        plans = [
            LiveCall(row, Conversation(), []).plan()
            for row in (*living, *over)
            if row.revision > question.calls.get(row.call_id, 0)
        ]
        return CallsAnswer(plans=tuple(plans), phones=await self._phones.newer(instance, question.phones))

    def _take_up(self, unit: Unit, live: LiveCall) -> LiveCall:
        unit.kept["call", live.row.call_id] = live
        unit.at_end(lambda: self._write(unit, live))
        return live

    def _write(self, unit: Unit, live: LiveCall) -> None:
        self.voice.settle(unit, live)
        if not live.is_changed:
            return
        live.write()
        unit.touch(live.row)
        self.show(live)
        timeline.record_change(unit, live.conversation, "updated")
        plan, instance = live.plan(), live.row.instance
        unit.after(lambda: self._bus.signal(plan, instance))

    def _say_later(self, unit: Unit, live: LiveCall) -> None:
        """Have the words of the call's utterance made into sound, then let it begin."""
        utterance, call_id = live.utterance, live.row.call_id
        assert utterance is not None

        async def begin() -> None:
            async with self._units.open() as later:
                found = await self.open(later, call_id)
                if found is None or found.utterance is None or found.utterance.activity_id != utterance.activity_id:
                    return  # it is out of date by now
                self.voice.start(later, found)

        unit.after(lambda: self._prompts.make(utterance.pieces, begin))
