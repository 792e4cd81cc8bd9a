"""What publish promises: stored once, or BusUnavailable in time."""

import asyncio
import contextlib
import time
from contextlib import aclosing

import pytest

from core.bus import MAX_PAYLOAD_BYTES, Bus, BusSettings, Delivery, publishing
from core.errors import BusUnavailable, PayloadTooLarge, RequestFailed
from core.events import ChannelState, TypingReported
from core.streams import STREAMS, Consumer, Stream
from core.testing.nats import NatsServer, free_port
from tests.core.bus.samples import INSTANCE, Reader, message

SUBJECT = "hub.channel.web-main.message.received"


async def test_what_is_published_arrives_once_and_in_order(bus: Bus) -> None:
    reader = Reader()
    bus.consume("IN", "hub", reader)
    for _ in range(2):
        await asyncio.gather(*(bus.publish(message(str(n)), INSTANCE, msg_id=str(n)) for n in range(100)))
    await reader.until(lambda: len(reader.ids) >= 100)
    await bus.publish(message("last"), INSTANCE, msg_id="last")
    await reader.until(lambda: "last" in reader.ids)
    assert reader.ids == [*(str(n) for n in range(100)), "last"]


async def test_an_envelope_names_its_source_time_conversation_and_cause(bus: Bus) -> None:
    seen: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()

    async def handle(deliveries: list[Delivery]) -> None:
        seen.set_result(deliveries[0])

    bus.consume("IN", "hub", handle)
    await bus.publish(message("a"), INSTANCE, msg_id="m1", conversation_id="c1", cause_id="m0")
    async with asyncio.timeout(30):
        delivery = await seen
    envelope = delivery.envelope
    assert (envelope.id, envelope.source, envelope.conversation_id, envelope.cause_id) == ("m1", "hub", "c1", "m0")
    assert envelope.time.tzinfo is not None
    assert (delivery.id, delivery.event, delivery.num_delivered) == (INSTANCE, message("a"), 1)
    assert delivery.subject == "hub.channel.web-main.message.received"


async def test_an_outbox_publishes_the_same_bytes_again_without_doubling(bus: Bus) -> None:
    payload = bus.envelope(message("a"), msg_id="m1")
    for _ in range(3):
        await bus.publish_raw("hub.channel.web-main.message.received", payload, msg_id="m1")
    reader = Reader()
    bus.consume("IN", "hub", reader)
    await bus.publish(message("b"), INSTANCE, msg_id="m2")
    await reader.until(lambda: "m2" in reader.ids)
    assert reader.ids == ["m1", "m2"]


async def test_messages_are_stored_together_in_their_order(bus: Bus) -> None:
    messages = [(SUBJECT, bus.envelope(message(str(n)), msg_id=str(n)), str(n)) for n in range(50)]
    assert await bus.publish_together(messages)
    for subject, payload, msg_id in messages[:3]:
        await bus.publish_raw(subject, payload, msg_id=msg_id)
    reader = Reader()
    bus.consume("IN", "hub", reader)
    await bus.publish(message("last"), INSTANCE, msg_id="last")
    await reader.until(lambda: "last" in reader.ids)
    assert reader.ids == [*(str(n) for n in range(50)), "last"]


async def test_together_none_is_stored_when_one_was_before(bus: Bus) -> None:
    messages = [(SUBJECT, bus.envelope(message(str(n)), msg_id=str(n)), str(n)) for n in range(5)]
    await bus.publish_raw(*messages[3][:2], msg_id="3")
    assert not await bus.publish_together(messages)
    reader = Reader()
    bus.consume("IN", "hub", reader)
    await bus.publish(message("last"), INSTANCE, msg_id="last")
    await reader.until(lambda: "last" in reader.ids)
    assert reader.ids == ["3", "last"]


async def test_messages_of_two_streams_are_not_stored_together(bus: Bus) -> None:
    event = ChannelState(state="ready")
    of_state = ("hub.channel.c.state.changed", bus.envelope(event, msg_id="b"), "b")
    assert not await bus.publish_together([(SUBJECT, bus.envelope(message("a"), msg_id="a"), "a"), of_state])


async def test_nothing_is_stored_together_while_the_bus_is_away(bus: Bus, nats_server: NatsServer) -> None:
    nats_server.kill()
    assert not await bus.publish_together([(SUBJECT, bus.envelope(message("a"), msg_id="a"), "a")])


async def test_publishing_while_the_bus_is_away_fails_in_time(bus: Bus, nats_server: NatsServer) -> None:
    nats_server.kill()
    begun = time.monotonic()
    with pytest.raises(BusUnavailable, match=r"was not stored within 0\.5 s"):
        await bus.publish(message("a"), INSTANCE, msg_id="m1", timeout_s=0.5)
    assert time.monotonic() - begun < 2


async def test_publishing_to_a_server_that_has_stopped_answering_fails_in_time(
    bus: Bus, nats_server: NatsServer
) -> None:
    nats_server.pause()
    try:
        with pytest.raises(BusUnavailable):
            await bus.publish(message("a"), INSTANCE, msg_id="m1", timeout_s=0.5)
    finally:
        nats_server.resume()
    await bus.publish(message("a"), INSTANCE, msg_id="m1")


async def test_publishing_waits_for_a_server_that_comes_back(bus: Bus, nats_server: NatsServer) -> None:
    nats_server.kill()
    publishing = asyncio.create_task(bus.publish(message("a"), INSTANCE, msg_id="m1", timeout_s=10))
    await asyncio.to_thread(nats_server.start)
    await publishing


async def test_publishing_waits_until_the_streams_exist(nats_server: NatsServer) -> None:
    settings = BusSettings(url=nats_server.url)
    async with await Bus.connect(settings, source="early") as early, await Bus.connect(settings, source="hub") as hub:
        publishing = asyncio.create_task(early.publish(message("a"), INSTANCE, msg_id="m1", timeout_s=10))
        await asyncio.sleep(0)
        await hub.ensure(STREAMS)
        await publishing


async def test_what_no_stream_takes_is_unavailable_and_says_so(nats_server: NatsServer) -> None:
    async with await Bus.connect(BusSettings(url=nats_server.url), source="x") as bus:
        with pytest.raises(BusUnavailable, match="no stream takes it"):
            await bus.publish(message("a"), INSTANCE, msg_id="m1", timeout_s=0.3)


async def test_an_event_of_more_than_one_mebibyte_is_refused_before_it_is_sent(bus: Bus) -> None:
    with pytest.raises(PayloadTooLarge, match="the bus carries 1,048,576"):
        await bus.publish(message("x" * MAX_PAYLOAD_BYTES), INSTANCE, msg_id="m1")
    assert bus.is_connected


async def test_what_the_server_takes_not_is_refused_and_the_connection_lives(bus: Bus, nats_server: NatsServer) -> None:
    nats_server.config = nats_server.config.replace("2MB", "10KB")
    await nats_server.restart()
    await bus.publish(message("a"), INSTANCE, msg_id="m1")
    with pytest.raises(PayloadTooLarge, match="the server takes no"):
        await bus.publish(message("x" * 20_000), INSTANCE, msg_id="m2")
    await bus.publish(message("b"), INSTANCE, msg_id="m3")


async def test_what_jetstream_refuses_for_good_is_not_repeated(bus: Bus) -> None:
    subject, headers = "hub.channel.web-main.message.received", {"Nats-Expected-Stream": "ORDERS"}
    with pytest.raises(RequestFailed, match="expected stream does not match") as caught:
        await publishing.publish(bus._connection, subject, b"{}", msg_id="m1", headers=headers, timeout_s=5)
    assert caught.value.code == "jetstream_10060"


async def test_an_id_that_is_no_token_is_refused(bus: Bus) -> None:
    with pytest.raises(ValueError, match="not a subject token"):
        await bus.publish(message("a"), "a.b", msg_id="m1")


async def test_no_bus_at_all_is_unavailable_with_the_reason() -> None:
    settings = BusSettings(url=f"nats://127.0.0.1:{free_port()}", connect_timeout_s=0.3)
    with pytest.raises(BusUnavailable, match=r"no bus at .* within 0\.3 s: .*refused|Connect call failed"):
        await Bus.connect(settings, source="x")


async def test_a_closed_bus_is_unavailable_at_once(bus: Bus) -> None:
    await bus.close()
    with pytest.raises(BusUnavailable, match="closed"):
        await bus.publish(message("a"), INSTANCE, msg_id="m1")
    async with asyncio.timeout(1):
        await bus.wait_closed()


async def test_a_signal_is_heard_by_who_listens_and_never_stored(bus: Bus, nats_server: NatsServer) -> None:
    heard: asyncio.Future[tuple] = asyncio.get_running_loop().create_future()

    async def handle(envelope, event, instance) -> None:
        heard.set_result((envelope.source, event, instance))

    await bus.subscribe("hub.channel.{id}.typing.reported", handle)
    await bus.signal(TypingReported(sender="web:1", is_typing=True), INSTANCE)
    async with asyncio.timeout(30):
        assert await heard == ("hub", TypingReported(sender="web:1", is_typing=True), INSTANCE)
    nats_server.kill()
    await bus.signal(TypingReported(sender="web:1", is_typing=False), INSTANCE)


async def test_the_last_state_of_each_instance_is_kept(bus: Bus) -> None:
    for state in ("starting", "ready"):
        await bus.publish(ChannelState(state=state), INSTANCE, msg_id=state)
    info = await bus._connection.nats.jetstream().stream_info("STATE")
    assert info.state.messages == 1


async def test_who_follows_sees_the_last_state_of_each_and_then_every_new_one(
    bus: Bus, nats_server: NatsServer
) -> None:
    for number, state in enumerate(("starting", "ready")):
        await bus.publish(ChannelState(state=state), "a", msg_id=f"a{number}")
        await bus.publish(ChannelState(state=state), "b", msg_id=f"b{number}")
    await bus.publish_raw("hub.channel.c.state.changed", b"garbage", msg_id="c")
    async with asyncio.timeout(30), aclosing(bus.follow(ChannelState)) as states:
        assert await anext(states) == ("a", ChannelState(state="ready"))
        assert await anext(states) == ("b", ChannelState(state="ready"))
        await bus.publish(ChannelState(state="down"), "a", msg_id="a2")
        assert await anext(states) == ("a", ChannelState(state="down"))
        await nats_server.restart()
        assert [(await anext(states))[0], (await anext(states))[0]] == ["b", "a"]


async def test_a_full_stream_takes_no_more_and_forgets_only_what_was_handled(bus: Bus) -> None:
    small = Stream("SMALL", ("hub.small.*.thing.added",), max_bytes=20_000, refuses_when_full=True)
    reader = Consumer("SMALL", "reader")
    await bus.ensure([small], [], [reader])

    async def store(number: int, timeout_s: float = 5.0) -> None:
        await bus.publish_raw("hub.small.a.thing.added", b"x" * 1_000, msg_id=f"s-{number}", timeout_s=timeout_s)

    async def fill() -> int:
        for number in range(100):
            try:
                await store(number, 0.3)
            except BusUnavailable:
                return number
        return 100

    stored = await fill()
    assert 10 < stored < 20
    await bus.trim(small, reader, above_bytes=0)  # nothing was handled, so nothing goes
    with pytest.raises(BusUnavailable):
        await store(100, 0.3)

    async def handle(deliveries: list[Delivery]) -> None:
        raise AssertionError("these are no envelopes: they are parked")

    consumption = bus.consume("SMALL", "reader", handle)
    async with asyncio.timeout(30):
        while len(await bus.dead_letters(limit=100)) < stored:
            await asyncio.sleep(0.01)
    await consumption.close()
    assert not await bus.trim(small, reader, above_bytes=30_000)
    async with asyncio.timeout(30):
        while True:  # the last acknowledgement may still be on its way
            await bus.trim(small, reader, above_bytes=0)
            with contextlib.suppress(BusUnavailable):
                await store(101, 0.3)
                break
