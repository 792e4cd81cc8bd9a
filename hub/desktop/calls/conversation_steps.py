"""What is done to whole conversations: putting them aside, merging, splitting, and steps that can be undone."""

import msgspec

from core.events import ConversationView, EntryView
from hub.conversing.deletions import Deletion
from hub.conversing.held_steps import NewStep
from hub.conversing.merges import Merge, Split
from hub.conversing.snoozes import Snooze
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class Deleted(msgspec.Struct, frozen=True):
    """What is left of deleted messages."""

    items: list[EntryView]


@api.add(
    "PUT",
    "/api/v1/conversations/{conversation_id}/held-step",
    "desk.use",
    body=NewStep,
    answer=ConversationView,
    problems=(409,),
)
async def hold_step(services: Services, call: Call[NewStep]) -> ConversationView:
    """End or transfer in a few seconds, unless it is undone."""
    return await services.held_steps.hold(call.identity, call.path["conversation_id"], call.body)


@api.add(
    "DELETE",
    "/api/v1/conversations/{conversation_id}/held-step",
    "desk.use",
    answer=ConversationView,
    problems=(409,),
)
async def undo_step(services: Services, call: Call[NoBody]) -> ConversationView:
    """Take the held step back."""
    return await services.held_steps.undo(call.identity, call.path["conversation_id"])


@api.add("POST", "/api/v1/conversations/{conversation_id}/reopen", "desk.use", answer=ConversationView, problems=(409,))
async def reopen_conversation(services: Services, call: Call[NoBody]) -> ConversationView:
    """Take back a wrap-up that has just been finished."""
    return await services.conversations.reopen(call.identity, call.path["conversation_id"])


@api.add(
    "PUT",
    "/api/v1/conversations/{conversation_id}/snooze",
    "desk.use",
    body=Snooze,
    answer=ConversationView,
    problems=(409,),
)
async def snooze_conversation(services: Services, call: Call[Snooze]) -> ConversationView:
    """Put the conversation aside until a time, or until the next business day."""
    return await services.snoozes.snooze(call.identity, call.path["conversation_id"], call.body)


@api.add(
    "DELETE", "/api/v1/conversations/{conversation_id}/snooze", "desk.use", answer=ConversationView, problems=(409,)
)
async def wake_conversation(services: Services, call: Call[NoBody]) -> ConversationView:
    """Take the conversation up again now."""
    return await services.snoozes.wake(call.identity, call.path["conversation_id"])


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/merge",
    "desk.use",
    body=Merge,
    answer=ConversationView,
    problems=(409,),
)
async def merge_conversations(services: Services, call: Call[Merge]) -> ConversationView:
    """Move another conversation of the same contact into this one."""
    return await services.conversation_merges.merge(
        call.identity, call.path["conversation_id"], call.body, remote=call.remote
    )


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/split",
    "desk.use",
    body=Split,
    answer=ConversationView,
    problems=(409,),
)
async def split_conversation(services: Services, call: Call[Split]) -> ConversationView:
    """Move some of the entries into a conversation of their own."""
    return await services.conversation_merges.split(
        call.identity, call.path["conversation_id"], call.body, remote=call.remote
    )


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/deletions",
    "conversation.erase",
    body=Deletion,
    answer=Deleted,
)
async def delete_messages(services: Services, call: Call[Deletion]) -> Deleted:
    """Delete what the citizen wrote, words and files."""
    return Deleted(
        await services.deletions.delete(call.identity, call.path["conversation_id"], call.body, remote=call.remote)
    )
