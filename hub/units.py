"""A unit of work with its rows in hand: each row is read once, changed in memory, written once at the end.

The hub is the only writer, so rows stay in memory between units; a unit that fails forgets
them all, and the next one reads the database again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

from tortoise.models import Model

from core.clock import Clock
from core.events import EntryChanged, Event
from core.subjects import subject
from hub.errors import not_found
from hub.rows import Rows
from hub.store.closing import Statement
from hub.store.engine import Store
from hub.store.models import Address, Contact, Conversation, Draft, Entry
from hub.store.unit_of_work import Work, insertion, upsertion
from hub.store.views import conversation_view, entry_view, model_row

MAX_SHARED: Final = 64  # acts in one unit: enough to share a wait for the disk, few enough to do again one by one

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=Model)


class Unit:
    """One unit of work; ``add`` and ``touch`` what is to be written when it ends."""

    def __init__(self, work: Work, rows: Rows, clock: Clock) -> None:
        self.work = work
        self.now = clock.now()
        self.cause_id: str | None = None
        self._rows = rows
        self._added: list[Model] = []
        self._touched: dict[int, Model] = {}
        self._entries: dict[str, Entry] = {}
        self._changed: dict[str, tuple[Entry, Conversation, str | None]] = {}
        self._moved: set[str] = set()  # entries
        self._undoings: list[Callable[[], None]] = []
        self._endings: list[Callable[[], None]] = []
        self.kept: dict[tuple[str, str], object] = {}  # what services hold in this unit, by kind and id

    def record(self, event: Event, id: str, *, conversation_id: str | None = None) -> None:  # noqa: A002
        """Publish ``event`` about ``id`` when this unit is committed."""
        self.work.record(event, id, conversation_id=conversation_id, cause_id=self.cause_id)

    def has_recorded(self, kind: type[Event], id: str) -> bool:  # noqa: A002
        """Whether an event of this kind about ``id`` will be published."""
        return any(isinstance(event, kind) and about == subject(kind, id) for about, _, event in self.work.recorded)

    def after(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await ``callback`` once this unit is committed."""
        self.work.after(callback)

    def if_undone(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when nothing of this unit remains, whatever failed: its body, its writing, its commit."""
        self._undoings.append(callback)

    def at_end(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` before this unit is written: the last chance to change something in it."""
        self._endings.append(callback)

    def undone(self) -> None:
        """Tell those who asked that nothing of this unit remains."""
        for callback in reversed(self._undoings):
            callback()

    def add(self, row: Model) -> None:
        """Insert ``row`` when the unit ends."""
        self._added.append(row)
        match row:
            case Conversation():
                self._rows.conversations[row.conversation_id] = row
                self._rows.current[row.address, row.instance] = row.conversation_id
            case Contact():
                self._rows.contacts[row.contact_id] = row
            case Address():
                self._rows.addresses[row.uri] = row
            case Entry():
                self._entries[row.entry_id] = row
                if row.status is not None:
                    self._rows.sent[row.entry_id] = row
                if row.author_kind == "agent" and row.conversation_id in self._rows.own:
                    self._rows.own[row.conversation_id][row.client_id] = row.entry_id

    def touch(self, row: Model) -> None:
        """Write the changed ``row`` when the unit ends."""
        self._touched[id(row)] = row

    def change_entry(self, entry: Entry, conversation: Conversation, *, has_moved: bool = False) -> None:
        """Write the changed ``entry`` and tell everybody, once however often it changes in this unit."""
        self.touch(entry)
        if has_moved:
            self._moved.add(entry.entry_id)
        self._changed[entry.entry_id] = entry, conversation, self.cause_id

    async def conversation(self, conversation_id: str) -> Conversation:
        """Return the conversation's row; 404 when there is none."""
        row = await _find(self._rows.conversations, conversation_id, Conversation, "conversation_id")
        if row is None:
            raise not_found("conversation")
        return row

    async def contact(self, contact_id: str) -> Contact:
        """Return the contact's row; 404 when there is none."""
        row = await _find(self._rows.contacts, contact_id, Contact, "contact_id")
        if row is None:
            raise not_found("contact")
        return row

    async def address(self, uri: str) -> Address | None:
        """Return the row of address ``uri``, or None when it was never seen."""
        return await _find(self._rows.addresses, uri, Address, "uri")

    async def reply_address(self, conversation: Conversation) -> Address:
        """Return the row of the address that answers go to."""
        address = await self.address(conversation.reply_address or conversation.address)
        assert address is not None, "a conversation has an address"
        return address

    def follow(self, uri: str, instance: str, conversation: Conversation) -> None:
        """Let what ``uri`` writes over ``instance`` belong to ``conversation``, which has just written there."""
        self._rows.current[uri, instance] = conversation.conversation_id

    async def remove_address(self, row: Address) -> None:
        """Delete an address that nothing was exchanged with."""
        self._rows.addresses.pop(row.uri, None)
        await Address.filter(address_id=row.address_id).delete()

    async def current_conversation(self, uri: str, instance: str) -> Conversation | None:
        """Return the conversation that goes on with ``uri`` over ``instance``: served, or its flow still waits.

        The one that exchanged the last message there comes before those that began there.
        """
        key = (uri, instance)
        if key not in self._rows.current:
            self._rows.current[key] = await self._last_conversation(uri, instance)
        self._rows.current.move_to_end(key)
        conversation_id = self._rows.current[key]
        if conversation_id is None:
            return None
        row = await self.conversation(conversation_id)
        if _is_over(row) and (row.address, row.instance) != key:
            began = await self._began_at(uri, instance)
            if began is None:
                return None
            row = self._rows.conversations.setdefault(began.conversation_id, began)
            self._rows.current[key] = row.conversation_id
        return None if _is_over(row) else row

    async def _last_conversation(self, uri: str, instance: str) -> str | None:
        began = await self._began_at(uri, instance)
        if began is not None:
            self._rows.conversations.setdefault(began.conversation_id, began)
        began_id = None if began is None else began.conversation_id
        address = await self.address(uri)
        if address is None or not address.last_seq:
            return began_id
        entry = await Entry.filter(address=uri, instance=instance).order_by("-seq").first()
        # ids rise with time: an entry made before the conversation began belongs to an older one
        if entry is None or (began_id is not None and entry.entry_id < began_id):
            return began_id
        # a result that one contact had sent to another's address makes nobody's replies theirs
        is_theirs = (await self.conversation(entry.conversation_id)).contact_id == address.contact_id
        return entry.conversation_id if is_theirs else began_id

    async def _began_at(self, uri: str, instance: str) -> Conversation | None:
        rows = Conversation.filter(address=uri, instance=instance, merged_into=None)
        return await rows.order_by("-conversation_id").first()

    async def find_own(self, conversation_id: str, client_id: str) -> Entry | None:
        """Return what an agent's browser sent under ``client_id`` before, in this unit or an earlier one."""
        own = self._rows.own.get(conversation_id)
        if own is None:
            rows = Entry.filter(conversation_id=conversation_id, author_kind="agent").exclude(client_id="")
            own = self._rows.own[conversation_id] = dict(await rows.values_list("client_id", "entry_id"))
            own.update({row.client_id: row.entry_id for row in self._added_by_agents(conversation_id)})
        self._rows.own.move_to_end(conversation_id)
        return await self.find_entry(own[client_id]) if client_id in own else None

    def forget_own(self, *conversation_ids: str) -> None:
        """Read anew what agents' browsers sent into conversations, for entries of theirs have moved."""
        for conversation_id in conversation_ids:
            self._rows.own.pop(conversation_id, None)

    def _added_by_agents(self, conversation_id: str) -> Iterable[Entry]:
        for row in self._added:
            if isinstance(row, Entry) and (row.conversation_id, row.author_kind) == (conversation_id, "agent"):
                yield row

    async def has_draft(self, conversation_id: str, agent_id: str) -> bool:
        """Whether the agent has begun to write into the conversation."""
        key = (conversation_id, agent_id)
        if key not in self._rows.drafts:
            self.know_draft(*key, await Draft.filter(conversation_id=conversation_id, agent_id=agent_id).exists())
        self._rows.drafts.move_to_end(key)
        return self._rows.drafts[key]

    def know_draft(self, conversation_id: str, agent_id: str, exists: bool) -> None:
        """Remember whether there is a draft, which the caller has just written or deleted."""
        self._rows.drafts[conversation_id, agent_id] = exists

    async def load_entries(self, entry_ids: Iterable[str]) -> None:
        """Read many entries at once, for ``find_entry`` to know."""
        unknown = {entry_id for entry_id in entry_ids if self._known_entry(entry_id) is None}
        if unknown:
            self._entries.update({row.entry_id: row for row in await Entry.filter(entry_id__in=unknown)})

    def know_entry(self, row: Entry) -> Entry:
        """Return the one object for this entry in this unit: ``row``, unless it was read before."""
        return self._known_entry(row.entry_id) or self._entries.setdefault(row.entry_id, row)

    async def find_entry(self, entry_id: str) -> Entry | None:
        """Return the timeline entry's row, or None when there is none."""
        known = self._known_entry(entry_id)
        if known is None and (known := await Entry.get_or_none(entry_id=entry_id)) is not None:
            self._entries[entry_id] = known
        return known

    def _known_entry(self, entry_id: str) -> Entry | None:
        return self._entries.get(entry_id) or self._rows.sent.get(entry_id)

    async def entry(self, entry_id: str) -> Entry:
        """Return the timeline entry's row; 404 when there is none."""
        found = await self.find_entry(entry_id)
        if found is None:
            raise not_found("entry")
        return found

    async def flush(self) -> None:
        """Write what was added and touched; new rows in the order they were added, kind by kind."""
        await self.work.write(self._take_statements())

    def close(self) -> None:
        """Leave what was added and touched, and the events of changed entries, to the commit."""
        while self._endings:  # they may ask again
            self._endings.pop(0)()
        for entry, conversation, cause_id in self._changed.values():
            event = EntryChanged(
                entry=entry_view(entry),
                conversation=conversation_view(conversation),
                has_moved=entry.entry_id in self._moved,
            )
            conversation_id = conversation.conversation_id
            self.work.record(event, conversation_id, conversation_id=conversation_id, cause_id=cause_id)
        self._changed.clear()
        self.work.write_last(self._take_statements())

    def _take_statements(self) -> list[Statement]:
        statements = []
        for row in self._added:
            self._touched.pop(id(row), None)
        for kind, rows in _by_kind(self._added).items():
            statements.append(insertion(kind, [model_row(row) for row in rows]))
            for row in rows:
                row._saved_in_db = True
        for kind, rows in _by_kind(self._touched.values()).items():
            statements.append(upsertion(kind, [model_row(row) for row in rows]))
        self._added.clear()
        self._touched.clear()
        return statements


class _Waiting:
    """Something to be done in a shared unit, and who waits for it."""

    def __init__(self, act: Callable[[Unit], Awaitable[Any]]) -> None:
        self.act = act
        self.result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def done(self, result: Any) -> None:
        """Hand over the result, unless nobody waits any more."""
        if not self.result.done():
            self.result.set_result(result)

    def failed(self, error: Exception) -> None:
        """Hand over why there is none."""
        if not self.result.done():
            self.result.set_exception(error)


class Units:
    """Opens units of work that share the rows in hand."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._clock = clock
        self._rows = Rows()
        self._waiting: list[_Waiting] = []
        self._sharing: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """Return the clock's time, for questions outside a unit."""
        return self._clock.now()

    async def share(self, act: Callable[[Unit], Awaitable[T]]) -> T:
        """Do ``act`` in one unit with whatever else comes meanwhile: one commit, one wait for the disk, for all.

        When one of them raises, all are undone and each is done again in a unit of its own, so ``act`` must do
        nothing outside its unit.
        """
        waiting = _Waiting(act)
        self._waiting.append(waiting)
        if self._sharing is None or self._sharing.done():
            self._sharing = asyncio.create_task(self._share_all())
        result: T = await waiting.result
        return result

    async def _share_all(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MAX_SHARED], self._waiting[MAX_SHARED:]
            try:
                async with self.open() as unit:
                    results = [await one.act(unit) for one in some]
            except Exception:
                for one in some:
                    await self._do_alone(one)
                continue
            for one, result in zip(some, results, strict=True):
                one.done(result)

    async def _do_alone(self, one: "_Waiting") -> None:
        try:
            async with self.open() as unit:
                result = await one.act(unit)
        except Exception as error:
            one.failed(error)
        else:
            one.done(result)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Unit]:
        """Open a unit; it is written when the body ends, undone when it raises."""
        unit: Unit | None = None
        try:
            async with self.store.work() as work:
                unit = Unit(work, self._rows, self._clock)
                yield unit
                unit.close()
                self._rows.trim()
        except BaseException:
            self._rows.clear()
            if unit is not None and not unit.work.is_committed:  # cancelled just after the commit
                unit.undone()
            raise


def _is_over(row: Conversation) -> bool:
    return row.state in ("wrap_up", "closed") and row.flow_state is None


def _by_kind(rows: Iterable[Model]) -> dict[type[Model], list[Model]]:
    kinds: dict[type[Model], list[Model]] = {}
    for row in rows:
        kinds.setdefault(type(row), []).append(row)
    return kinds


async def _find(cache: OrderedDict[str, Any], key: str, kind: type[ModelT], column: str) -> ModelT | None:
    row: ModelT | None = cache.get(key)
    if row is None:
        row = await kind.filter(**{column: key}).first()
        if row is None:
            return None
        cache[key] = row
    cache.move_to_end(key)
    return row
