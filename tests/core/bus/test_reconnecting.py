"""Broken connections: nothing acknowledged is lost or doubled, and everybody is back by itself."""

import asyncio
import contextlib
import logging
import random

import pytest

from core import loop
from core.bus import Bus, BusSettings
from core.errors import BusUnavailable
from core.events import TypingReported
from core.streams import IN
from core.testing.nats import NatsServer, free_port
from tests.core.bus.samples import INSTANCE, Reader, message

WRITERS = 8
KILLS = 6


async def test_every_acknowledged_message_arrives_once_while_the_server_is_killed_again_and_again(
    nats_server: NatsServer, bus: Bus
) -> None:
    reader = Reader()
    acknowledged: list[str] = []
    is_over = False

    async def write(writer: int) -> None:
        async with await Bus.connect(BusSettings(url=nats_server.url), source=f"w{writer}") as own:
            number = 0
            while not is_over:
                msg_id = f"{writer}-{number}"
                with contextlib.suppress(BusUnavailable):
                    await own.publish(message(msg_id), INSTANCE, msg_id=msg_id, timeout_s=1)
                    acknowledged.append(msg_id)
                    number += 1

    bus.consume("IN", "hub", reader)
    async with asyncio.TaskGroup() as writers:
        for writer in range(WRITERS):
            writers.create_task(write(writer))
        for _ in range(KILLS):
            goal = len(acknowledged) + random.randint(100, 400)
            async with asyncio.timeout(30):
                while len(acknowledged) < goal:
                    await asyncio.sleep(0.01)
            await nats_server.restart()
        is_over = True
    await reader.until(lambda: set(reader.ids) >= set(acknowledged), within_s=30)
    stored = (await bus._connection.nats.jetstream().stream_info("IN")).state.messages
    assert len(acknowledged) == len(set(acknowledged))
    assert stored == len(set(reader.ids))  # doubled in the stream: never; handed over twice: allowed
    first_seen = list(dict.fromkeys(reader.ids))
    for writer in range(WRITERS):
        numbers = [int(msg_id.split("-")[1]) for msg_id in first_seen if msg_id.startswith(f"{writer}-")]
        assert numbers == sorted(numbers)


async def test_listeners_and_answerers_hear_again_after_a_restart(bus: Bus, nats_server: NatsServer) -> None:
    heard = asyncio.Event()
    back = asyncio.Event()
    forget = bus.on_reconnect(back.set)

    async def handle(envelope, event, instance) -> None:
        heard.set()

    async def echo(instance: str, question: bytes) -> bytes:
        return question

    await bus.subscribe("hub.channel.{id}.typing.reported", handle)
    await bus.respond("hub.channel.{id}.ask.echo", echo, request=bytes)
    await nats_server.restart()
    async with asyncio.timeout(30):
        await back.wait()
        assert bus.is_connected
        assert await bus.request("hub.channel.x.ask.echo", b"a", reply=bytes) == b"a"
        await bus.signal(TypingReported(sender="a", is_typing=True), INSTANCE)
        await heard.wait()
    forget()
    back.clear()
    await nats_server.restart()
    async with asyncio.timeout(30):
        assert await bus.request("hub.channel.x.ask.echo", b"a", reply=bytes) == b"a"
    assert not back.is_set()


async def test_going_away_and_coming_back_are_each_said_once(
    bus: Bus, nats_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    back = asyncio.Event()
    bus.on_reconnect(back.set)
    caplog.set_level(logging.INFO, "core.bus")
    nats_server.kill()
    with pytest.raises(BusUnavailable):
        await bus.publish(message("a"), INSTANCE, msg_id="a", timeout_s=1)
    assert not bus.is_connected
    await asyncio.to_thread(nats_server.start)
    async with asyncio.timeout(30):
        await back.wait()
    assert [record.message for record in caplog.records] == ["the bus went away", "the bus is back"]


async def test_a_failing_callback_does_not_keep_the_connection_from_coming_back(
    bus: Bus, nats_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    bus.on_reconnect(fail)
    await nats_server.restart()
    await bus.publish(message("a"), INSTANCE, msg_id="a", timeout_s=10)
    assert "a callback of the bus failed" in caplog.text


async def test_a_bus_that_starts_later_is_found(tmp_path) -> None:
    server = NatsServer(tmp_path)
    connecting = asyncio.create_task(Bus.connect(BusSettings(url=server.url), source="x"))
    await asyncio.to_thread(server.start)
    async with asyncio.timeout(30), await connecting as bus:
        assert bus.is_connected
    server.kill()


async def test_of_several_addresses_one_that_lives_is_found(nats_server: NatsServer) -> None:
    settings = BusSettings(url=(f"nats://127.0.0.1:{free_port()}", nats_server.url))
    async with asyncio.timeout(30), await Bus.connect(settings, source="x") as bus:
        assert bus.is_connected


async def test_in_a_cluster_a_lost_node_is_replaced_by_another(tmp_path) -> None:
    ports = [free_port(), free_port()]
    routes = [free_port(), free_port()]
    nodes = []
    for n in range(2):
        directory = tmp_path / str(n)
        directory.mkdir()
        config = (
            f"server_name: n{n}\n"
            f"cluster {{ name: c, listen: 127.0.0.1:{routes[n]}, routes: [nats://127.0.0.1:{routes[1 - n]}] }}\n"
        )
        nodes.append(NatsServer(directory, config=config, port=ports[n]))
        await asyncio.to_thread(nodes[n].start)
    try:
        async with await Bus.connect(BusSettings(url=tuple(node.url for node in nodes)), source="x") as bus:
            back = asyncio.Event()
            bus.on_reconnect(back.set)
            port = bus._connection.nats.connected_url.port
            nodes[ports.index(port)].kill()
            async with asyncio.timeout(30):
                await back.wait()
            assert bus._connection.nats.connected_url.port == ports[1 - ports.index(port)]
    finally:
        for node in nodes:
            node.kill()


async def test_closing_while_the_server_is_away_takes_no_time(bus: Bus, nats_server: NatsServer) -> None:
    bus.consume("IN", "hub", Reader(), is_cautious=True)
    nats_server.kill()
    async with asyncio.timeout(3):
        await bus.close()
        await bus.wait_closed()


def test_on_uvloop_too_a_server_killed_again_and_again_is_found_again(tmp_path) -> None:
    pytest.importorskip("uvloop")

    async def live() -> None:
        server = NatsServer(tmp_path)
        server.start()
        async with await Bus.connect(BusSettings(url=server.url), source="x") as bus:
            await bus.ensure([IN])
            for n in range(10):
                await server.restart()
                await bus.publish(message(str(n)), INSTANCE, msg_id=str(n), timeout_s=10)
            server.kill()

    loop.run(live())
