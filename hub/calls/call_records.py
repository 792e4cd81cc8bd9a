"""Records of calls, in and out: found by what is known of them, and taken away as a table."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec
from tortoise.expressions import Subquery

from core.clock import Clock
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.calls.call_filter import CallFilter
from hub.conversing.masking import mask_address
from hub.exporting import Wording, as_file, every_page
from hub.store.models import Call, CallLeg, Conversation, Recording
from hub.tables import Download, FileFormat, Table

MAX_CALLS: Final = 20_000
_COLUMNS: Final = (
    "arrived_at", "direction", "number", "dialled", "trunk", "queue", "agents", "is_answered", "waited_s", "talked_s",
    "cause", "hung_up_by", "is_recorded", "conversation",
)  # fmt: skip


class CallQuery(CallFilter, frozen=True, kw_only=True):
    """Which calls, newest first; ``user_id`` is an agent whose phone they rang."""

    is_answered: bool | None = None


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call; ``waited_s`` until the talk or the end, ``user_ids`` are the agents who talked, in their order.

    ``hung_up_by`` is ``citizen`` or ``hub``, empty while the call runs.
    """

    call_id: str
    conversation_id: str
    direction: str
    number: str
    dialled: str
    trunk: str
    queue_id: str | None
    user_ids: tuple[str, ...]
    arrived_at: datetime
    ended_at: datetime | None
    is_answered: bool
    waited_s: float | None
    talked_s: float | None
    cause: str
    hung_up_by: str
    is_recorded: bool


class CallRecords:
    """Every call there was, for who may find them: in their own queues, unless they see all."""

    def __init__(self, clock: Clock, audit: Audit, timezone: Callable[[], str]) -> None:
        self._clock = clock
        self._audit = audit
        self._timezone = timezone

    async def find(self, identity: Identity, query: CallQuery) -> list[CallRecord]:
        """Return those that match."""
        rows = Call.filter(query.of_citizen(identity), **query.between("arrived_at"))
        if not identity.may("queue.all"):
            rows = rows.filter(conversation__queue_id__in=sorted(identity.queue_ids))
        if query.direction is not None:
            rows = rows.filter(direction=query.direction)
        if query.dialled:
            rows = rows.filter(dialled__contains=query.dialled)
        if query.is_answered is not None:
            rows = rows.filter(talked_at__isnull=not query.is_answered)
        if query.queue_id:
            rows = rows.filter(conversation__queue_id=query.queue_id)
        if query.user_id:
            rows = rows.filter(call_id__in=Subquery(CallLeg.filter(user_id=query.user_id).values("call_id")))
        found = await rows.order_by("-arrived_at", "-call_id").offset(query.offset).limit(query.limit)
        return await _records(found, identity)

    async def export(
        self, identity: Identity, query: CallQuery, form: FileFormat, language: str, *, remote: str
    ) -> Download:
        """Return all that ``find`` finds as Excel or CSV; 422 ``too_many``."""
        query = msgspec.structs.replace(query, end=query.end or self._clock.now())  # what comes now moves no page
        found = await every_page(partial(self.find, identity), query, most=MAX_CALLS, what="calls")
        await self._audit.note(identity, "call.export", "call", "", remote=remote)
        wording = await Wording.load("call_record", language, self._timezone())
        return await as_file([_table(wording, found)], form, "calls")


def _table(wording: Wording, records: Iterable[CallRecord]) -> Table:
    return Table(
        wording.word("title"),
        [wording.word(column) for column in _COLUMNS],
        [
            (
                wording.at(one.arrived_at),
                wording.word(f"direction.{one.direction}"),
                one.number.removeprefix("tel:"),
                one.dialled,
                one.trunk,
                wording.queue(one.queue_id),
                ", ".join(map(wording.agent, one.user_ids)),
                wording.yes(one.is_answered),
                one.waited_s,
                one.talked_s,
                one.cause and wording.word(f"cause.{one.cause}"),
                one.hung_up_by and wording.word(f"by.{one.hung_up_by}"),
                wording.yes(one.is_recorded),
                one.conversation_id,
            )
            for one in records
        ],
    )


async def _records(rows: list[Call], identity: Identity) -> list[CallRecord]:
    call_ids = [row.call_id for row in rows]
    if not call_ids:
        return []
    agents: dict[str, list[str]] = defaultdict(list)
    legs = CallLeg.filter(call_id__in=call_ids, role="agent", answered_at__isnull=False, user_id__isnull=False)
    for leg in await legs.order_by("answered_at"):
        if leg.user_id not in agents[leg.call_id]:
            agents[leg.call_id].append(str(leg.user_id))
    recorded = {row.call_id async for row in Recording.filter(call_id__in=call_ids, deleted_at=None)}
    conversation_ids = {row.conversation_id for row in rows}
    queues: dict[str, Any] = dict(
        await Conversation.filter(conversation_id__in=conversation_ids).values_list("conversation_id", "queue_id")
    )
    return [
        CallRecord(
            call_id=row.call_id,
            conversation_id=row.conversation_id,
            direction=row.direction,
            number=row.number if identity.may("address.reveal") else mask_address(row.number),
            dialled=row.dialled,
            trunk=row.trunk,
            queue_id=queues.get(row.conversation_id),
            user_ids=() if row.talked_at is None else tuple(agents[row.call_id]),
            arrived_at=row.arrived_at,
            ended_at=row.ended_at,
            is_answered=row.talked_at is not None,
            waited_s=_seconds(row.arrived_at, row.talked_at or row.ended_at),
            talked_s=_seconds(row.talked_at, row.ended_at),
            cause=row.cause,
            hung_up_by=row.hung_up_by,
            is_recorded=row.call_id in recorded,
        )
        for row in rows
    ]


def _seconds(begin: datetime | None, end: datetime | None) -> float | None:
    return None if begin is None or end is None else round((end - begin).total_seconds(), 1)
