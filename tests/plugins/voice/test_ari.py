"""Calls through the real engine, steered over ARI; what is heard is proved by its frequency."""

import asyncio
import io
import signal
import sys
import wave
from array import array
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.config import Secret
from core.errors import ChannelAuthFailed
from plugins.voice.ari import Ari, AriUnavailable, Conflict, Gone, Refused, Replaced, Snapshot
from plugins.voice.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    ChannelHold,
    ChannelUnhold,
    ContactStatusChange,
    PlaybackFinished,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)
from tests.plugins.voice.support.audio import has_tone
from tests.plugins.voice.support.call import Call
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.events import Events, listening

CALLER_HZ, AGENT_HZ = 440.0, 620.0


async def answered(board: Board, events: Events, call: Call) -> str:
    """Return the id of the channel of ``call``, which has come to us and was answered."""
    started = await events.next(StasisStart)
    await board.ari.answer(started.channel.id)
    await call.answered()
    return started.channel.id


async def test_a_caller_hears_what_is_played_and_its_keys_arrive_in_order(board: Board) -> None:
    trunk = await board.trunk()
    async with listening(board.ari) as events, trunk.call("12345") as call:
        started = await events.next(StasisStart)
        assert started.args == ("inbound", "trunk", "12345")
        assert started.channel.endpoint == "trunk"
        await board.ari.answer(started.channel.id)
        await call.answered()
        await board.ari.play(started.channel.id, ("tone:425/10000",), "tone-1")
        await call.hears(425)
        await call.press("12#")
        assert [(await events.next(ChannelDtmfReceived)).digit for _ in range(3)] == ["1", "2", "#"]
        assert await board.ari.stop_playback("tone-1")
        assert (await events.next(PlaybackFinished)).playback.id == "tone-1"
        assert not await board.ari.stop_playback("tone-1")
        await call.hang_up()
        assert (await events.next(StasisEnd)).channel.id == started.channel.id
    assert [type(event) for event in events.seen].count(StasisStart) == 1  # an ended call does not come once more


async def test_the_caller_s_number_and_headers_of_the_invitation_can_be_read(board: Board) -> None:
    trunk = await board.trunk()
    call = trunk.call("12345", caller="13800138000", headers={"X-Case": "A-17"})
    async with listening(board.ari) as events, call:
        channel = (await events.next(StasisStart)).channel
        assert channel.caller.number == "13800138000"
        assert await board.ari.variable(channel.id, "PJSIP_HEADER(read,X-Case)") == "A-17"


async def test_caller_and_agent_hear_each_other_in_a_bridge(board: Board) -> None:
    trunk, agent = await board.trunk(), await board.phone("agent-1")
    async with listening(board.ari) as events, trunk.call("12345") as call:
        caller_id = await answered(board, events, call)
        await board.ari.originate("PJSIP/agent-1", "leg-agent", args=("agent",), caller_id="citizen <12345>")
        ringing = await agent.rings()
        assert ringing.caller.startswith("sip:12345@")
        await ringing.answer()
        assert (await events.next(StasisStart)).args == ("agent",)
        await board.ari.create_bridge("talk")
        await board.ari.add("talk", caller_id, "leg-agent")
        call.say(CALLER_HZ)
        ringing.say(AGENT_HZ)
        await ringing.hears(CALLER_HZ)
        await call.hears(AGENT_HZ)
        await board.ari.mute("leg-agent", "in")
        await call.hears_silence()
        await ringing.hears(CALLER_HZ)
        await board.ari.unmute("leg-agent", "in")
        await call.hears(AGENT_HZ)
        await board.ari.hang_up("leg-agent")
        assert await ringing.ended() == "BYE"


async def test_a_supervisor_whispers_to_the_agent_alone(board: Board) -> None:
    trunk, agent, supervisor = await board.trunk(), await board.phone("agent-1"), await board.phone("boss-1")
    async with listening(board.ari) as events, trunk.call("12345") as call:
        caller_id = await answered(board, events, call)
        await board.ari.originate("PJSIP/agent-1", "leg-agent")
        ringing = await agent.rings()
        await ringing.answer()
        await events.next(StasisStart)
        await board.ari.create_bridge("talk")
        await board.ari.add("talk", caller_id, "leg-agent")
        await board.ari.originate("PJSIP/boss-1", "leg-boss")
        listener = await supervisor.rings()
        await listener.answer()
        await events.next(StasisStart)
        await board.ari.snoop("leg-agent", "snoop", spy="both", whisper="out")
        await events.next(StasisStart)
        await board.ari.create_bridge("ear")
        await board.ari.add("ear", "snoop", "leg-boss")
        call.say(CALLER_HZ)
        ringing.say(AGENT_HZ)
        await listener.hears(CALLER_HZ, least=0.3)
        await listener.hears(AGENT_HZ, least=0.3)
        listener.say(880)
        await ringing.hears(880, least=0.3)
        await ringing.hears(CALLER_HZ, least=0.3)
        await call.hears(AGENT_HZ, least=0.9)


async def test_a_held_phone_is_reported_and_the_other_side_hears_music(board: Board) -> None:
    trunk = await board.trunk()
    async with listening(board.ari) as events, trunk.call("12345") as call:
        channel_id = await answered(board, events, call)
        await call.hold()
        assert (await events.next(ChannelHold)).channel.id == channel_id
        await call.unhold()
        await events.next(ChannelUnhold)
        await board.ari.start_music(channel_id)
        await call.hears_something()
        await board.ari.stop_music(channel_id)
        await call.hears_silence()


async def test_a_recording_holds_what_was_said(board: Board) -> None:
    trunk = await board.trunk()
    async with listening(board.ari) as events, trunk.call("12345") as call:
        channel_id = await answered(board, events, call)
        await board.ari.play(channel_id, ("tone:425/600000",), "proof-of-audio")
        call.say(CALLER_HZ)
        await call.hears(425)
        await board.ari.stop_playback("proof-of-audio")
        await board.ari.create_bridge("talk")
        await board.ari.add("talk", channel_id)
        await board.ari.record_bridge("talk", "case-1")
        await call.heard_for(1.5)
        assert await board.ari.stop_recording("case-1")
        assert (await events.next(RecordingFinished)).recording.name == "case-1"
        data = b"".join([chunk async for chunk in board.ari.fetch_recording("case-1")])
        with wave.open(io.BytesIO(data)) as file:
            samples = array("h", file.readframes(file.getnframes()))
        assert len(samples) > 8_000
        assert has_tone(samples[-8_000:], CALLER_HZ)
        assert await board.ari.delete_recording("case-1")
        with pytest.raises(Gone):
            async for _ in board.ari.fetch_recording("case-1"):
                pass


async def test_the_cause_of_a_refused_call_is_told(board: Board) -> None:
    agent = await board.phone("agent-1")
    agent.rejects_with = 486
    async with listening(board.ari) as events:
        await board.ari.originate("PJSIP/agent-1", "leg-agent")
        ended = await events.next(ChannelDestroyed)
        assert ended.channel.id == "leg-agent"
        assert ended.cause == 17


async def test_registrations_come_and_go_as_events(board: Board) -> None:
    async with listening(board.ari) as events:
        await board.trunk()
        await board.ari.watch_lines()
        phone = await board.phone("agent-1")
        change = await events.next(ContactStatusChange)
        assert (change.endpoint.resource, change.contact_info.aor) == ("agent-1", "agent-1")
        assert await phone.register(expires_s=0) == 200
        await events.next(ContactStatusChange)


async def test_what_is_gone_in_the_wrong_state_or_wrong_is_told_apart(board: Board) -> None:
    trunk = await board.trunk()
    async with listening(board.ari) as events, trunk.call("12345") as call:
        channel_id = await answered(board, events, call)
        with pytest.raises(Gone):
            await board.ari.answer("nobody")
        with pytest.raises(Refused):
            await board.ari.originate("NoTechnology/x", "leg-x")
        with pytest.raises(Refused):
            await board.ari.subscribe("nobody")
        with pytest.raises(Conflict):
            await board.ari.originate("PJSIP/trunk", channel_id)
        assert await board.ari.hang_up(channel_id)
        assert await call.ended() == "BYE"
        await events.next(ChannelHangupRequest)
        assert not await board.ari.hang_up("nobody")


async def test_a_wrong_password_is_named(board: Board) -> None:
    access = board.engine.access
    async with Ari(access.url, access.username, Secret("wrong"), app="lianxin") as ari:
        with pytest.raises(ChannelAuthFailed):
            await ari.channels()
        with pytest.raises(ChannelAuthFailed):
            await ari.log_in()
        with pytest.raises(ChannelAuthFailed):
            await anext(aiter(ari.events()))


async def test_the_manager_s_session_is_begun_anew_once_it_is_not_known_any_more(board: Board) -> None:
    await board.ari.log_in()
    board.ari._cookie = "0badc0de"
    with pytest.raises(Gone, match="No such channel"):
        await board.ari.monitor("nobody", says="left.sln16", hears="right.sln16", variable="ID")
    assert not await board.ari.stop_monitor("nobody", "0x1")


async def test_an_engine_without_manager_is_told_what_it_lacks() -> None:
    async with (
        TestServer(web.Application()) as server,
        Ari(str(server.make_url("")), "lianxin", Secret("x"), app="lianxin") as ari,
    ):
        with pytest.raises(ChannelAuthFailed, match="webenabled"):
            await ari.log_in()


async def test_an_engine_that_is_not_there_is_unavailable() -> None:
    async with Ari("http://127.0.0.1:9", "lianxin", Secret("x"), app="lianxin") as ari:
        with pytest.raises(AriUnavailable):
            await ari.channels()


async def test_a_second_client_of_the_application_ends_the_first_one_s_stream(board: Board) -> None:
    async with aclosing(aiter(board.ari.events())) as first:
        assert isinstance(await anext(first), Snapshot)
        async with listening(board.ari):
            with pytest.raises(Replaced):
                await anext(first)


CLIENT = """
import asyncio, sys
from core.config import Secret
from plugins.voice.ari import Ari
from plugins.voice.ari.events import StasisStart
async def main():
    async with Ari(sys.argv[1], "lianxin", Secret(sys.argv[2]), app="lianxin") as ari:
        async for event in ari.events():
            print("event", flush=True)
            if isinstance(event, StasisStart):
                await ari.answer(event.channel.id)
                await ari.create_bridge("talk")
                await ari.add("talk", event.channel.id)
                await ari.record_bridge("talk", "kept")
                await ari.play_in_bridge("talk", ("tone:425/600000",), "on")
asyncio.run(main())
"""


async def test_a_call_outlives_its_client_and_the_next_one_takes_stock(board: Board, root: Path) -> None:
    trunk = await board.trunk()
    access = board.engine.access
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, access.url, access.password.reveal(),
        stdout=asyncio.subprocess.PIPE, cwd=root,
    )  # fmt: skip
    assert client.stdout is not None
    await client.stdout.readline()
    async with trunk.call("12345") as call:
        await call.answered()
        await call.hears(425)
        client.send_signal(signal.SIGKILL)
        await client.wait()
        await call.heard_for(1.0)
        async with listening(board.ari) as events:
            stock = await events.first(Snapshot)
            (channel,) = stock.channels
            assert [bridge.channels for bridge in stock.bridges if bridge.id == "talk"] == [(channel.id,)]
            assert channel.id in stock.application.channel_ids
            await call.hears(425)
            assert call.longest_gap_s < 0.2
            await call.press("7")
            assert (await events.next(ChannelDtmfReceived)).digit == "7"
            await call.hang_up()
            assert (await events.next(StasisEnd)).channel.id == channel.id
            assert (await events.next(RecordingFinished)).recording.name == "kept"
            assert await board.ari.delete_recording("kept")
