"""One search over people, conversations, work orders and knowledge, a few of each."""

import asyncio
from typing import Final

import msgspec
from tortoise.expressions import Q

from core.events import ContactView, ConversationView, WorkOrderView
from hub.accounts.identity import Identity
from hub.conversing.lists import MAX_FOUND, ConversationLists
from hub.conversing.masking import SHOWN_LAST, masked
from hub.knowledge.finding import Finder, FoundArticle, Wanted
from hub.knowledge.search.documents import SearchQuery
from hub.store.models import Address, Contact, Conversation
from hub.store.views import contact_view
from hub.work_orders.finding import OrderLists, OrdersQuery

SHOWN: Final = 5  # of each kind
CANDIDATES: Final = 200  # contacts that are looked at for those the user may see


class Found(msgspec.Struct, frozen=True):
    """What was found, best or newest first."""

    contacts: list[ContactView]
    conversations: list[ConversationView]
    orders: list[WorkOrderView]
    articles: list[FoundArticle]


class DeskSearch:
    """Asks those who know each kind."""

    def __init__(self, lists: ConversationLists, orders: OrderLists, finder: Finder) -> None:
        self._lists = lists
        self._orders = orders
        self._finder = finder

    async def find(self, identity: Identity, words: str) -> Found:
        """Return what ``words`` find that the user may see."""
        contacts, (conversations, _), orders, articles = await asyncio.gather(
            self._contacts(identity, words),
            self._lists.page(identity, "all", cursor="", limit=SHOWN, channel="", words=words),
            self._orders.page(identity, OrdersQuery(words=words, limit=SHOWN)),
            self._finder.find(identity, Wanted(text=words, has_files=True, limit=SHOWN)),
        )
        return Found(contacts, conversations, orders, articles.items)

    async def _contacts(self, identity: Identity, words: str) -> list[ContactView]:
        rows = await Contact.filter(await self._wanted(identity, words)).order_by("-contact_id").limit(CANDIDATES)
        ids = [row.contact_id for row in rows]
        if not identity.may("queue.all"):
            seen = Q(agent_id=identity.user_id) | Q(queue_id__in=sorted(identity.queue_ids))
            served = {one.contact_id for one in await Conversation.filter(seen, contact_id__in=ids)}
            ids = [one for one in ids if one in served]
        addresses = await Address.filter(contact_id__in=ids[:SHOWN])
        by_id = {row.contact_id: row for row in rows}
        return [
            masked(contact_view(by_id[one], [row for row in addresses if row.contact_id == one]), identity)
            for one in ids[:SHOWN]
        ]

    async def _wanted(self, identity: Identity, words: str) -> Q:
        answer = await self._finder.ask(SearchQuery(collection="records", text=words, limit=MAX_FOUND))
        if answer is not None:
            return Q(contact_id__in=[hit.group for hit in answer.hits])
        # without the index, in the rows; digits that are hidden cannot be found out by trying
        if identity.may("address.reveal"):
            found = Address.filter(uri__icontains=words)
        elif len(words) <= SHOWN_LAST:
            found = Address.filter(uri__iendswith=words)
        else:
            return Q(name__icontains=words)
        addressed = await found.limit(CANDIDATES)
        return Q(name__icontains=words) | Q(contact_id__in=[row.contact_id for row in addressed])
