"""A conversation's claim on an agent, as it is stored and as the routing core reads it."""

from typing import Final

from hub import routing
from hub.calls.presence import is_on_the_line
from hub.errors import ApiError
from hub.store.models import Conversation, WorkItem

CALL_CLASS: Final = "call"


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


async def live_work(conversation: Conversation, *states: str) -> WorkItem | None:
    """Return the conversation's work in one of ``states``, or None."""
    return await WorkItem.filter(conversation_id=conversation.conversation_id, state__in=states).first()


async def waiting_work(conversation: Conversation, *states: str) -> WorkItem:
    """Return the conversation's work in one of ``states``; 409 ``work_gone`` when somebody has it."""
    if (work := await live_work(conversation, *states)) is None:
        raise ApiError(409, "work_gone", "nobody waits in this conversation any more")
    return work


def channel_class(conversation: Conversation) -> str:
    """Return what kind of work it is: a call while the citizen is on the line or owed one."""
    return CALL_CLASS if is_on_the_line(conversation) or conversation.call_back is not None else "chat"


async def usual_agent(conversation: Conversation) -> str | None:
    """Return who served this contact last."""
    row = await (
        Conversation.filter(contact_id=conversation.contact_id, agent_id__not_isnull=True)
        .exclude(conversation_id=conversation.conversation_id)
        .order_by("-conversation_id")
        .first()
    )
    return row.agent_id if row else None
