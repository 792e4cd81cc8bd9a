"""Opens calls for units of work, and tells the plugin that carries them what was planned."""

import asyncio
import logging
from typing import Final

import msgspec

from core.bus import Bus
from core.events import CallsAnswer, CallsRequest
from core.subjects import ASK_CALLS
from core.tasks import Tasks
from hub.calls.internal_plans import end_lost, newer_plans
from hub.calls.live_call import LiveCall
from hub.calls.phones import Phones
from hub.calls.prompts import Prompts
from hub.calls.utterances import Utterance
from hub.calls.voice import Voice
from hub.conversing import timeline
from hub.desktop.desk import Desk
from hub.dispatch.queues import Queues
from hub.store.models import Call, CallLeg, Conversation
from hub.units import Unit, Units

log = logging.getLogger(__name__)

MAX_ASKED: Final = 2_000
MAX_ANSWERED: Final = 400  # plans of one or two KB each in one message; the rest comes with the next question


class CallPlans:
    """The one place where calls are read and written.

    A call is read once in a unit of work and written at its end: what the caller is told begins, the plan gets its
    next revision, the conversation shows it, and the plugin hears of it after the commit.
    """

    def __init__(self, units: Units, bus: Bus, desk: Desk, *, prompts: Prompts, phones: Phones, queues: Queues) -> None:
        self._units = units
        self._bus = bus
        self._desk = desk
        self._phones = phones
        self.voice = Voice(prompts, queues, self._say_later)
        self._prompts = prompts
        self._making = Tasks()

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
        """Answer what plugins ask, until cancelled; begin with what an earlier run was about to say."""
        subscription = await self._bus.respond(ASK_CALLS, self.compare, request=CallsRequest)
        try:
            await self._resume()
            await asyncio.Event().wait()
        finally:
            await subscription.close()
            await self._making.close()

    async def compare(self, instance: str, question: CallsRequest) -> CallsAnswer:
        """Return the plans of this instance's calls that are newer than those it has."""
        living = await Call.filter(instance=instance, ended_at=None).order_by("-arrived_at").limit(MAX_ASKED)
        asked = [call_id for call_id in question.calls if call_id not in {row.call_id for row in living}][:MAX_ASKED]
        over = await Call.filter(instance=instance, call_id__in=asked) if asked else []
        newer = [row for row in (*living, *over) if row.revision > question.calls.get(row.call_id, 0)]
        await end_lost(self._units, instance, question.calls)
        plans = await newer_plans(instance, question.calls)
        plans += [LiveCall(row, Conversation(), []).plan() for row in newer]
        phones = await self._phones.newer(instance, question.phones)
        return CallsAnswer(plans=tuple(plans[:MAX_ANSWERED]), phones=phones)

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
        """Have the words of the call's utterance made into sound, then let it begin; nothing else waits for that."""
        utterance, call_id = live.utterance, live.row.call_id
        assert utterance is not None

        async def make() -> None:
            self._make(call_id, utterance)

        unit.after(make)

    def _make(self, call_id: str, utterance: Utterance) -> None:
        self._making.start(self._make_and_begin(call_id, utterance))

    async def _make_and_begin(self, call_id: str, utterance: Utterance) -> None:
        try:
            await self._prompts.make(utterance.pieces)
        except Exception:
            log.exception("a prompt of call %s could not be made", call_id)
        try:
            async with self._units.open() as unit:
                live = await self.open(unit, call_id)
                if live is None or live.utterance is None or live.utterance.activity_id != utterance.activity_id:
                    return  # it is out of date by now
                self.voice.start(unit, live)
        except Exception:
            log.exception("call %s could not go on", call_id)

    async def _resume(self) -> None:
        """Go on with what was to be said when the hub stopped."""
        async for row in Call.filter(ended_at=None).exclude(utterance=None):
            utterance = msgspec.convert(row.utterance, Utterance)
            if not utterance.has_begun:
                self._make(row.call_id, utterance)
