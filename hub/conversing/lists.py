"""Pages of conversations and of their timelines, as a desk scrolls through them."""

from typing import Final, Literal

from tortoise.expressions import Q

from core.events import ConversationView, EntryView
from hub.accounts.identity import Identity
from hub.conversing.masking import masked
from hub.desktop.patches import Viewer
from hub.knowledge.finding import Finder
from hub.knowledge.search.documents import SearchQuery
from hub.store.models import Conversation, Entry
from hub.store.views import conversation_view, entry_view

MAX_FOUND: Final = 1_000  # hits of a search, best first, of which those are shown that the user may see

View = Literal["mine", "waiting", "all"]


class ConversationLists:
    """Reads; changes nothing."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder

    async def page(
        self, identity: Identity, view: View, *, cursor: str, limit: int, channel: str, words: str
    ) -> tuple[list[ConversationView], str | None]:
        """Return conversations newest first and the cursor of the next page, None at the end."""
        rows = Conversation.filter(_wanted(identity, view))
        if channel:
            rows = rows.filter(channel=channel)
        if words:
            rows = rows.filter(await self._found(words))
        if cursor:
            rows = rows.filter(conversation_id__lt=cursor)
        page = await rows.order_by("-conversation_id").limit(limit + 1)
        items = [masked(conversation_view(row), identity) for row in page[:limit]]
        return items, items[-1].conversation_id if len(page) > limit else None

    async def _found(self, words: str) -> Q:
        """Return what narrows to conversations that ``words`` find, by what was said, noted, or whom it was said to."""
        query = SearchQuery(collection="records", text=words, limit=MAX_FOUND)
        answer = await self._finder.ask(query)
        if answer is None:  # without the index only what the rows themselves say
            return Q(contact_name__icontains=words) | Q(topic__icontains=words)
        groups = {hit.group for hit in answer.hits}
        return Q(conversation_id__in=groups) | Q(contact_id__in=groups)

    async def of_contact(self, identity: Identity, contact_id: str) -> list[ConversationView]:
        """Return the contact's latest conversations that the user may open."""
        rows = await Conversation.filter(contact_id=contact_id).order_by("-conversation_id").limit(100)
        viewer = Viewer(identity)
        return [masked(view, identity) for row in rows if viewer.may_open(view := conversation_view(row))]

    async def entries(self, conversation_id: str, *, before: str, limit: int) -> tuple[list[EntryView], bool]:
        """Return the page of the timeline that ends before entry ``before``, and whether there are older ones."""
        rows = Entry.filter(conversation_id=conversation_id)
        if before:
            rows = rows.filter(entry_id__lt=before)
        page = await rows.order_by("-entry_id").limit(limit + 1)
        return [entry_view(row) for row in reversed(page[:limit])], len(page) > limit


def _wanted(identity: Identity, view: View) -> Q:
    mine = Q(agent_id=identity.user_id)
    sees_all = identity.may("queue.all")
    queues = Q() if sees_all else Q(queue_id__in=sorted(identity.queue_ids))
    match view:
        case "mine":
            return mine & Q(state__in=("active", "wrap_up"))
        case "waiting":
            return queues & Q(state="queued")
        case "all":
            return Q() if sees_all else mine | queues
