"""The relay: everything reaches the bus, in commit order, and is deleted afterwards."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest

from core.errors import BusUnavailable
from core.events import ContactChanged, ContactView, Envelope, SendMessage
from hub.store.engine import Store
from hub.store.outbox import MAX_FRESH, Relay


class Bus:
    """Takes what is published, and can be away, refuse, or be watched."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes, str]] = []
        self.is_away = False
        self.refused: set[str] = set()
        self.lost_acks = 0
        self.attempts = 0
        self.in_flight = self.most_in_flight = 0
        self.changed = asyncio.Event()

    async def publish(self, subject: str, payload: bytes, msg_id: str) -> None:
        self.attempts += 1
        self.changed.set()
        if self.is_away:
            raise BusUnavailable("away")
        if name_in(payload) in self.refused:
            raise ValueError("too large")
        if msg_id not in {known for _, _, known in self.taken}:  # as JetStream knows a Nats-Msg-Id
            self.taken.append((subject, payload, msg_id))
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        if self.lost_acks:
            self.lost_acks -= 1
            raise BusUnavailable("no acknowledgement in time")

    @property
    def names(self) -> list[str]:
        return [name_in(payload) for _, payload, _ in self.taken]

    async def until(self, is_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_true():
                self.changed.clear()
                await self.changed.wait()


def name_in(payload: bytes) -> str:
    return msgspec.json.decode(payload, type=Envelope).event().contact.name


@pytest.fixture
def bus() -> Bus:
    return Bus()


@asynccontextmanager
async def relaying(
    store: Store,
    publish: Callable[[str, bytes, str], Awaitable[None]],
    together: Callable[[Sequence[tuple[str, bytes, str]]], Awaitable[bool]] | None = None,
) -> AsyncIterator[None]:
    task = asyncio.create_task(Relay(store, publish, together, back_off_s=(0.001, 0.01)).run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def record(store: Store, *names: str) -> None:
    async with store.work() as work:
        for name in names:
            work.record(ContactChanged(contact=ContactView(contact_id="c1", name=name)), "c1")


def batched(names: Sequence[str], size: int) -> list[Sequence[str]]:
    return [names[start : start + size] for start in range(0, len(names), size)]


async def left(store: Store) -> list[str]:
    rows = await store.fetch("SELECT payload FROM outbox ORDER BY outbox_id")
    return [name_in(bytes(row["payload"])) for row in rows]


async def test_what_is_committed_is_published_and_then_deleted(store: Store, bus: Bus) -> None:
    async with relaying(store, bus.publish):
        await record(store, "a", "b")
        await bus.until(lambda: bus.names == ["a", "b"])
    assert await left(store) == []
    subject, payload, msg_id = bus.taken[0]
    assert subject == "hub.contact.c1.profile.changed"
    assert msgspec.json.decode(payload, type=Envelope).id == msg_id


async def test_orders_go_the_same_way_as_events(store: Store) -> None:
    taken: asyncio.Queue[str] = asyncio.Queue()

    async def publish(subject: str, payload: bytes, msg_id: str) -> None:
        taken.put_nowait(subject)

    async with relaying(store, publish):
        async with store.work() as work:
            work.record(SendMessage(message_id="m1", recipient="x"), "web-main")
        assert await taken.get() == "hub.channel.web-main.cmd.send"


async def test_no_order_waits_for_events(store: Store) -> None:
    taken: asyncio.Queue[str] = asyncio.Queue()
    goes_on = asyncio.Event()

    async def publish(subject: str, payload: bytes, msg_id: str) -> None:
        taken.put_nowait(subject)
        if not subject.endswith("cmd.send"):
            await goes_on.wait()

    async with relaying(store, publish):
        await record(store, "a")
        assert await taken.get() == "hub.contact.c1.profile.changed"
        async with store.work() as work:
            work.record(SendMessage(message_id="m1", recipient="x"), "web-main")
        assert await taken.get() == "hub.channel.web-main.cmd.send"
        goes_on.set()


async def test_what_an_earlier_run_left_is_published_first(store: Store, bus: Bus) -> None:
    await record(store, "a", "b")
    async with relaying(store, bus.publish):
        await record(store, "c")
        await bus.until(lambda: len(bus.names) == 3)
    assert bus.names == ["a", "b", "c"]


async def test_many_are_in_flight_and_order_is_kept(store: Store, bus: Bus) -> None:
    names = [str(number) for number in range(700)]
    await record(store, *names)
    async with relaying(store, bus.publish):
        await bus.until(lambda: len(bus.names) == 700)
    assert bus.names == names
    assert bus.most_in_flight == 256


async def test_many_of_one_stream_are_published_together(store: Store, bus: Bus) -> None:
    batches: list[int] = []

    async def together(messages: Sequence[tuple[str, bytes, str]]) -> bool:
        batches.append(len(messages))
        bus.taken += messages
        bus.changed.set()
        return True

    names = [str(number) for number in range(40)]
    await record(store, *names)
    async with relaying(store, bus.publish, together):
        await bus.until(lambda: len(bus.taken) == 40)
        await record(store, "few", "more")
        await bus.until(lambda: len(bus.taken) == 42)
    assert bus.names == [*names, "few", "more"]
    assert batches == [40], "a few go one by one"
    assert await left(store) == []


async def test_what_was_not_stored_together_is_published_one_by_one(store: Store, bus: Bus) -> None:
    async def together(_: Sequence[tuple[str, bytes, str]]) -> bool:
        return False

    names = [str(number) for number in range(40)]
    await record(store, *names)
    async with relaying(store, bus.publish, together):
        await bus.until(lambda: len(bus.names) == 40)
    assert bus.names == names
    assert await left(store) == []


async def test_more_than_is_kept_in_memory_is_read_from_the_table(store: Store, bus: Bus) -> None:
    goes_on = asyncio.Event()

    async def publish(subject: str, payload: bytes, msg_id: str) -> None:
        await goes_on.wait()
        await bus.publish(subject, payload, msg_id)

    names = [str(number) for number in range(MAX_FRESH + 700)]
    async with relaying(store, publish):
        for some in batched(names, 100):  # the first are under way, the others pile up
            await record(store, *some)
        goes_on.set()
        await bus.until(lambda: len(bus.names) == len(names))
    assert bus.names == names
    assert await left(store) == []


async def test_a_bus_that_is_away_gets_everything_when_it_is_back(
    store: Store, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    bus.is_away = True
    caplog.set_level("INFO", "hub.store.outbox")
    async with relaying(store, bus.publish):
        await record(store, "a", "b")
        await bus.until(lambda: bus.attempts >= 6)
        await record(store, "c")
        bus.is_away = False
        await bus.until(lambda: len(bus.names) == 3)
    assert bus.names == ["a", "b", "c"]
    assert await left(store) == []
    assert [record.message for record in caplog.records] == [
        "the bus is away; 2 messages or more wait in the outbox",
        "the bus is back",
    ]


async def test_a_lost_acknowledgement_doubles_nothing(store: Store, bus: Bus) -> None:
    bus.lost_acks = 2
    async with relaying(store, bus.publish):
        await record(store, "a", "b", "c")
        await bus.until(lambda: bus.attempts >= 5)
    assert bus.names == ["a", "b", "c"]
    assert await left(store) == []


async def test_a_message_the_bus_will_never_take_stops_nobody_and_is_kept(
    store: Store, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    bus.refused = {"b"}
    async with relaying(store, bus.publish):
        await record(store, "a", "b", "c")
        await bus.until(lambda: bus.names == ["a", "c"])
    assert await left(store) == ["b"]
    (row,) = await store.fetch("SELECT refusal FROM outbox")
    assert row["refusal"] == "ValueError: too large"
    assert "refused for good" in caplog.text
    async with relaying(store, bus.publish):
        await record(store, "d")
        await bus.until(lambda: bus.names == ["a", "c", "d"])
    assert bus.attempts == 4


async def test_the_next_unit_of_work_deletes_what_was_published(store: Store, bus: Bus) -> None:
    async with relaying(store, bus.publish):
        await record(store, "a")
        await bus.until(lambda: bus.names == ["a"])
        for _ in range(5):
            await asyncio.sleep(0)
        await record(store, "b")
        assert await left(store) == ["b"]
