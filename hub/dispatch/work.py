"""A conversation's claim on an agent, as it is stored and as the routing core reads it."""

from datetime import UTC, datetime, timedelta
from typing import Final

from core.ids import new_id
from hub import routing
from hub.calls.presence import is_on_the_line
from hub.errors import ApiError
from hub.store.models import Conversation, Offer, User, WorkItem
from hub.units import Unit

CALL_CLASS: Final = "call"
MAX_RETRIED: Final = 1_000  # of work that found its queue full, at once


async def as_routed(row: WorkItem, conversation: Conversation) -> routing.WorkItem:
    """Return stored work as the core takes it."""
    return routing.WorkItem(
        work_id=row.work_id,
        queue_id=row.queue_id,
        channel_class=row.channel_class,
        enqueued_at=row.enqueued_at.timestamp(),
        priority=row.priority,
        contact_level=conversation.contact_level,
        needs=tuple(routing.SkillNeed(skill, level) for skill, level in row.skills.items()),
        named_agent=row.wanted_agent,
        usual_agent=await usual_agent(conversation),
    )


async def begun_work(unit: Unit, conversation: Conversation, queue_id: str, kind: str) -> routing.WorkItem:
    """Store work that an agent takes up by themselves; return it as the core takes it."""
    await unit.flush()  # a new conversation has to be there before its work
    work = WorkItem(
        work_id=new_id(),
        conversation_id=conversation.conversation_id,
        queue_id=queue_id,
        channel_class=kind,
        enqueued_at=unit.now,
        is_begun=True,
    )
    await work.save()
    return await as_routed(work, conversation)


async def live_work(conversation: Conversation, *states: str) -> WorkItem | None:
    """Return the conversation's work in one of ``states``, or None."""
    return await WorkItem.filter(conversation_id=conversation.conversation_id, state__in=states).first()


async def waiting_work(conversation: Conversation, *states: str) -> WorkItem:
    """Return the conversation's work in one of ``states``; 409 ``work_gone`` when somebody has it."""
    if (work := await live_work(conversation, *states)) is None:
        raise ApiError(409, "work_gone", "nobody waits in this conversation any more")
    return work


async def offer_to(agent_id: str, offer_id: str) -> Offer:
    """Return what was offered to the agent; 404 when nothing was under this id."""
    offer = await Offer.get_or_none(offer_id=offer_id)
    if offer is None or offer.agent_id != agent_id:
        raise ApiError(404, "not_found", "no such offer")
    return offer


async def refused_work(unit: Unit) -> list[tuple[WorkItem, Conversation]]:
    """Return work that found its queue full, the oldest first; where nobody waits any more it is done."""
    found = []
    for work in await WorkItem.filter(state="refused").order_by("work_id").limit(MAX_RETRIED):
        conversation = await unit.conversation(work.conversation_id)
        if conversation.state in ("wrap_up", "closed"):
            await WorkItem.filter(work_id=work.work_id).update(state="done")
        else:
            found.append((work, conversation))
    return found


def channel_class(conversation: Conversation) -> str:
    """Return what kind of work it is: a call while the citizen is on the line or owed one."""
    return CALL_CLASS if is_on_the_line(conversation) or conversation.call_back is not None else "chat"


async def wanted_agent(unit: Unit, work_number: str, conversation: Conversation) -> str | None:
    """Return who has this work number; without a number, who is to serve this contact always."""
    if work_number:
        user = await User.get_or_none(work_number=work_number, is_active=True)
        return user.user_id if user else None
    contact = await unit.contact(conversation.contact_id)
    if contact.agent_id is None or not await User.exists(user_id=contact.agent_id, is_active=True):
        return None
    return contact.agent_id


async def usual_agent(conversation: Conversation) -> str | None:
    """Return who served this contact last."""
    row = await (
        Conversation.filter(contact_id=conversation.contact_id, agent_id__not_isnull=True)
        .exclude(conversation_id=conversation.conversation_id)
        .order_by("-conversation_id")
        .first()
    )
    return row.agent_id if row else None


def when(epoch_s: float) -> datetime:
    """Return the core's seconds as an aware UTC time."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=epoch_s)
