"""The write path: all or nothing, in order, once."""

import asyncio
from datetime import UTC, datetime

import pytest
from tortoise.exceptions import IntegrityError

from core.events import ContactChanged, ContactView
from core.ids import new_id
from hub.store.engine import Store
from hub.store.models import Contact, Inbox, Outbox
from hub.store.unit_of_work import Work

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Ears:
    """Remembers what a listener heard."""

    def __init__(self, store: Store) -> None:
        self.heard: list[str] = []
        store.on_commit(self._listen)

    def _listen(self, batch: object) -> None:
        self.heard += [event.contact.name for _, _, event in batch]


def say(work: Work, name: str) -> None:
    work.record(ContactChanged(contact=ContactView(contact_id="c1", name=name)), "c1")


async def add_contact(name: str) -> str:
    contact = await Contact.create(contact_id=new_id(), name=name, created_at=NOW)
    return contact.contact_id


async def names_in_outbox(store: Store) -> list[str]:
    async with store.reading() as reading:
        rows = await reading.fetch("SELECT payload FROM outbox ORDER BY outbox_id")
    return [bytes(row["payload"]).decode().split('"name":"')[1].split('"')[0] for row in rows]


async def test_what_is_written_and_recorded_is_committed_together(store: Store) -> None:
    ears = Ears(store)
    async with store.work() as work:
        contact_id = await add_contact("王")
        envelope = work.record(
            ContactChanged(contact=ContactView(contact_id=contact_id, name="a")),
            contact_id,
            conversation_id="v1",
            cause_id="e0",
        )
        assert ears.heard == []
    assert ears.heard == ["a"]
    assert await Contact.filter(contact_id=contact_id).count() == 1
    (row,) = await Outbox.all()
    assert (row.msg_id, row.subject) == (envelope.id, f"hub.contact.{contact_id}.profile.changed")
    assert (envelope.source, envelope.conversation_id, envelope.cause_id) == ("hub", "v1", "e0")


async def test_a_unit_that_raises_writes_nothing_and_publishes_nothing(store: Store) -> None:
    ears, called = Ears(store), []

    async def callback() -> None:
        called.append(1)

    async def unit() -> None:
        async with store.work() as work:
            await add_contact("王")
            assert await work.first_time("e1")
            say(work, "a")
            work.after(callback)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await unit()
    assert (ears.heard, called) == ([], [])
    assert await Contact.all().count() == await Outbox.all().count() == await Inbox.all().count() == 0


async def test_a_cancelled_unit_writes_nothing_and_lets_the_next_one_begin(store: Store) -> None:
    inside = asyncio.Event()

    async def unit() -> None:
        async with store.work() as work:
            say(work, "a")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(unit())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.work() as work:
        say(work, "b")
    assert await names_in_outbox(store) == ["b"]


async def test_a_unit_cancelled_at_any_step_is_heard_if_and_only_if_it_is_committed(store: Store) -> None:
    ears, called = Ears(store), []

    async def unit(name: str) -> None:
        async def callback() -> None:
            called.append(name)

        async with store.work() as work:
            await work.first_time(name)
            say(work, name)
            work.after(callback)

    for steps in range(25):
        task = asyncio.create_task(unit(str(steps)))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None
    await unit("to the end")
    assert await names_in_outbox(store) == ears.heard == called
    assert "0" not in called
    assert "to the end" in called


async def test_an_envelope_is_handled_once(store: Store) -> None:
    async with store.work() as work:
        assert await work.first_times(["e1", "e2", "e1"]) == {"e1", "e2"}
        assert not await work.first_time("e1")
    async with store.work() as work:
        assert await work.first_times(["e2", "e3"]) == {"e3"}
        assert await work.first_times([str(number) for number in range(1000)]) == {str(n) for n in range(1000)}


async def test_an_envelope_of_an_undone_unit_is_handled_again(store: Store) -> None:
    async def unit() -> None:
        async with store.work() as work:
            await work.first_time("e1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await unit()
    async with store.work() as work:
        assert await work.first_time("e1")


async def test_a_savepoint_undoes_one_poisoned_message_alone(store: Store) -> None:
    ears, called = Ears(store), []

    async def callback() -> None:
        called.append("poison")

    async def poisoned(work: Work, contact_id: str) -> None:
        async with work.savepoint():
            await work.first_time("poison")
            say(work, "poison")
            work.after(callback)
            await Contact.create(contact_id=contact_id, name="twice", created_at=NOW)

    async with store.work() as work:
        say(work, "before")
        first = await add_contact("before")
        with pytest.raises(IntegrityError):
            await poisoned(work, first)
        async with work.savepoint():
            say(work, "after")
            await add_contact("after")
        assert await work.first_time("poison")
    assert ears.heard == await names_in_outbox(store) == ["before", "after"]
    assert await Contact.all().order_by("name").values_list("name", flat=True) == ["after", "before"]
    assert called == []


async def test_events_are_heard_and_stored_in_commit_order(store: Store) -> None:
    ears = Ears(store)

    async def unit(number: int) -> None:
        async with store.work() as work:
            for part in "ab":
                await work.first_time(f"{number}{part}")
                say(work, f"{number}{part}")

    await asyncio.gather(*(unit(number) for number in range(20)))
    assert ears.heard == await names_in_outbox(store)
    assert ears.heard[::2] == [name.replace("b", "a") for name in ears.heard[1::2]]


async def test_callbacks_run_after_the_commit_and_may_open_a_unit(store: Store) -> None:
    async def callback() -> None:
        async with store.work() as work:
            say(work, "second")

    async def failing() -> None:
        raise ZeroDivisionError

    ears = Ears(store)
    async with store.work() as work:
        work.after(failing)
        work.after(callback)
        say(work, "first")
    assert ears.heard == ["first", "second"]


async def test_a_listener_that_raises_stops_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    store.on_commit(broken)
    ears = Ears(store)
    async with store.work() as work:
        say(work, "a")
    assert ears.heard == ["a"]
    assert "a listener failed" in caplog.text


async def test_a_unit_inside_a_unit_is_refused_instead_of_waiting_for_ever(store: Store) -> None:
    async with store.work():
        with pytest.raises(RuntimeError, match="already inside"):
            await store.reading().__aenter__()
        with pytest.raises(RuntimeError, match="already inside"):
            await store.fetch("SELECT 1")


async def test_nothing_is_committed_while_somebody_reads(store: Store) -> None:
    ears = Ears(store)

    async def unit() -> None:
        async with store.work() as work:
            say(work, "a")

    async with store.reading() as reading:
        task = asyncio.create_task(unit())
        for _ in range(50):
            await reading.fetch("SELECT 1")
        assert ears.heard == []
    await task
    assert ears.heard == ["a"]


async def test_an_order_that_may_not_stand_in_a_subject_fails_at_once(store: Store) -> None:
    async with store.work() as work:
        with pytest.raises(ValueError, match="subject token"):
            work.record(ContactChanged(contact=ContactView(contact_id="x")), "a.b")
