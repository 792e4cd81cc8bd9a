"""Conversations: lists, threads, writing, passing on, ending."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ConversationView, EntryView
from hub.conversing.conversations import ConversationEdit, NewMessage, NewNote, Transfer, WrapUp
from hub.conversing.drafts import NewDraft
from hub.desk_search import Found
from hub.dispatch.history import RoutingStep, history
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class ListQuery(msgspec.Struct, frozen=True):
    """Which conversations; ``cursor`` is the last answer's ``next_cursor``."""

    view: Literal["mine", "waiting", "all"] = "mine"
    cursor: Annotated[str, Meta(max_length=36)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    channel: Annotated[str, Meta(max_length=32)] = ""
    q: Annotated[str, Meta(max_length=100)] = ""


class SearchWords(msgspec.Struct, frozen=True):
    """What to look for."""

    q: Annotated[str, Meta(min_length=1, max_length=100)]


class EntriesQuery(msgspec.Struct, frozen=True):
    """A page of a thread, ending before entry ``before``."""

    before: Annotated[str, Meta(max_length=36)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class ConversationPage(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[ConversationView]
    next_cursor: str | None


class EntryPage(msgspec.Struct, frozen=True):
    """Oldest first; ``has_more`` older ones exist."""

    items: list[EntryView]
    has_more: bool


class RoutingHistory(msgspec.Struct, frozen=True):
    """Oldest first."""

    items: list[RoutingStep]


class Pick(Settings, frozen=True, kw_only=True):
    """Why somebody is served out of turn."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


@api.add("GET", "/api/v1/conversations", "desk.use", query=ListQuery, answer=ConversationPage)
async def list_conversations(services: Services, call: Call[NoBody]) -> ConversationPage:
    """List conversations that the user may see."""
    query: ListQuery = call.query
    items, cursor = await services.conversation_lists.page(
        call.identity, query.view, cursor=query.cursor, limit=query.limit, channel=query.channel, words=query.q
    )
    return ConversationPage(items, cursor)


@api.add("GET", "/api/v1/search", "desk.use", query=SearchWords, answer=Found)
async def search(services: Services, call: Call[NoBody]) -> Found:
    """Find contacts, conversations and articles, a few of each."""
    return await services.desk_search.find(call.identity, call.query.q)


@api.add("GET", "/api/v1/conversations/{conversation_id}", "desk.use", answer=ConversationView)
async def get_conversation(services: Services, call: Call[NoBody]) -> ConversationView:
    """Return one conversation."""
    return await services.conversations.open_for(call.identity, call.path["conversation_id"])


@api.add("GET", "/api/v1/conversations/{conversation_id}/entries", "desk.use", query=EntriesQuery, answer=EntryPage)
async def list_entries(services: Services, call: Call[NoBody]) -> EntryPage:
    """Return a page of the timeline, oldest first."""
    await services.conversations.open_for(call.identity, call.path["conversation_id"])
    query: EntriesQuery = call.query
    items, has_more = await services.conversation_lists.entries(
        call.path["conversation_id"], before=query.before, limit=query.limit
    )
    return EntryPage(items, has_more)


@api.add("GET", "/api/v1/conversations/{conversation_id}/routing", "desk.use", answer=RoutingHistory)
async def show_routing(services: Services, call: Call[NoBody]) -> RoutingHistory:
    """Tell what was decided about the conversation's work, and why."""
    await services.conversations.open_for(call.identity, call.path["conversation_id"])
    return RoutingHistory(await history(call.path["conversation_id"]))


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/messages",
    "desk.use",
    body=NewMessage,
    answer=EntryView,
    problems=(409,),
)
async def send_message(services: Services, call: Call[NewMessage]) -> EntryView:
    """Write to the citizen."""
    return await services.conversations.send(call.identity, call.path["conversation_id"], call.body)


@api.add("POST", "/api/v1/conversations/{conversation_id}/notes", "desk.use", body=NewNote, answer=EntryView)
async def add_note(services: Services, call: Call[NewNote]) -> EntryView:
    """Add an internal note."""
    return await services.conversations.note(call.identity, call.path["conversation_id"], call.body)


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/messages/{entry_id}/retry",
    "desk.use",
    answer=EntryView,
    problems=(409,),
)
async def retry_message(services: Services, call: Call[NoBody]) -> EntryView:
    """Send a failed message again."""
    return await services.conversations.retry(call.identity, call.path["conversation_id"], call.path["entry_id"])


@api.add("POST", "/api/v1/conversations/{conversation_id}/read", "desk.use")
async def mark_read(services: Services, call: Call[NoBody]) -> None:
    """Say that the owner has seen everything."""
    await services.conversations.read(call.identity, call.path["conversation_id"])


@api.add("PUT", "/api/v1/conversations/{conversation_id}/draft", "desk.use", body=NewDraft)
async def save_draft(services: Services, call: Call[NewDraft]) -> None:
    """Keep unsent words; empty ones forget them."""
    await services.conversations.save_draft(call.identity, call.path["conversation_id"], call.body)


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/pick",
    "queue.pick",
    body=Pick,
    answer=ConversationView,
    problems=(409,),
)
async def pick_conversation(services: Services, call: Call[Pick]) -> ConversationView:
    """Take waiting work out of turn."""
    return await services.conversations.pick(call.identity, call.path["conversation_id"], call.body.reason)


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/transfer",
    "desk.use",
    body=Transfer,
    answer=ConversationView,
    problems=(409,),
)
async def transfer_conversation(services: Services, call: Call[Transfer]) -> ConversationView:
    """Pass the conversation on with a note."""
    return await services.conversations.transfer(call.identity, call.path["conversation_id"], call.body)


@api.add("POST", "/api/v1/conversations/{conversation_id}/end", "desk.use", answer=ConversationView, problems=(409,))
async def end_conversation(services: Services, call: Call[NoBody]) -> ConversationView:
    """End the conversation; wrap-up begins."""
    return await services.conversations.end(call.identity, call.path["conversation_id"])


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/wrap-up",
    "desk.use",
    body=WrapUp,
    answer=ConversationView,
    problems=(409,),
)
async def wrap_up_conversation(services: Services, call: Call[WrapUp]) -> ConversationView:
    """Note how it ended and close it."""
    return await services.conversations.wrap_up(call.identity, call.path["conversation_id"], call.body)


@api.add(
    "PATCH",
    "/api/v1/conversations/{conversation_id}",
    "desk.use",
    body=ConversationEdit,
    answer=ConversationView,
    problems=(409,),
)
async def edit_conversation(services: Services, call: Call[ConversationEdit]) -> ConversationView:
    """Change topic, summary or tags."""
    return await services.conversations.edit(call.identity, call.path["conversation_id"], call.body)
