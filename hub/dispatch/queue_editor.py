"""Changes and retires queues: stored, audited, and known to the routing core in the same unit of work."""

import msgspec

from core.errors import ConfigInvalid
from core.ids import check_token
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queue_uses import queue_uses
from hub.dispatch.queues import Queues, QueueSettings, QueueSetup, QueueUse, read_rules
from hub.errors import ApiError, not_found
from hub.flows.library import FlowLibrary
from hub.store.models import Calendar, Queue, WorkItem
from hub.units import Unit, Units


class QueueEditor:
    """What administrators do to queues."""

    def __init__(
        self, units: Units, audit: Audit, *, dispatcher: Dispatcher, queues: Queues, library: FlowLibrary
    ) -> None:
        self._units = units
        self._audit = audit
        self._dispatcher = dispatcher
        self._queues = queues
        self._library = library

    async def all(self) -> list[QueueSetup]:
        """Return every queue, retired ones too, with what leads to it."""
        return [self._setup(row) for row in await Queue.all().order_by("queue_id")]

    async def save(
        self, identity: Identity, queue_id: str, title: dict[str, str], rules: QueueSettings, *, remote: str = ""
    ) -> QueueSetup:
        """Make or change a queue; waiting work follows the new rules at once."""
        try:
            check_token(queue_id)
        except ValueError as error:
            raise ConfigInvalid({"queue_id": str(error)}) from error
        if rules.opening_calendar and not await Calendar.exists(calendar_id=rules.opening_calendar):
            raise ConfigInvalid({"opening_calendar": "unknown"})
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            values = {"title": title, "rules": msgspec.to_builtins(rules)}
            row, _ = await Queue.update_or_create(values, queue_id=queue_id)
            await self._dispatcher.know_queue(unit, queue_id)
            await self._audit.record(identity, "queue.save", "queue", queue_id, remote=remote)
        return self._setup(row)

    async def retire(self, identity: Identity, queue_id: str, *, move_to: str = "", remote: str = "") -> QueueSetup:
        """Let a queue take no new work; what waits in it moves to ``move_to``, or is served by its agents yet.

        409 ``queue_in_use`` names what leads there, ``last_queue`` says that no other takes work.
        """
        row = await _row(queue_id)
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            others = [one for one in self._queues.active if one != queue_id]
            if not others:
                raise ApiError(409, "last_queue", "no other queue takes work")
            if move_to and move_to not in others:
                raise ConfigInvalid({"move_to": "unknown"})
            if uses := self._uses(queue_id):
                leading = ", ".join(f"{use.kind} {use.name}" for use in uses)
                raise ApiError(409, "queue_in_use", f"{leading} lead to it")
            row.is_active = False
            await row.save(update_fields=["is_active"])
            await self._dispatcher.know_queue(unit, queue_id)
            moved = await self._move(unit, queue_id, move_to) if move_to else 0
            await self._audit.record(
                identity, "queue.retire", "queue", queue_id, remote=remote, move_to=move_to, moved=moved
            )
        return self._setup(row)

    async def reinstate(self, identity: Identity, queue_id: str, *, remote: str = "") -> QueueSetup:
        """Let a retired queue take work again."""
        row = await _row(queue_id)
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            row.is_active = True
            await row.save(update_fields=["is_active"])
            await self._dispatcher.know_queue(unit, queue_id)
            await self._audit.record(identity, "queue.reinstate", "queue", queue_id, remote=remote)
        return self._setup(row)

    async def _move(self, unit: Unit, queue_id: str, move_to: str) -> int:
        """Move everything that nobody serves yet, in its order; return how many."""
        waiting = await WorkItem.filter(queue_id=queue_id, state__in=("waiting", "offered")).order_by("enqueued_at")
        for work in waiting:
            conversation = await unit.conversation(work.conversation_id)
            await self._dispatcher.transfer(unit, conversation, move_to, agent_id=None, reason="queue_retired")
        return len(waiting) + await WorkItem.filter(queue_id=queue_id, state="refused").update(queue_id=move_to)

    def _setup(self, row: Queue) -> QueueSetup:
        rules = read_rules(row.rules)
        return QueueSetup(
            queue_id=row.queue_id, title=row.title, rules=rules, is_active=row.is_active, uses=self._uses(row.queue_id)
        )

    def _uses(self, queue_id: str) -> list[QueueUse]:
        others = {one: self._queues.settings(one) for one in self._queues.active if one != queue_id}
        entries = {name: entry.queue for name, entry in self._library.entries().items()}
        return queue_uses(queue_id, self._library.all_published(), entries, others)


async def _row(queue_id: str) -> Queue:
    row = await Queue.get_or_none(queue_id=queue_id)
    if row is None:
        raise not_found("queue")
    return row
