"""Turns what the routing core decided into rows, events and words to the citizen, inside the caller's unit."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from core.events import AgentChanged, AgentView, OfferEnded, OfferMade, PhoneKind, WorkMoved
from hub import routing
from hub.calls.presence import has_number, is_on_the_line, was_called
from hub.calls.ringing import Ringing
from hub.conversing import timeline
from hub.conversing.announcements import Announcements
from hub.dispatch.history import Move, remember
from hub.dispatch.queues import MESSAGE_CLASS, Queues
from hub.dispatch.work import when
from hub.i18n import text as catalogue
from hub.store.models import AgentStatus, Conversation, Offer, User, WorkItem
from hub.store.views import conversation_view, offer_view
from hub.units import Unit

MINUTE_S: Final = 60.0
WaitedOut = Callable[[Unit, Conversation], None]


class Effects:
    """Applies decisions one after the other, in the order the core made them."""

    def __init__(self, queues: Queues, announcements: Announcements, ringing: Ringing) -> None:
        self._queues = queues
        self._announcements = announcements
        self._ringing = ringing
        self.waited_out: WaitedOut | None = None  # what is done when a queue's longest wait is over

    async def apply(self, unit: Unit, decisions: Sequence[routing.Decision]) -> None:
        """Write down and publish every decision."""
        for decision in decisions:
            match decision:
                case routing.AgentChanged():
                    await self._agent_changed(unit, decision)
                case routing.WrapUpStarted() | routing.WrapUpEnded():
                    await self._wrap_up(unit, decision)
                case _:
                    work = await WorkItem.get(work_id=decision.work_id)
                    conversation = await unit.conversation(work.conversation_id)
                    if isinstance(decision, Move):
                        remember(work, decision)
                    await self._work_changed(unit, decision, work, conversation)
                    if isinstance(decision, routing.TargetReached) and self.waited_out is not None:
                        self.waited_out(unit, conversation)

    async def _work_changed(
        self, unit: Unit, decision: routing.Decision, work: WorkItem, conversation: Conversation
    ) -> None:
        match decision:
            case routing.WorkQueued():
                await self._queued(unit, decision, work, conversation)
            case routing.QueueFull():
                await _set_work(work, state="refused")
            case routing.OfferMade():
                await self._offer_made(unit, decision, work, conversation)
            case routing.OfferEnded():
                await self._offer_ended(unit, decision, work, conversation)
            case routing.WorkAssigned():
                await self._assigned(unit, decision, work, conversation)
            case routing.WorkReturned():
                await self._returned(unit, decision, work, conversation)
            case routing.WorkOverflowed():
                await _set_work(work, queue_id=decision.to_queue_id if decision.moved else work.queue_id)
                if decision.moved:
                    conversation.queue_id = decision.to_queue_id
                    timeline.record_change(unit, conversation, "queued")
                titles = [self._queues.title(queue_id) for queue_id in (decision.queue_id, decision.to_queue_id)]
                timeline.add_notice(unit, conversation, "overflowed", **dict(zip(("from", "to"), titles, strict=True)))
                _moved(unit, decision, work, conversation, "overflowed")
            case routing.WorkRelaxed() | routing.TargetReached():
                await _set_work(work)
                _moved(unit, decision, work, conversation, "relaxed")
            case routing.WorkWithdrawn():
                await _set_work(work, state="done")
                _moved(unit, decision, work, conversation, "withdrawn")
            case routing.WorkFinished():
                await _set_work(work, state="done")
                _moved(unit, decision, work, conversation, "done")
            case _:
                raise TypeError(f"not a decision about work: {decision!r}")

    async def _queued(
        self, unit: Unit, decision: routing.WorkQueued, work: WorkItem, conversation: Conversation
    ) -> None:
        await _set_work(work, state="waiting", queue_id=decision.queue_id, agent_id=None)
        is_transfer = decision.explanation.get("trigger") == "moved"
        conversation.state = "queued"
        conversation.queue_id = decision.queue_id
        conversation.agent_id = None
        conversation.queued_at = unit.now
        await self._ringing.let_go(unit, conversation)
        title = self._queues.title(decision.queue_id)
        if not is_transfer:
            timeline.add_notice(unit, conversation, "queued", queue=title)
        timeline.record_change(unit, conversation, "transferred" if is_transfer else "queued")
        _moved(unit, decision, work, conversation, "enqueued")

    async def tell_place(self, unit: Unit, conversation: Conversation, ahead: int, wait_s: float | None) -> None:
        """Tell a waiting citizen how many are ahead and how long that takes, as honestly as we know."""
        if ahead == 0:
            await self._say(unit, conversation, "citizen.queued_next")
        else:
            minutes = max(1, math.ceil((wait_s or MINUTE_S * ahead) / MINUTE_S))
            key = "citizen.queued" if conversation.call is None else "citizen.queued_call"
            await self._say(unit, conversation, key, ahead=ahead, minutes=minutes)
            settings = self._queues.settings(conversation.queue_id or "").call_back
            if settings.is_offered and is_on_the_line(conversation) and has_number(conversation):
                await self._say(unit, conversation, "citizen.call_back_offer", digit=settings.digit)

    async def tell_asked_for(
        self, unit: Unit, work: WorkItem, conversation: Conversation, work_number: str, decided: Sequence[Any]
    ) -> None:
        """Tell a citizen that whom they asked for by ``work_number`` does not come now, and who does instead."""
        asked = {one.agent_id for one in decided if isinstance(one, routing.OfferMade | routing.WorkAssigned)}
        if work_number and work.wanted_agent not in asked:
            key = "citizen.agent_away" if work.wanted_agent is None else "citizen.agent_busy"
            await self._say(unit, conversation, key, work_number=work_number)

    async def tell_full(self, unit: Unit, conversation: Conversation) -> None:
        """Tell the citizen that nobody can take them up now."""
        key = "citizen.queue_full" if conversation.call is None else "citizen.queue_full_call"
        await self._say(unit, conversation, key)

    async def _offer_made(
        self, unit: Unit, decision: routing.OfferMade, work: WorkItem, conversation: Conversation
    ) -> None:
        await _set_work(work, state="offered")
        offer = await Offer.create(
            offer_id=decision.offer_id,
            work_id=work.work_id,
            conversation_id=conversation.conversation_id,
            agent_id=decision.agent_id,
            queue_id=decision.queue_id,
            made_at=when(decision.at),
            expires_at=when(decision.expires_at),
            explanation=decision.explanation,
        )
        if work.channel_class != MESSAGE_CLASS:  # a message left is read, also while its author still hears goodbye
            await self._ringing.ring(unit, conversation, offer)
        event = OfferMade(offer=offer_view(offer), conversation=conversation_view(conversation))
        unit.record(event, decision.agent_id, conversation_id=conversation.conversation_id)

    async def _offer_ended(
        self, unit: Unit, decision: routing.OfferEnded, work: WorkItem, conversation: Conversation
    ) -> None:
        offer = await Offer.get(offer_id=decision.offer_id)
        offer.outcome = decision.outcome
        offer.reason = decision.reason
        offer.ended_at = when(decision.at)
        await offer.save(update_fields=["outcome", "reason", "ended_at"])
        if decision.outcome != "accepted":
            await self._ringing.stop(unit, conversation, decision.offer_id)
        if decision.outcome in ("declined", "expired"):
            await _set_work(work, state="waiting", declined=[*work.declined, decision.agent_id])
        elif decision.outcome == "withdrawn":  # where it goes now is a decision of its own
            await _set_work(work, state="waiting")
        event = OfferEnded(
            offer=offer_view(offer),
            conversation=conversation_view(conversation),
            outcome=decision.outcome,
            reason=decision.reason,
        )
        unit.record(event, decision.agent_id, conversation_id=conversation.conversation_id)

    async def _assigned(
        self, unit: Unit, decision: routing.WorkAssigned, work: WorkItem, conversation: Conversation
    ) -> None:
        await _set_work(work, state="assigned", agent_id=decision.agent_id, queue_id=decision.queue_id)
        conversation.state = "active"
        conversation.agent_id = decision.agent_id
        conversation.queue_id = decision.queue_id
        if decision.how == "resumed":  # the citizen has noticed nothing of it
            timeline.record_change(unit, conversation, "updated")
            return
        conversation.assigned_at = unit.now
        agent = await User.get(user_id=decision.agent_id)
        if decision.how == "begun":
            timeline.add_notice(unit, conversation, "called_by", agent=agent.display_name)
        else:
            timeline.add_notice(unit, conversation, "assigned", agent=agent.display_name)
            if work.channel_class != MESSAGE_CLASS:
                await self._ringing.connect(unit, conversation)
            if not was_called(conversation):
                await self._say(unit, conversation, "citizen.joined", work_number=agent.work_number)
        timeline.record_change(unit, conversation, "assigned")
        _moved(unit, decision, work, conversation, "picked" if decision.how == "picked" else "assigned")

    async def _returned(
        self, unit: Unit, decision: routing.WorkReturned, work: WorkItem, conversation: Conversation
    ) -> None:
        await _set_work(work, state="waiting", agent_id=None)
        agent = await User.get(user_id=decision.agent_id)
        conversation.state = "queued"
        conversation.agent_id = None
        await self._ringing.let_go(unit, conversation)
        timeline.add_notice(unit, conversation, "returned", agent=agent.display_name, reason="agent_lost")
        await self._say(unit, conversation, "citizen.agent_left")
        timeline.record_change(unit, conversation, "returned")
        _moved(unit, decision, work, conversation, "returned")

    async def _wrap_up(self, unit: Unit, decision: routing.WrapUpStarted | routing.WrapUpEnded) -> None:
        work = await WorkItem.get(work_id=decision.work_id)
        conversation = await unit.conversation(work.conversation_id)
        conversation.wrap_up_until = when(decision.until) if isinstance(decision, routing.WrapUpStarted) else None
        timeline.record_change(unit, conversation, "updated")

    async def _agent_changed(self, unit: Unit, decision: routing.AgentChanged) -> None:
        user = await User.get(user_id=decision.agent_id)
        await AgentStatus.filter(user_id=decision.agent_id).update(
            state=decision.state, reason=decision.reason, work_mode=decision.mode, since=when(decision.since)
        )
        view = agent_view(user, decision, phone=self._ringing.phone_of(user.user_id))
        unit.record(AgentChanged(agent=view), decision.agent_id)

    async def _say(self, unit: Unit, conversation: Conversation, key: str, **values: Any) -> None:
        words = catalogue(key, timeline.language_of(conversation), **values)
        await self._announcements.say(unit, conversation, words)


def agent_view(user: User, decision: routing.AgentChanged, *, phone: PhoneKind | Literal[""]) -> AgentView:
    """Return an agent as colleagues see them."""
    return AgentView(
        agent_id=user.user_id,
        display_name=user.display_name,
        work_number=user.work_number,
        state=decision.state,
        reason=decision.reason,
        work_mode=decision.mode,
        since=when(decision.since),
        load=decision.load,
        queue_ids=tuple(user.queue_ids),
        department_id=user.department_id,
        group_ids=tuple(user.group_ids or ()),
        phone=phone,
    )


async def _set_work(work: WorkItem, **values: Any) -> None:
    for name, value in values.items():
        setattr(work, name, value)
    await work.save(update_fields=[*values, "moves"])


def _moved(unit: Unit, decision: Any, work: WorkItem, conversation: Conversation, step: Any) -> None:
    event = WorkMoved(
        work_id=decision.work_id,
        conversation_id=conversation.conversation_id,
        queue_id=decision.queue_id,
        step=step,
        explanation=decision.explanation,
        channel=conversation.channel,
        is_message=work.channel_class == MESSAGE_CLASS,
    )
    unit.record(event, conversation.conversation_id, conversation_id=conversation.conversation_id)
