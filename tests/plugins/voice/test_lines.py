"""Lines that fail, strangers that pretend, phones that go while they ring."""

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from core.events import CallArrived, LegChanged, TrunkChanged
from core.events.calls import Dial, LegPlan, Listen
from plugins.voice.accounts import peer_names
from plugins.voice.ari import Gone
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import MAIN, Stage, agent, citizen, new_stage, stage, talking

CALLER_HZ, OTHER_HZ = 440.0, 1_100.0


def named(line: Phone) -> str:
    """Return a trunk's name that no other test uses: Asterisk takes half a minute to notice that a trunk has moved."""
    return f"line-{line.port}"


def two_lines(board: Board, folder: Path, first: Phone, second: Phone, *, max_calls: int = 0) -> Stage:
    """Return a plugin whose calls go over ``first``, which carries ``max_calls``, or else over ``second``."""
    lines = (first, second)
    trunks = [{"name": named(line), "host": "127.0.0.1", "port": line.port, "codecs": ["ulaw"]} for line in lines]
    trunks[0]["max_calls"] = max_calls
    return new_stage(board, folder, first, trunks=trunks, routes=[{"trunks": [named(line) for line in lines]}])


async def call_outside(voice: Stage, line: Phone) -> tuple[str, str]:
    """Have a caller of ``line`` connected with somebody outside; return the call and its caller's leg."""
    arrived = await voice.arrival()
    outside = LegPlan(leg_id="leg-out", role="outside", activity=MAIN, dial=Dial(target="tel:+861088888888"))
    await voice.plan(arrived.call_id, citizen(arrived.leg_id), outside)
    return arrived.call_id, arrived.leg_id


@pytest.mark.parametrize("status", [503, 500, 502])
async def test_a_line_that_refuses_gives_way_to_the_next(board: Board, tmp_path: Path, status: int) -> None:
    async with (
        Phone(board.sip, "first") as first,
        Phone(board.sip, "second") as second,
        two_lines(board, tmp_path, first, second).at_work() as voice,
    ):
        await voice.line_is_up(named(first))
        await voice.line_is_up(named(second))
        first.rejects_with = status
        async with second.call("12345") as call:
            await call_outside(voice, second)
            other = await second.rings()
            assert other.dialled == "01088888888"
            await other.answer()
            call.say(CALLER_HZ)
            other.say(OTHER_HZ)
            await call.hears(OTHER_HZ)
            await other.hears(CALLER_HZ)


async def test_a_line_that_is_full_gives_way_to_the_next(board: Board, tmp_path: Path) -> None:
    async with (
        Phone(board.sip, "first") as first,
        Phone(board.sip, "second") as second,
        two_lines(board, tmp_path, first, second, max_calls=1).at_work() as voice,
    ):
        await voice.line_is_up(named(first))
        await voice.line_is_up(named(second))
        async with first.call("12345"):
            call_id, _ = await call_outside(voice, first)
            other = await second.rings()
            await other.answer()
            answered = await voice.told(LegChanged, leg_id="leg-out", state="answered")
            assert answered.trunk == named(second)
            full = await voice.told(TrunkChanged, trunk=named(first), calls=1)
            assert full.max_calls == 1
            await voice.plan(call_id)
            assert (await voice.ended("leg-out")).trunk == named(second)


async def test_a_line_with_room_is_taken_before_the_next(board: Board, tmp_path: Path) -> None:
    async with (
        Phone(board.sip, "first") as first,
        Phone(board.sip, "second") as second,
        two_lines(board, tmp_path, first, second, max_calls=2).at_work() as voice,
    ):
        await voice.line_is_up(named(first))
        async with first.call("12345"):
            call_id, leg_id = await call_outside(voice, first)
            await (await first.rings()).answer()
            answered = await voice.told(LegChanged, leg_id="leg-out", state="answered")
            assert answered.trunk == named(first)
            await voice.plan(call_id)
            assert (await voice.ended(leg_id)).trunk == named(first)


async def test_how_long_a_line_takes_to_answer_is_told(board: Board, tmp_path: Path) -> None:
    async with (
        Phone(board.sip, "first") as first,
        Phone(board.sip, "second") as second,
        two_lines(board, tmp_path, first, second).at_work() as voice,
    ):
        await voice.line_is_up(named(first))
        await voice.link.until(lambda: round_trips_ms(voice, first), within_s=60.0)
        assert all(0 < one < 60_000 for one in round_trips_ms(voice, first))


def round_trips_ms(voice: Stage, line: Phone) -> list[float]:
    """Return what was told of the round trips of ``line`` while it could be reached."""
    told = (event for event in voice.link.events if isinstance(event, TrunkChanged) and event.trunk == named(line))
    return [event.round_trip_ms for event in told if event.round_trip_ms is not None]


async def test_a_line_that_is_dead_is_not_asked_first(board: Board, tmp_path: Path) -> None:
    first = Phone(board.sip, "first")
    with socket.socket(type=socket.SOCK_DGRAM) as silent:  # a port that was given back may answer for another test
        silent.bind(("127.0.0.1", 0))
        first.port = silent.getsockname()[1]
        async with Phone(board.sip, "second") as second, two_lines(board, tmp_path, first, second).at_work() as voice:
            await voice.line_is_up(named(second))
            await voice.told(TrunkChanged, trunk=named(first), is_up=False)
            async with second.call("12345") as call:
                await call_outside(voice, second)
                assert (await second.rings()).dialled == "01088888888"
                await call.answered()


async def test_when_every_line_refuses_the_leg_ends_and_the_caller_stays(board: Board, tmp_path: Path) -> None:
    async with (
        Phone(board.sip, "first") as first,
        Phone(board.sip, "second") as second,
        two_lines(board, tmp_path, first, second).at_work() as voice,
    ):
        for line in (first, second):
            await voice.line_is_up(named(line))
        first.rejects_with = second.rejects_with = 503
        async with second.call("12345") as call:
            call_id, leg_id = await call_outside(voice, second)
            assert (await voice.ended("leg-out")).cause == "congestion"
            await call.answered()
            await voice.plan(call_id, citizen(leg_id, Listen(activity_id="m", background="music")))
            await call.hears_something()


async def test_a_line_that_moves_is_called_where_it_is(board: Board, tmp_path: Path) -> None:
    for place in ("before", "after"):
        async with Phone(board.sip, "movable") as line, Phone(board.sip, "first") as first:
            trunk = {"name": "movable", "host": "127.0.0.1", "port": line.port, "codecs": ["ulaw"]}
            routes = [{"trunks": ["movable"]}]
            (tmp_path / place).mkdir()
            async with new_stage(board, tmp_path / place, first, trunks=[trunk], routes=routes).at_work() as voice:
                await voice.line_is_up("movable")
                async with line.call("12345") as call:
                    await call_outside(voice, line)
                    assert (await line.rings()).dialled == "01088888888"
                    await call.answered()


async def addresses_known(board: Board, trunk: str, count: int) -> None:
    """Return when calls of a trunk may come from so many addresses."""
    async with asyncio.timeout(30):
        for number, name in enumerate(peer_names(trunk)):
            while await is_known(board, name) != (number < count):
                await asyncio.sleep(0.02)


async def is_known(board: Board, name: str) -> bool:
    try:
        await board.ari.object_fields("res_pjsip", "identify", name)
    except Gone:
        return False
    return True


async def test_calls_come_from_every_address_of_a_line_and_from_those_taken_off_no_more(
    board: Board, tmp_path: Path
) -> None:
    ports: dict[str, int] = {}
    async with AsyncExitStack() as stack, Phone(board.sip, "first") as first:
        lines = []
        for number in (2, 3):
            line = Phone(board.sip, "wide", host=f"127.0.0.{number}")
            line.port = ports.setdefault("wide", 0)
            lines.append(await stack.enter_async_context(line))
            ports["wide"] = line.port
        peers = [line.host for line in lines]
        for allowed in (peers, peers[:1]):
            trunk = {"name": "wide", "host": "127.0.0.2", "port": ports["wide"], "codecs": ["ulaw"], "peers": allowed}
            async with new_stage(board, tmp_path, first, trunks=[trunk]).at_work() as voice:
                await voice.provision()
                await addresses_known(board, "wide", len(allowed))
                for line in lines:
                    async with line.call("12345") as call:
                        if line.host in allowed:
                            await voice.told(CallArrived, trunk="wide")
                            voice.link.events.clear()
                        else:
                            assert await call.ended() == "401"


async def test_a_stranger_who_knows_the_trunk_s_name_is_not_taken_for_it(board: Board, tmp_path: Path) -> None:
    async with (
        Phone(board.sip, "trunk") as trunk,
        Phone(board.sip, "trunk") as stranger,
        stage(board, tmp_path, trunk) as voice,
        stranger.call("12345") as call,
    ):
        assert await call.ended() == "401"
        assert not [event for event in voice.link.events if isinstance(event, CallArrived)]


async def test_strangers_in_numbers_are_refused_without_a_trace_of_them_and_a_talk_goes_on(
    board: Board, tmp_path: Path
) -> None:
    async with (
        Phone(board.sip, "trunk") as trunk,
        Phone(board.sip, "13900001111") as stranger,
        stage(board, tmp_path, trunk) as voice,
        trunk.call("12345") as call,
    ):
        call_id, _, _, desk = await talking(voice, call, await voice.phone("agent-1"))
        call.say(CALLER_HZ)
        desk.say(OTHER_HZ)
        await call.hears(OTHER_HZ)
        server = f"sip:{board.sip[0]}"
        for number in range(300):
            method = ("INVITE", "REGISTER", "OPTIONS")[number % 3]
            request = stranger.request(method, f"{server}:{board.sip[1]}", f"{server}", f"flood-{number}")
            request.headers += [("contact", stranger.contact), ("subject", "<script>" * (number % 4 * 100))]
            stranger.send(request)
            await desk.heard_for(0.02)  # the kernel drops what comes all at once
        assert await stranger.register() == 401
        await call.hears(OTHER_HZ)
        await desk.hears(CALLER_HZ)
        assert len({event.call_id for event in voice.link.events if isinstance(event, CallArrived)}) == 1
        log = await asyncio.to_thread((board.engine.layout.root / "log" / "messages.log").read_text)
        assert stranger.user not in log
        await voice.plan(call_id)
        assert await call.ended() == "BYE"


async def test_a_phone_that_goes_while_it_rings_ends_its_leg_and_the_caller_waits_on(
    board: Board, tmp_path: Path
) -> None:
    async with Phone(board.sip, "trunk") as trunk, stage(board, tmp_path, trunk) as voice:
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            arrived = await voice.arrival()
            waits = citizen(arrived.leg_id, Listen(activity_id="m", background="music"))
            await voice.plan(arrived.call_id, waits, agent("leg-1", "agent-1", ring_s=2.0))
            await phone.rings()
            await voice.told(LegChanged, leg_id="leg-1", state="ringing")
            assert await phone.register(expires_s=0) == 200
            assert (await voice.ended("leg-1")).cause == "no_answer"
            await call.hears_something()
            await voice.plan(arrived.call_id)
        async with asyncio.timeout(30):
            while voice.voice is None or voice.voice.carried() or await board.ari.channels():
                await asyncio.sleep(0.02)
