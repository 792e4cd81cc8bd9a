"""Reads the day's cases from the store: what the ledger goes on from after a start."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from tortoise.expressions import Q

from hub.dispatch.history import RoutingStep
from hub.dispatch.queues import MESSAGE_CLASS, WAITED_OUT
from hub.figures.call_sums import PhoneCall
from hub.figures.cases import Case
from hub.figures.ledger import Asked
from hub.store.models import AgentStretch, Call, Conversation, Entry, Offer, WorkItem

LIVE = ("waiting", "offered", "assigned")
CHUNK = 500  # ids in one question; SQLite allows 32,766


class Stretch(NamedTuple):
    """A time in which an agent did one thing; without ``ended_at`` it goes on."""

    agent_id: str
    activity: str
    reason: str
    begun_at: datetime
    ended_at: datetime | None


async def read_cases(begin: datetime) -> list[Case]:
    """Return the cases that came from ``begin`` on, and those still open."""
    works = {
        work.work_id: work
        for work in await WorkItem.filter(enqueued_at__gte=begin, is_begun=False).exclude(state="refused")
    }
    works |= {work.work_id: work for work in await WorkItem.filter(state__in=LIVE, is_begun=False)}
    newest = {work.conversation_id: work.work_id for work in sorted(works.values(), key=lambda one: one.work_id)}
    return await _cases(works, newest)


async def read_past_cases(begin: datetime, end: datetime, *, most: int) -> AsyncIterator[list[Case]]:
    """Yield the cases that came from ``begin`` on and before ``end``, some at a time; OverflowError over ``most``."""
    came = WorkItem.filter(enqueued_at__gte=begin, enqueued_at__lt=end, is_begun=False).exclude(state="refused")
    ids: set[str] = set(await came.limit(most + 1).values_list("work_id", flat=True))  # type: ignore[arg-type]
    if len(ids) > most:
        raise OverflowError
    for some in _chunks(ids):
        works = {work.work_id: work for work in await WorkItem.filter(work_id__in=some)}
        newest: dict[str, str] = {}
        conversation_ids = {work.conversation_id for work in works.values()}
        of_same = WorkItem.filter(conversation_id__in=conversation_ids, is_begun=False).exclude(state="refused")
        for work_id, conversation_id in await of_same.order_by("work_id").values_list("work_id", "conversation_id"):
            newest[conversation_id] = work_id
        yield await _cases(works, newest)


async def _cases(works: Mapping[str, WorkItem], newest: Mapping[str, str]) -> list[Case]:
    """Return what ``works`` came to; ``newest`` is the last work of each conversation."""
    conversations = await _conversations({work.conversation_id for work in works.values()})
    answered = await _answered(works)
    ended = await _ended(set(conversations))
    cases = []
    for work in works.values():
        is_message = work.channel_class == MESSAGE_CLASS
        is_newest = newest[work.conversation_id] == work.work_id
        if is_message and work.state == "done" and not is_newest and work.agent_id is None:
            continue  # it gave way to somebody who waited
        conversation = conversations[work.conversation_id]
        cases.append(_case(work, conversation if is_newest else None, conversation, answered, ended))
    return cases


async def read_past_calls(begin: datetime, end: datetime, *, most: int) -> AsyncIterator[list[PhoneCall]]:
    """Yield the calls of citizens that came or were begun in a time, some at a time; OverflowError over ``most``."""
    last = ""
    found = 0
    calls = Call.filter(arrived_at__gte=begin, arrived_at__lt=end).order_by("call_id").limit(CHUNK)
    columns = ("call_id", "conversation_id", "direction", "arrived_at", "talked_at", "ended_at")
    while rows := await calls.filter(call_id__gt=last).values(*columns):
        last = rows[-1]["call_id"]
        found += len(rows)
        if found > most:
            raise OverflowError
        conversations = await _conversations({row["conversation_id"] for row in rows})
        yield [_phone_call(row, conversations[row["conversation_id"]]) for row in rows]


async def read_stretches(
    begin: datetime, end: datetime, agent_ids: Collection[str], *, most: int
) -> AsyncIterator[list[Stretch]]:
    """Yield what agents did in a time, begun or ended outside of it, too, some at a time; OverflowError over ``most``.

    ``agent_ids`` are those asked for; ``begin`` and ``end`` are in UTC, as every time in a question to the store.
    """
    within = Q(ended_at__gt=begin) | Q(ended_at=None)
    asked = AgentStretch.filter(within, begun_at__lt=end).limit(most + 1)
    ids: set[str] = set(await asked.values_list("stretch_id", flat=True))  # type: ignore[arg-type]
    if len(ids) > most:
        raise OverflowError
    columns = ("agent_id", "activity", "reason", "begun_at", "ended_at")
    for some in _chunks(ids):
        rows = AgentStretch.filter(stretch_id__in=some, agent_id__in=agent_ids)
        yield [Stretch(*row) for row in await rows.values_list(*columns)]


async def read_asked(begin: datetime) -> dict[str, Asked]:
    """Return what agents did with the offers that were made from ``begin`` on."""
    asked: dict[str, Asked] = defaultdict(Asked)
    for offer in await Offer.filter(made_at__gte=begin, outcome__in=("expired", "declined")):
        if offer.outcome == "expired":
            asked[offer.agent_id].missed += 1
        else:
            asked[offer.agent_id].declined += 1
    return asked


def _case(
    work: WorkItem,
    current: Conversation | None,
    conversation: Conversation,
    answered: dict[str, datetime],
    ended: dict[str, datetime],
) -> Case:
    case = Case(
        work.work_id,
        work.conversation_id,
        work.queue_id,
        conversation.channel,
        work.enqueued_at,
        is_message=work.channel_class == MESSAGE_CLASS,
        answered_at=answered.get(work.work_id),
    )
    if work.agent_id is not None:  # picked work was never offered
        case.agent_id = work.agent_id
        case.served_at = conversation.assigned_at if current else case.answered_at
        case.answered_at = case.answered_at or case.served_at or work.enqueued_at
    if work.state == "done":
        over_at = ended.get(work.conversation_id) or conversation.closed_at or conversation.last_entry_at
        if case.answered_at is None:
            case.left_at = _diverted_at(work)
            case.is_diverted = case.left_at is not None
            case.left_at = case.left_at or conversation.closed_at or over_at or work.enqueued_at
        elif case.agent_id is not None:
            case.ended_at = over_at
    if current is not None:
        case.closed_at = current.closed_at
        case.rating = current.rating
    return case


def _phone_call(row: Mapping[str, Any], conversation: Conversation) -> PhoneCall:
    return PhoneCall(
        queue_id=conversation.queue_id or "",
        agent_id=conversation.agent_id or "",
        channel=conversation.channel,
        is_out=row["direction"] == "out",
        arrived_at=row["arrived_at"],
        talked_at=row["talked_at"],
        ended_at=row["ended_at"],
    )


def _diverted_at(work: WorkItem) -> datetime | None:
    """Return when the queue's longest wait was over and other services were offered; None when it was not."""
    last = msgspec.convert((work.moves or [])[-1:], list[RoutingStep])
    withdrawn = [step.at for step in last if step.step == "withdrawn" and step.why.get("reason") == WAITED_OUT]
    return withdrawn[0] if withdrawn else None


async def _conversations(ids: set[str]) -> dict[str, Conversation]:
    found: dict[str, Conversation] = {}
    for some in _chunks(ids):
        found |= {row.conversation_id: row for row in await Conversation.filter(conversation_id__in=some)}
    return found


async def _answered(works: Mapping[str, WorkItem]) -> dict[str, datetime]:
    """Return when each piece of work was first accepted."""
    first: dict[str, datetime] = {}
    for some in _chunks(set(works)):
        for offer in await Offer.filter(work_id__in=some, outcome="accepted").order_by("-ended_at"):
            if offer.ended_at is not None:
                first[offer.work_id] = offer.ended_at
    return first


async def _ended(ids: set[str]) -> dict[str, datetime]:
    """Return when an agent's service of each conversation ended last."""
    last: dict[str, datetime] = {}
    for some in _chunks(ids):
        for entry in await Entry.filter(conversation_id__in=some, code="ended").order_by("entry_id"):
            last[entry.conversation_id] = entry.created_at
    return last


def _chunks(ids: set[str]) -> list[list[str]]:
    listed = sorted(ids)
    return [listed[at : at + CHUNK] for at in range(0, len(listed), CHUNK)]
