"""Handling a stream: in order, each to its end, poison parked, nothing lost when a process or the server dies."""

import asyncio
import dataclasses
import re
import signal
import sys
import time

import pytest

from core.bus import Bus, BusSettings, Delivery, Parked
from core.bus.consumption import MAX_DELIVERIES
from core.errors import BusUnavailable, RequestFailed, TryLater
from core.events import SendMessage, TypingReported
from core.streams import IN, IN_HAND, Consumer, hub_consumer
from core.testing.nats import NatsServer
from tests.core.bus.samples import INSTANCE, Reader, message

SUBJECT = "hub.channel.web-main.message.received"


async def publish(bus: Bus, *ids: str) -> None:
    for msg_id in ids:
        await bus.publish(message(msg_id), INSTANCE, msg_id=msg_id)


async def parked(bus: Bus, count: int) -> list[Parked]:
    async with asyncio.timeout(30):
        while len(letters := await bus.dead_letters()) < count:
            await asyncio.sleep(0.02)
    return letters


async def waiting(bus: Bus, stream: str = "IN", durable: str = "hub") -> int:
    """Return how many messages are delivered and not yet settled."""
    return (await bus._connection.nats.jetstream().consumer_info(stream, durable)).num_ack_pending or 0


async def test_what_is_done_is_not_delivered_again(bus: Bus, nats_server: NatsServer) -> None:
    reader = Reader()
    consumption = bus.consume("IN", "hub", reader)
    await publish(bus, "a", "b")
    await reader.until(lambda: len(reader.ids) == 2)
    async with asyncio.timeout(30):
        while await waiting(bus):
            await asyncio.sleep(0.01)
    await consumption.close()
    again = Reader()
    bus.consume("IN", "hub", again)
    await publish(bus, "c")
    await again.until(lambda: bool(again.ids))
    assert again.ids == ["c"]


async def test_a_successor_gets_at_once_and_in_order_what_a_dead_reader_held(bus: Bus, nats_server: NatsServer) -> None:
    stuck = asyncio.Event()

    async def hang(deliveries: list[Delivery]) -> None:
        stuck.set()
        await asyncio.Event().wait()

    dead = await Bus.connect(BusSettings(url=nats_server.url), source="hub")
    await publish(bus, *"abcdef")
    dead.consume("IN", "hub", hang, batch=2)
    await stuck.wait()
    await dead.close()
    await publish(bus, "g")
    reader = Reader()
    begun = time.monotonic()
    bus.consume("IN", "hub", reader)
    await reader.until(lambda: "g" in reader.ids)
    assert reader.ids == list("abcdefg")
    assert time.monotonic() - begun < 5


async def test_a_shared_consumer_gives_each_message_to_one_reader(bus: Bus) -> None:
    readers = [Reader(), Reader()]
    for reader in readers:
        bus.consume("IN", "hub", reader, batch=4, max_in_flight=4, rewinds=False)
    ids = [str(n) for n in range(60)]
    await publish(bus, *ids)
    async with asyncio.timeout(30):
        while sum(len(reader.ids) for reader in readers) < 60:
            await asyncio.sleep(0.01)
    assert sorted(readers[0].ids + readers[1].ids) == sorted(ids)


async def test_a_consumer_that_is_declared_later_is_waited_for(bus: Bus) -> None:
    reader = Reader()
    bus.consume("IN", "later", reader)
    await publish(bus, "a")
    await asyncio.sleep(0)
    await bus.ensure(consumers=[Consumer("IN", "later")])
    await reader.until(lambda: reader.ids == ["a"])


async def test_batches_and_what_is_held_stay_within_their_bounds(bus: Bus) -> None:
    sizes: list[int] = []
    held: list[int] = []
    complete = asyncio.Event()

    async def handle(deliveries: list[Delivery]) -> None:
        left = 100 - sum(sizes)
        async with asyncio.timeout(30):
            while len(consumption._pull.held()) + len(deliveries) < min(20, left):
                await asyncio.sleep(0.01)
        await bus.request("$JS.API.INFO", b"", reply=bytes)  # time enough for one too many to come
        held.append(len(consumption._pull.held()) + len(deliveries))
        sizes.append(len(deliveries))
        if sum(sizes) == 100:
            complete.set()

    await publish(bus, *(str(n) for n in range(100)))
    consumption = bus.consume("IN", "hub", handle, batch=8, max_in_flight=20)
    async with asyncio.timeout(30):
        await complete.wait()
    assert max(sizes) == 8
    assert max(held) == 20


async def test_at_most_so_many_batches_are_handled_at_the_same_time(bus: Bus) -> None:
    running = 0
    most = 0
    count = 0
    full, release, complete = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handle(deliveries: list[Delivery]) -> None:
        nonlocal running, most, count
        running += 1
        most = max(most, running)
        if running == 3:
            full.set()
        await release.wait()
        running -= 1
        count += 1
        if count == 10:
            complete.set()

    await publish(bus, *(str(n) for n in range(10)))
    bus.consume("IN", "hub", handle, batch=1, concurrency=3)
    async with asyncio.timeout(30):
        await full.wait()
        await bus.request("$JS.API.INFO", b"", reply=bytes)  # time enough for a fourth to begin
        release.set()
        await complete.wait()
    assert most == 3


async def test_poison_is_parked_and_its_neighbours_pass_in_order(bus: Bus) -> None:
    reader = Reader()
    reader.fail = lambda msg_id: ValueError(f"cannot read {msg_id}") if msg_id == "c" else None
    await publish(bus, *"abcde")
    bus.consume("IN", "hub", reader)
    await reader.until(lambda: "e" in reader.ids)
    assert reader.ids == list("abde")
    assert sum(batch == ["c"] for batch in reader.batches) == 3
    (letter,) = await parked(bus, 1)
    assert (letter.letter.consumer, letter.letter.subject) == ("hub", SUBJECT)
    assert letter.letter.error == "ValueError: cannot read c"
    assert letter.letter.deliveries == 1


@pytest.mark.parametrize(
    ("subject", "payload", "fault"),
    [
        pytest.param(SUBJECT, b"\xff\x00 not even text", "malformed|decode|invalid", id="bytes"),
        pytest.param(SUBJECT, b"", "truncated", id="nothing"),
        pytest.param(SUBJECT, b'{"id": 1}', "Expected `str`", id="other JSON"),
        pytest.param(
            SUBJECT,
            b'{"id":"x","type":"no.such","source":"s","time":"2026-01-01T00:00:00Z","data":{}}',
            "unknown event type",
            id="unknown type",
        ),
        pytest.param(
            SUBJECT,
            b'{"id":"x","type":"typing.reported","source":"s","time":"2026-01-01T00:00:00Z",'
            b'"data":{"sender":"a","is_typing":true}}',
            "does not belong on this subject",
            id="an event from another subject",
        ),
        pytest.param(
            "hub.channel.BAD.message.received",
            b'{"id":"x","type":"message.received","source":"s","time":"2026-01-01T00:00:00Z",'
            b'"data":{"external_id":"1","sender":"a"}}',
            "not a subject token",
            id="an id that is none",
        ),
    ],
)
async def test_what_is_no_event_is_parked_at_once(bus: Bus, subject: str, payload: bytes, fault: str) -> None:
    reader = Reader()
    await bus.publish_raw(subject, payload, msg_id="bad")
    await publish(bus, "good")
    bus.consume("IN", "hub", reader)
    await reader.until(lambda: reader.ids == ["good"])
    (letter,) = await parked(bus, 1)
    assert letter.letter.subject == subject
    assert re.search(fault, letter.letter.error)


async def test_a_parked_message_is_replayed_and_its_letter_is_gone(bus: Bus) -> None:
    reader = Reader()
    broken = True
    reader.fail = lambda msg_id: ValueError("a bug") if broken and msg_id == "a" else None
    bus.consume("IN", "hub", reader)
    await publish(bus, "a", "b")
    (letter,) = await parked(bus, 1)
    broken = False
    await bus.replay(letter.seq)
    await reader.until(lambda: "a" in reader.ids)
    assert reader.ids == ["b", "a"]
    assert await bus.dead_letters() == []
    with pytest.raises(RequestFailed) as caught:
        await bus.replay(letter.seq)
    assert caught.value.code == "not_found"


async def test_even_bytes_that_are_no_text_are_replayed_as_they_were(bus: Bus) -> None:
    await bus.publish_raw(SUBJECT, b"\xff\xfe\x00", msg_id="bad")
    bus.consume("IN", "hub", Reader())
    (first,) = await parked(bus, 1)
    assert first.letter.encoding == "base64"
    await bus.replay(first.seq)
    async with asyncio.timeout(30):
        while (letters := await bus.dead_letters()) == [] or letters[0].seq == first.seq:
            await asyncio.sleep(0.02)
    assert letters[0].letter.payload == first.letter.payload


async def test_dead_letters_come_newest_first_in_pages_and_can_be_discarded(bus: Bus) -> None:
    for n in range(5):
        await bus.publish_raw(SUBJECT, b"bad %d" % n, msg_id=str(n))
    bus.consume("IN", "hub", Reader())
    letters = await parked(bus, 5)
    assert [letter.letter.payload for letter in letters] == [f"bad {n}" for n in (4, 3, 2, 1, 0)]
    page = await bus.dead_letters(limit=2)
    assert page == letters[:2]
    assert await bus.dead_letters(limit=2, before=page[-1].seq) == letters[2:4]
    await bus.discard(letters[1].seq)
    await bus.discard(letters[1].seq)
    assert await bus.dead_letters(limit=2) == [letters[0], letters[2]]


async def test_a_large_message_full_of_escapes_can_be_parked(bus: Bus) -> None:
    payload = b'"\x01' * 500_000
    await bus.publish_raw(SUBJECT, payload, msg_id="bad")
    bus.consume("IN", "hub", Reader())
    (letter,) = await parked(bus, 1)
    assert letter.letter.encoding == "base64"


async def test_what_is_away_is_waited_for_without_giving_anything_up(bus: Bus) -> None:
    reader = Reader()
    failures = iter([TryLater("the database is away")] * 4)
    reader.fail = lambda msg_id: next(failures, None)
    await publish(bus, *"abc")
    bus.consume("IN", "hub", reader)
    await reader.until(lambda: len(reader.ids) == 3)
    assert reader.ids == list("abc")
    assert await bus.dead_letters() == []


async def test_a_message_that_never_came_to_an_end_is_parked_after_so_many_deliveries(bus: Bus) -> None:
    reader = Reader()
    handed = 0

    async def handle(deliveries: list[Delivery]) -> None:
        nonlocal handed
        for delivery in deliveries:
            if delivery.envelope.id == "bad":
                handed += 1
                await delivery.nak()
        await reader([delivery for delivery in deliveries if delivery.envelope.id != "bad"])

    await publish(bus, "bad", "good")
    bus.consume("IN", "hub", handle)
    (letter,) = await parked(bus, 1)
    assert handed == MAX_DELIVERIES
    assert letter.letter.error == f"delivered {MAX_DELIVERIES + 1} times without an end"
    assert reader.ids == ["good"]


async def test_a_handler_may_postpone_or_give_up_single_messages(bus: Bus) -> None:
    reader = Reader()
    postponed = asyncio.Event()

    async def handle(deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            if delivery.envelope.id == "never":
                await delivery.term()
            elif delivery.envelope.id == "later" and delivery.num_delivered == 1:
                await delivery.nak(0.2)
                postponed.set()
            else:
                await reader([delivery])

    bus.consume("IN", "hub", handle)
    await publish(bus, "later", "never", "now")
    await reader.until(lambda: len(reader.ids) == 2)
    assert reader.ids == ["now", "later"]
    assert postponed.is_set()


async def test_a_handler_may_take_longer_than_the_ack_wait(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.bus.consumption.KEEP_ALIVE_S", 0.1)
    await bus.ensure(consumers=[Consumer("IN", "slow", ack_wait_s=0.5)])
    count = 0

    async def handle(deliveries: list[Delivery]) -> None:
        nonlocal count
        count += 1
        await asyncio.sleep(1.5)

    await publish(bus, "a")
    bus.consume("IN", "slow", handle, concurrency=2)
    async with asyncio.timeout(30):
        while not count or await waiting(bus, durable="slow"):
            await asyncio.sleep(0.05)
    assert count == 1


async def test_a_done_order_leaves_the_work_queue(bus: Bus) -> None:
    done = asyncio.Event()

    async def handle(deliveries: list[Delivery]) -> None:
        done.set()

    bus.consume("ORDERS", INSTANCE, handle)
    await bus.publish(SendMessage(message_id="m", recipient="tel:+491"), INSTANCE, msg_id="m")
    js = bus._connection.nats.jetstream()
    async with asyncio.timeout(30):
        await done.wait()
        while (await js.stream_info("ORDERS")).state.messages:
            await asyncio.sleep(0.01)


async def test_declaring_twice_changes_nothing_and_new_limits_are_taken(bus: Bus) -> None:
    await publish(bus, "a")
    longer = dataclasses.replace(IN, max_age_s=IN.max_age_s * 2, duplicate_window_s=60.0)
    await bus.ensure([IN, longer], consumers=[hub_consumer()])
    info = await bus._connection.nats.jetstream().stream_info("IN")
    assert (info.state.messages, info.config.max_age, info.config.duplicate_window) == (1, IN.max_age_s * 2, 60)


async def test_an_event_nobody_may_store_is_no_delivery(bus: Bus) -> None:
    heard = asyncio.Event()

    async def handle(envelope, event, instance) -> None:
        assert event == TypingReported(sender="web:1", is_typing=True)
        heard.set()

    await bus.subscribe("hub.channel.*.typing.reported", handle)
    await bus._connection.nats.publish("hub.channel.x.typing.reported", b"{}")
    await bus.signal(TypingReported(sender="web:1", is_typing=True), INSTANCE)
    async with asyncio.timeout(30):
        await heard.wait()


async def test_a_removed_consumer_takes_its_place_with_it(bus: Bus) -> None:
    await publish(bus, "a")
    later = Consumer("IN", "later")
    await bus.ensure(consumers=[later])
    reader = Reader()
    consumption = bus.consume("IN", "later", reader)
    await reader.until(lambda: reader.ids == ["a"])
    await consumption.close()
    await bus.remove_consumer(later)
    await bus.remove_consumer(later)
    await bus.ensure(consumers=[later])
    bus.consume("IN", "later", reader)
    await reader.until(lambda: reader.ids == ["a", "a"])


async def test_a_stream_that_cannot_become_what_is_declared_is_refused(bus: Bus) -> None:
    with pytest.raises(RequestFailed, match="retention policy"):
        await bus.ensure([dataclasses.replace(IN, is_work_queue=True)])


MORTAL = """
import asyncio, os, signal, sys

from core.bus import Bus, BusSettings


async def main():
    async with await Bus.connect(BusSettings(url=sys.argv[1]), source="hub") as bus:
        async def handle(deliveries):
            for delivery in deliveries:
                if delivery.envelope.id == "bad":
                    os.kill(os.getpid(), signal.SIGKILL)
                print(delivery.envelope.id, flush=True)

        bus.consume("IN", "hub", handle, is_cautious=True)
        await asyncio.Event().wait()


asyncio.run(main())
"""


async def test_a_message_that_kills_its_reader_again_and_again_is_parked(bus: Bus, nats_server: NatsServer) -> None:
    await publish(bus, "a", "b", "bad", "c")
    seen: list[str] = []
    deaths = 0
    while "c" not in seen:
        reader = await asyncio.create_subprocess_exec(
            sys.executable, "-c", MORTAL, nats_server.url, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(20):
            while line := await reader.stdout.readline():
                seen.append(line.decode().strip())
                if seen[-1] == "c":
                    reader.terminate()
        deaths += await reader.wait() == -signal.SIGKILL
        assert deaths <= 5
    assert list(dict.fromkeys(seen)) == ["a", "b", "c"]
    (letter,) = await parked(bus, 1)
    assert letter.letter.error == "ended its reader 3 times"


async def test_a_cautious_reader_in_peace_leaves_no_note(bus: Bus) -> None:
    for text in "ab":
        reader = Reader()
        consumption = bus.consume("IN", "hub", reader, is_cautious=True)
        await publish(bus, text)
        await reader.until(lambda reader=reader, text=text: reader.ids == [text])
        await consumption.close()
        assert await bus.bucket(IN_HAND).all() == {}
    with pytest.raises(ValueError, match="one batch at a time"):
        bus.consume("IN", "hub", Reader(), is_cautious=True, concurrency=2)


async def test_waiting_for_what_is_away_is_no_death(bus: Bus) -> None:
    waits = asyncio.Event()

    async def handle(deliveries: list[Delivery]) -> None:
        waits.set()
        raise TryLater("the database is away")

    await publish(bus, "a")
    for _ in range(5):
        waits.clear()
        consumption = bus.consume("IN", "hub", handle, is_cautious=True)
        async with asyncio.timeout(30):
            await waits.wait()
            while await bus.bucket(IN_HAND).all():
                await asyncio.sleep(0.01)
        await consumption.close()
    reader = Reader()
    bus.consume("IN", "hub", reader, is_cautious=True)
    await reader.until(lambda: reader.ids == ["a"])


async def test_who_waits_for_a_consumption_learns_how_it_ended(bus: Bus, nats_server: NatsServer) -> None:
    consumption = bus.consume("IN", "hub", Reader())
    waiting_for_it = asyncio.create_task(consumption.wait())
    await consumption.close()
    await waiting_for_it
    other = await Bus.connect(BusSettings(url=nats_server.url), source="hub")
    expelled = other.consume("IN", "hub", Reader())
    await other._connection.nats.close()
    with pytest.raises(ExceptionGroup) as caught:
        await expelled.wait()
    assert caught.group_contains(BusUnavailable)
    await other.close()
