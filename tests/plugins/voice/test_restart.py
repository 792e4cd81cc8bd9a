"""The plugin goes away in the middle of calls and comes back: nobody hears anything of it."""

import asyncio
import os
import signal
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from core.errors import ChannelNotReady
from core.events import ActivityEnded, CallArrived, KeysPressed, LegChanged, RecordingEnded
from core.events.calls import Listen, Prompt, Record, RecordingPlan
from hub.engine.binary import Asterisk
from hub.engine.process import start
from plugins.voice.ari import Ari, Snapshot
from plugins.voice.switchboard import Switchboard
from tests.hub.engine.conftest import engine, own_board
from tests.plugins.voice.support.audio import has_tone
from tests.plugins.voice.support.engine import Board, engine_settings
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import Stage, citizen, new_stage, sides, talking

__all__ = ["engine", "own_board"]

CALLER_HZ, AGENT_HZ, PROMPT_HZ, SECRET_HZ = 440.0, 620.0, 850.0, 1_100.0
RECORDED = (RecordingPlan(recording_id="rec-kill"),)
MESSAGE = Record(activity_id="message", max_s=30, has_beep=False)


async def nobody_left(board: Board) -> None:
    """Return when the engine has no channel any more."""
    async with asyncio.timeout(30):
        while await board.ari.channels():
            await asyncio.sleep(0.02)


async def served_by_the_engine(board: Board) -> None:
    """Return when the only channel is in the dial plan's fall-back."""
    async with asyncio.timeout(30):
        while [one.dialplan.context for one in await board.ari.channels()] != ["fallback"]:
            await asyncio.sleep(0.02)


def holds(side: "array[int]", frequency_hz: float) -> bool:
    """Tell whether a tone is heard in any tenth of a second: a late frame turns the phase within one."""
    return any(has_tone(side[at : at + 800], frequency_hz) for at in range(0, len(side), 400))


def ends_with(side: "array[int]", frequency_hz: float) -> bool:
    """Tell whether a tone is heard near the end."""
    return holds(side[max(0, len(side) - 9_600) : len(side) - 3_200], frequency_hz)


async def nothing_stored(board: Board) -> None:
    """Return when every recording has left the engine."""
    async with asyncio.timeout(30):
        while await board.ari.stored_recordings():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def at_first(board: Board, folder: Path, **settings: Any) -> AsyncIterator[tuple[Stage, Phone, AsyncExitStack]]:
    """Run the plugin until the stack is closed; its trunk stays."""
    async with Phone(board.sip, "trunk") as trunk, AsyncExitStack() as first:
        stage = new_stage(board, folder, trunk, **settings)
        yield await first.enter_async_context(stage.at_work()), trunk, first


async def test_a_talk_goes_on_and_its_recording_is_whole(board: Board, tmp_path: Path) -> None:
    async with at_first(board, tmp_path) as (voice, trunk, first):
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            call_id, caller, served, desk = await talking(voice, call, phone)
            call.say(CALLER_HZ)
            desk.say(AGENT_HZ)
            await voice.plan(call_id, caller, served, recordings=RECORDED)
            await call.hears(AGENT_HZ)
            await desk.hears(CALLER_HZ)
            await call.heard_for(1.0)
            call.arrivals.clear()
            await first.aclose()
            await call.heard_for(0.5)
            async with voice.at_work():
                assert voice.voice is not None
                assert voice.voice.carried() == {call_id: 0}
                await voice.plan(call_id, caller, served, recordings=RECORDED)
                await call.press("5")
                assert (await voice.told(KeysPressed, keys="5")).n > 1, "numbers may have been used already"
                await call.heard_for(1.0)
                await call.hears(AGENT_HZ)
                await desk.hears(CALLER_HZ)
                assert call.missing_s < 0.2
                await voice.plan(call_id)
                assert await desk.ended() == "BYE"
                ended = await voice.told(RecordingEnded)
                assert ended.length_s > 2.4
    assert len([event for event in voice.link.events if isinstance(event, RecordingEnded)]) == 1


async def test_a_plan_that_comes_before_stock_was_taken_ends_no_call(board: Board, tmp_path: Path) -> None:
    async with at_first(board, tmp_path) as (voice, trunk, first):
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            call_id, caller, served, desk = await talking(voice, call, phone)
            call.say(CALLER_HZ)
            desk.say(AGENT_HZ)
            await first.aclose()
            held = citizen(caller.leg_id, Listen(activity_id="hold", background="music"))

            async def insist() -> None:
                while True:
                    with suppress(ChannelNotReady):
                        return await voice.plan(call_id, held, served)
                    await asyncio.sleep(0.001)

            insisting = asyncio.create_task(insist())
            async with voice.at_work():
                await insisting
                await call.hears_else(AGENT_HZ)
                await voice.plan(call_id, caller, served)
                await call.hears(AGENT_HZ)
                await desk.hears(CALLER_HZ)
                assert not [one for one in voice.link.events if isinstance(one, LegChanged) and one.state == "ended"]
                await voice.plan(call_id)
                assert await desk.ended() == "BYE"


async def test_a_prompt_goes_on_and_who_left_meanwhile_is_lost(board: Board, tmp_path: Path) -> None:
    async with at_first(board, tmp_path) as (voice, trunk, first):
        voice.sound("long", PROMPT_HZ, 8.0)
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            call_id, caller, served, desk = await talking(voice, call, phone)
            listens = citizen(caller.leg_id, Listen(activity_id="long", prompts=(Prompt(media_id="long"),)))
            await voice.plan(call_id, listens, served)
            await call.hears(PROMPT_HZ)
            await first.aclose()
            await desk.hang_up()
            await call.heard_for(0.3)
            async with voice.at_work():
                await voice.plan(call_id, listens, served)
                lost = await voice.told(LegChanged, leg_id="leg-agent", state="ended")
                assert lost.cause == "lost"
                await call.hears(PROMPT_HZ)
                assert (await voice.told(ActivityEnded, activity_id="long", within_s=30.0)).outcome == "done"
                await call.hears_silence()
                assert phone.strays == []
                await voice.plan(call_id)
                await call.ended()


async def test_a_caller_without_plan_is_served_by_the_engine_and_comes_back(board: Board, tmp_path: Path) -> None:
    async with at_first(board, tmp_path, plan_wait_s=1.0) as (voice, trunk, _), trunk.call("12345") as call:
        arrived = await voice.arrival()
        await call.rang()
        await call.answered()  # by the engine: nobody has decided anything
        await call.hears_something()
        arrivals = len([event for event in voice.link.events if isinstance(event, CallArrived)])
        await voice.link.until(
            lambda: len([event for event in voice.link.events if isinstance(event, CallArrived)]) > arrivals
        )
        voice.sound("greeting", PROMPT_HZ)
        greeting = Listen(activity_id="greet", prompts=(Prompt(media_id="greeting"),))
        await voice.plan(arrived.call_id, citizen(arrived.leg_id, greeting))
        await call.hears(PROMPT_HZ)


async def test_a_caller_whom_the_engine_serves_is_not_lost_when_the_plugin_comes_back(
    board: Board, tmp_path: Path
) -> None:
    async with Phone(board.sip, "trunk") as trunk, AsyncExitStack() as first:
        made = new_stage(board, tmp_path, trunk, plan_wait_s=1.0)
        made.sound("greeting", PROMPT_HZ)
        voice = await first.enter_async_context(made.at_work())
        async with trunk.call("12345") as call:
            arrived = await voice.arrival()
            await call.answered()  # by the engine: nobody has decided anything
            await first.aclose()
            await served_by_the_engine(board)
            async with made.at_work():
                greeting = Listen(activity_id="greet", prompts=(Prompt(media_id="greeting"),))
                await voice.plan(arrived.call_id, citizen(arrived.leg_id, greeting))
                await call.hears(PROMPT_HZ)
                assert not [one for one in made.link.events if isinstance(one, LegChanged) and one.state == "ended"]


async def test_a_caller_whom_the_engine_serves_leaves_no_ghost(board: Board, tmp_path: Path) -> None:
    async with Phone(board.sip, "trunk") as trunk, AsyncExitStack() as first:
        made = new_stage(board, tmp_path, trunk, plan_wait_s=1.0)
        voice = await first.enter_async_context(made.at_work())
        async with trunk.call("12345") as call:
            arrived = await voice.arrival()
            await call.answered()
            await first.aclose()
            await served_by_the_engine(board)
            async with made.at_work():
                await voice.plan(arrived.call_id, citizen(arrived.leg_id))
                await call.hang_up()
                ended = await voice.ended(arrived.leg_id)
                assert ended.cause == "normal"


async def test_a_caller_who_leaves_while_stock_is_taken_is_lost_and_stops_nobody(board: Board, tmp_path: Path) -> None:
    async with Phone(board.sip, "trunk") as trunk, AsyncExitStack() as first:
        made = new_stage(board, tmp_path, trunk, plan_wait_s=1.0)
        voice = await first.enter_async_context(made.at_work())
        async with trunk.call("12345") as call:
            arrived = await voice.arrival()
            await call.answered()
            await first.aclose()
            await served_by_the_engine(board)
            take_stock = Switchboard.take_stock

            async def too_late(switchboard: Switchboard, stock: Snapshot) -> None:
                await call.hang_up()
                await nobody_left(board)
                await take_stock(switchboard, stock)

            with patch.object(Switchboard, "take_stock", too_late):
                async with made.at_work():
                    await voice.plan(arrived.call_id, citizen(arrived.leg_id))
                    assert (await voice.ended(arrived.leg_id)).cause == "lost"
                    assert made.link.states.count("ready") == 1


async def test_a_recording_whose_call_ended_meanwhile_is_handed_in(board: Board, tmp_path: Path) -> None:
    async with at_first(board, tmp_path) as (voice, trunk, first):
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            call_id, caller, served, desk = await talking(voice, call, phone)
            await voice.plan(call_id, caller, served, recordings=RECORDED)
            call.say(CALLER_HZ)
            await desk.hears(CALLER_HZ)
            await call.heard_for(1.0)
            await first.aclose()
            await call.hang_up()
            await desk.hang_up()
        await nobody_left(board)
        async with voice.at_work():
            ended = await voice.told(RecordingEnded, recording_id="rec-kill")
            assert (ended.call_id, ended.is_cut) == (call_id, False)
            assert ended.length_s > 0.9
            await nothing_stored(board)


@pytest.mark.parametrize("is_begun", [False, True], ids=["before", "after"])
async def test_a_recording_that_was_about_to_begin_when_we_died_is_begun(
    board: Board, tmp_path: Path, is_begun: bool
) -> None:
    async with at_first(board, tmp_path) as (voice, trunk, first):
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            call_id, caller, served, desk = await talking(voice, call, phone)
            call.say(CALLER_HZ)
            desk.say(AGENT_HZ)
            await call.hears(AGENT_HZ)
            monitor, is_asked = Ari.monitor, asyncio.Event()

            async def die(ari: Ari, channel_id: str, **names: str) -> None:
                if is_begun:
                    await monitor(ari, channel_id, **names)
                is_asked.set()
                await asyncio.Event().wait()

            with patch.object(Ari, "monitor", die):
                await voice.plan(call_id, caller, served, recordings=RECORDED)
                async with asyncio.timeout(30):
                    await is_asked.wait()
                await first.aclose()
            async with voice.at_work():
                await voice.plan(call_id, caller, served, recordings=RECORDED)
                await board.is_taped()
                await call.heard_for(1.5)
                await voice.plan(call_id)
                ended = await voice.told(RecordingEnded)
                left, right = sides(voice.link.files[ended.file.media_id][0])
                assert holds(left, CALLER_HZ)
                assert holds(right, AGENT_HZ)
                await nothing_stored(board)


async def test_what_is_not_to_be_recorded_is_not_though_we_died_when_it_began(board: Board, tmp_path: Path) -> None:
    async with at_first(board, tmp_path) as (voice, trunk, first):
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            call_id, caller, served, desk = await talking(voice, call, phone)
            call.say(CALLER_HZ)
            await desk.hears(CALLER_HZ)
            await voice.plan(call_id, caller, served, recordings=RECORDED)
            await board.is_taped()
            await call.heard_for(1.0)
            is_asked = asyncio.Event()

            async def die(ari: Ari, channel_id: str, monitor_id: str) -> bool:
                is_asked.set()
                await asyncio.Event().wait()
                return True

            paused = (RecordingPlan(recording_id="rec-kill", is_paused=True),)
            with patch.object(Ari, "stop_monitor", die):
                await voice.plan(call_id, caller, served, recordings=paused)
                async with asyncio.timeout(30):
                    await is_asked.wait()
                await first.aclose()
            async with voice.at_work():
                await voice.plan(call_id, caller, served, recordings=paused)
                call.say(SECRET_HZ)
                await desk.hears(SECRET_HZ)
                await call.heard_for(0.5)
                call.say(CALLER_HZ)
                await desk.hears_else(SECRET_HZ)
                await voice.plan(call_id, caller, served, recordings=RECORDED)
                await board.is_taped(stretches=2)
                await call.heard_for(1.0)
                await voice.plan(call_id)
                left, _ = sides(voice.link.files[(await voice.told(RecordingEnded)).file.media_id][0])
                assert holds(left, CALLER_HZ)
                assert not holds(left, SECRET_HZ)
                assert ends_with(left, CALLER_HZ)


async def test_a_message_whose_author_hung_up_meanwhile_is_handed_in(board: Board, tmp_path: Path) -> None:
    async with at_first(board, tmp_path) as (voice, trunk, first):
        async with trunk.call("12345") as call:
            arrived = await voice.arrival()
            await voice.plan(arrived.call_id, citizen(arrived.leg_id, MESSAGE))
            await call.answered()
            call.say(CALLER_HZ)
            await call.heard_for(1.5)
            await first.aclose()
            await call.hang_up()
        await nobody_left(board)
        async with voice.at_work():
            ended = await voice.told(ActivityEnded, activity_id="message")
            assert (ended.call_id, ended.leg_id, ended.outcome) == (arrived.call_id, arrived.leg_id, "done")
            assert ended.file is not None
            with wave.open(BytesIO(voice.link.files[ended.file.media_id][0])) as file:
                assert has_tone(array("h", file.readframes(file.getnframes()))[4_000:5_600], CALLER_HZ)
            await nothing_stored(board)


async def test_a_message_is_handed_in_though_we_died_when_it_had_ended(board: Board, tmp_path: Path) -> None:
    async with at_first(board, tmp_path) as (voice, trunk, first), trunk.call("12345") as call:
        arrived = await voice.arrival()
        leaves = citizen(arrived.leg_id, MESSAGE)
        await voice.plan(arrived.call_id, leaves)
        await call.answered()
        call.say(CALLER_HZ)
        await call.heard_for(1.5)
        voice.link.is_down = True  # it is stored, and nobody hears of it any more
        await call.press("#")
        async with asyncio.timeout(30):
            while not voice.link.files:
                await asyncio.sleep(0.02)
        await first.aclose()
        voice.link.is_down = False
        async with voice.at_work():
            await voice.plan(arrived.call_id, leaves)
            ended = await voice.told(ActivityEnded, activity_id="message")
            assert ended.file is not None
            await nothing_stored(board)


async def test_a_killed_engine_costs_a_recording_its_last_second(
    own_board: Board, asterisk: Asterisk, tmp_path: Path
) -> None:
    async with at_first(own_board, tmp_path) as (voice, trunk, first):
        phone = await voice.phone("agent-1")
        call = await trunk.dial("12345")
        call_id, caller, served, desk = await talking(voice, call, phone)
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        await desk.hears(CALLER_HZ)
        await voice.plan(call_id, caller, served, recordings=RECORDED)
        await own_board.is_taped()
        await call.heard_for(4.0)
        os.kill(own_board.engine.note.pid, signal.SIGKILL)
        await own_board.engine.wait()
        await call.vanish()
        await desk.vanish()
        await first.aclose()
        own_board.engine = await start(engine_settings(), asterisk, own_board.engine.layout)
        async with voice.at_work():
            ended = await voice.told(RecordingEnded, recording_id="rec-kill")
            assert (ended.call_id, ended.is_cut) == (call_id, True)
            assert ended.length_s > 3.0, "of the four seconds before the end"
            left, right = sides(voice.link.files[ended.file.media_id][0])
            assert ends_with(left, CALLER_HZ)
            assert ends_with(right, AGENT_HZ)
