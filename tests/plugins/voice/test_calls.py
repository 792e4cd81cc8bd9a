"""Calls as the hub plans them, on the real engine; what each party hears is proved by its frequency."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.events import ActivityEnded, KeysPressed, LegChanged
from core.events.calls import Listen, Prompt, Talk
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import Stage, agent, citizen, stage, talking

CALLER_HZ, AGENT_HZ, PROMPT_HZ, OTHER_HZ = 440.0, 620.0, 850.0, 1_100.0


@pytest.fixture
async def trunk(board: Board) -> AsyncIterator[Phone]:
    """Yield the carrier at the other end of the plugin's only line."""
    async with Phone(board.sip, "trunk") as line:
        yield line


@pytest.fixture
async def voice(board: Board, trunk: Phone, tmp_path: Path) -> AsyncIterator[Stage]:
    """Yield the plugin at work."""
    async with stage(board, tmp_path, trunk) as made:
        yield made


async def test_a_caller_hears_a_prompt_and_cuts_it_short_by_a_key(voice: Stage, trunk: Phone) -> None:
    voice.sound("greeting", PROMPT_HZ)
    async with trunk.call("12345", caller="13800138000") as call:
        arrived = await voice.arrival()
        assert (arrived.caller, arrived.dialled, arrived.trunk) == ("tel:+8613800138000", "12345", "trunk")
        greeting = Listen(activity_id="greet", prompts=(Prompt(media_id="greeting"),), stop_keys="0123456789*#")
        await voice.plan(arrived.call_id, citizen(arrived.leg_id, greeting))
        await call.answered()
        await call.hears(PROMPT_HZ)
        await call.press("0")
        pressed = await voice.told(KeysPressed)
        assert (pressed.keys, pressed.n, pressed.leg_id) == ("0", 1, arrived.leg_id)
        assert (await voice.told(ActivityEnded, activity_id="greet")).outcome == "interrupted"
        await call.hears_silence()
        await voice.plan(arrived.call_id)
        assert await call.ended() == "BYE"
        ended = await voice.ended(arrived.leg_id)
        assert (ended.cause, ended.by_far_end) == ("normal", False)


async def test_the_agent_s_phone_rings_and_both_hear_each_other(voice: Stage, trunk: Phone) -> None:
    phone = await voice.phone("agent-1")
    async with trunk.call("12345", caller="13800138000") as call:
        arrived = await voice.arrival()
        waiting = citizen(arrived.leg_id, Listen(activity_id="wait-music", background="music"))
        await voice.plan(arrived.call_id, waiting)
        await call.hears_something()
        await voice.plan(arrived.call_id, waiting, agent("leg-1", "agent-1", caller_id="+8613800138000"))
        ringing = await phone.rings()
        assert "+8613800138000" in ringing.caller
        await voice.told(LegChanged, leg_id="leg-1", state="ringing")
        await ringing.answer()
        await voice.told(LegChanged, leg_id="leg-1", state="answered")
        await voice.plan(arrived.call_id, citizen(arrived.leg_id), agent("leg-1", "agent-1"))
        call.say(CALLER_HZ)
        ringing.say(AGENT_HZ)
        await ringing.hears(CALLER_HZ)
        await call.hears(AGENT_HZ)
        await call.hang_up()
        ended = await voice.ended(arrived.leg_id)
        assert (ended.cause, ended.by_far_end) == ("normal", True)
        await voice.plan(arrived.call_id)
        assert await ringing.ended() == "BYE"
        assert (await voice.ended("leg-1")).by_far_end is False


async def test_held_a_caller_hears_music_and_the_agent_nothing(voice: Stage, trunk: Phone) -> None:
    phone = await voice.phone("agent-1")
    async with trunk.call("12345") as call:
        call_id, caller, served, desk = await talking(voice, call, phone)
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        await desk.hears(CALLER_HZ)
        await voice.plan(call_id, citizen(caller.leg_id, Listen(activity_id="hold", background="music")), served)
        await desk.hears_silence()
        await call.hears_something()
        await voice.plan(call_id, caller, served)
        await desk.hears(CALLER_HZ)
        await call.hears(AGENT_HZ)


async def test_a_consultation_is_not_heard_by_the_citizen_and_three_can_talk(voice: Stage, trunk: Phone) -> None:
    phone, colleague = await voice.phone("agent-1"), await voice.phone("agent-2")
    async with trunk.call("12345") as call:
        call_id, caller, served, desk = await talking(voice, call, phone)
        aside = Talk(activity_id="consult", room="consult")
        held = citizen(caller.leg_id, Listen(activity_id="hold", background="silence"))
        asked = agent("leg-2", "agent-2", aside)
        await voice.plan(call_id, held, agent("leg-agent", "agent-1", aside), asked)
        other = await colleague.rings()
        await other.answer()
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        other.say(OTHER_HZ)
        await other.hears(AGENT_HZ)
        await desk.hears(OTHER_HZ)
        await call.hears_silence()
        await voice.plan(call_id, caller, served, agent("leg-2", "agent-2"))
        await call.hears(OTHER_HZ, least=0.3)
        await call.hears(AGENT_HZ, least=0.3)
        await other.hears(CALLER_HZ, least=0.3)
        await voice.plan(call_id, caller, served)
        assert await other.ended() == "BYE"
        await call.hears(AGENT_HZ)
