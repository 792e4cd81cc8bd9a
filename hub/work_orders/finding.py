"""Finds work orders: lists with filters, by words, and one with its history and recordings."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from tortoise.expressions import Q

from core.events import WorkOrderKind, WorkOrderState, WorkOrderView
from hub.accounts.identity import Identity
from hub.conversing.access import may_open
from hub.conversing.lists import MAX_FOUND
from hub.conversing.masking import SHOWN_LAST
from hub.knowledge.finding import Finder
from hub.knowledge.search.documents import SearchQuery
from hub.setup.organization import Organization
from hub.store.fields import ID_LENGTH, SLUG_LENGTH
from hub.store.models import Conversation, Recording, WorkOrder
from hub.store.views import view
from hub.units import Units
from hub.work_orders.access import of_department, shown, visible_to
from hub.work_orders.history import StepView, steps_of

WAITING: Final = ("open", "assigned")  # for their answer
OF_ORDERS: Final = (("type:work_order", "type:contact"),)  # what the index knows of an order
UNFINISHED: Final = (*WAITING, "answered")


class OrdersQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders: one's own, one's department's, or all one may see; ``unfinished`` ones are not closed.

    ``words`` are those of a number, a name or of what was said; the page ends before order ``before``.
    """

    view: Literal["mine", "department", "all"] = "all"
    state: WorkOrderState | Literal["", "unfinished"] = ""
    kind: WorkOrderKind | Literal[""] = ""
    department_id: Annotated[str, Meta(max_length=SLUG_LENGTH)] = ""
    contact_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    is_overdue: bool = False
    words: Annotated[str, Meta(max_length=100)] = ""
    before: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class OrderRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording of the order's conversation."""

    media_id: str
    started_at: datetime
    length_s: float


class FullOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order with its history; recordings only for who may open the conversation."""

    order: WorkOrderView
    steps: list[StepView]
    may_open_conversation: bool = False
    recordings: list[OrderRecording] = []


class OrderFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders wait for an answer, how many of these are overdue, how many are answered and to be closed."""

    waiting: int
    overdue: int
    answered: int


class OrderLists:
    """Reads; changes nothing."""

    def __init__(self, units: Units, organization: Organization, finder: Finder) -> None:
        self._units = units
        self._organization = organization
        self._finder = finder

    async def page(self, identity: Identity, query: OrdersQuery) -> list[WorkOrderView]:
        """Return orders that the user may see, the newest first."""
        rows = WorkOrder.filter(visible_to(identity, self._organization), await self._wanted(identity, query))
        return [
            shown(view(WorkOrderView, row), identity) for row in await rows.order_by("-order_id").limit(query.limit)
        ]

    async def full(self, identity: Identity, row: WorkOrder) -> FullOrder:
        """Return an order that the user may see with its history."""
        conversation = await Conversation.get_or_none(conversation_id=row.conversation_id)
        is_open_to_user = conversation is not None and await may_open(identity, conversation)
        kept = Recording.filter(conversation_id=row.conversation_id, media_id__isnull=False).order_by("started_at")
        return FullOrder(
            order=shown(view(WorkOrderView, row), identity),
            steps=await steps_of(row.order_id),
            may_open_conversation=is_open_to_user,
            recordings=[view(OrderRecording, one) for one in await kept] if is_open_to_user else [],
        )

    async def figures(self, identity: Identity) -> OrderFigures:
        """Count the orders that the user may see."""
        rows = WorkOrder.filter(visible_to(identity, self._organization))
        waiting = rows.filter(state__in=WAITING)
        return OrderFigures(
            waiting=await waiting.count(),
            overdue=await waiting.filter(due_at__lt=self._units.now()).count(),
            answered=await rows.filter(state="answered").count(),
        )

    async def _wanted(self, identity: Identity, query: OrdersQuery) -> Q:
        wanted = Q()
        if query.view == "mine":
            wanted &= Q(created_by=identity.user_id)
        elif query.view == "department":
            wanted &= of_department(identity, self._organization)
        if query.state:
            wanted &= Q(state__in=UNFINISHED if query.state == "unfinished" else (query.state,))
        if query.is_overdue:
            wanted &= Q(state__in=WAITING, due_at__lt=self._units.now())
        if query.department_id:
            wanted &= Q(department_id__in=self._organization.with_those_below(query.department_id))
        for name in ("kind", "contact_id"):
            if value := getattr(query, name):
                wanted &= Q(**{name: value})
        if query.before:
            wanted &= Q(order_id__lt=query.before)
        if words := query.words.strip():
            wanted &= await self._found(identity, words)
        return wanted

    async def _found(self, identity: Identity, words: str) -> Q:
        """Return what narrows to the orders that ``words`` find, by the index or, without it, by what the rows say.

        Digits that are hidden from the user cannot be found out by trying.
        """
        found = Q(number__startswith=words)
        is_revealed = identity.may("address.reveal")
        query = SearchQuery(collection="records", text=words, filters=OF_ORDERS, limit=MAX_FOUND)
        answer = await self._finder.ask(query)
        if answer is not None:
            may_match_keys = is_revealed or sum(map(str.isdigit, words)) <= SHOWN_LAST
            groups = [hit.group for hit in answer.hits if may_match_keys or hit.matched != "key"]
            return found | Q(order_id__in=groups) | Q(contact_id__in=groups)
        found |= Q(name__icontains=words) | Q(content__icontains=words) | Q(answer__icontains=words)
        if is_revealed:
            return found | Q(contact_details__icontains=words)
        return found | Q(contact_details__iendswith=words) if len(words) <= SHOWN_LAST else found
