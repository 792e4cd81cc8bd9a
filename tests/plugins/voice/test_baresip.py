"""An agent whose desk phone is baresip: it is rung, talks, is held and whispered to, presses keys, and may vanish."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.events import KeysPressed, PhoneChanged
from core.events.calls import LegPlan, Listen, Spy
from tests.plugins.voice.support.baresip import Baresip, baresip
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import SECRET, Stage, agent, citizen, talking

CALLER_HZ, AGENT_HZ, BOSS_HZ = 440.0, 620.0, 1_100.0


@pytest.fixture
async def desk(voice: Stage, tmp_path: Path) -> AsyncIterator[Baresip]:
    """Yield the telephone of an agent, registered with the account that the hub gave it."""
    async with baresip(voice.board.sip, tmp_path / "desk", "desk-1", SECRET, says_hz=AGENT_HZ) as phone:
        await voice.account("desk-1")
        await phone.register()
        await voice.told(PhoneChanged, phone_id="desk-1", is_reachable=True)
        yield phone


async def test_agent_and_citizen_hear_each_other_through_hold_whisper_and_keys(
    voice: Stage, trunk: Phone, desk: Baresip
) -> None:
    office = await voice.phone("boss-1")
    async with trunk.call("12345") as call:
        call_id, caller, served, _ = await talking(voice, call, desk)
        call.say(CALLER_HZ)
        await desk.hears(CALLER_HZ)
        await call.hears(AGENT_HZ)

        held = citizen(caller.leg_id, Listen(activity_id="hold", background="music"))
        await voice.plan(call_id, held, served)
        await desk.hears_silence()
        await call.hears_else(AGENT_HZ)
        await voice.plan(call_id, caller, served)
        await desk.hears(CALLER_HZ)
        await call.hears(AGENT_HZ)

        boss: LegPlan = agent("leg-boss", "boss-1", Spy(activity_id="whisper", target="leg-agent", mode="whisper"))
        await voice.plan(call_id, caller, served, boss)
        ear = await office.rings()
        await ear.answer()
        ear.say(BOSS_HZ)
        await desk.hears(BOSS_HZ, least=0.3)
        await call.heard_for(0.5)
        await call.hears(AGENT_HZ, least=0.9)
        await ear.hears(CALLER_HZ, least=0.3)
        await ear.hears(AGENT_HZ, least=0.3)
        await voice.plan(call_id, caller, served)
        assert await ear.ended() == "BYE"

        desk.press("5#")
        assert (await voice.told(KeysPressed, keys="5")).leg_id == "leg-agent"
        await voice.told(KeysPressed, keys="#", leg_id="leg-agent")
        await voice.plan(call_id)
        await desk.ended()
        assert await call.ended() == "BYE"
        ended = await voice.ended("leg-agent")
        assert (ended.cause, ended.by_far_end) == ("normal", False)
    desk.unregister()
    await is_off(voice)


@pytest.mark.parametrize("moment", ["killed while ringing", "unregistered while ringing", "killed while talking"])
async def test_a_phone_that_goes_away_leaves_a_call_that_goes_on(
    voice: Stage, trunk: Phone, desk: Baresip, moment: str
) -> None:
    async with trunk.call("12345") as call:
        if moment == "killed while talking":
            call_id, caller, _, _ = await talking(voice, call, desk)
            await call.hears(AGENT_HZ)
            await desk.vanish()
            await voice.plan(call_id, caller)
            ended = await voice.ended("leg-agent")
            assert (ended.cause, ended.by_far_end) == ("normal", False)
        else:
            arrived = await voice.arrival()
            call_id, caller = arrived.call_id, citizen(arrived.leg_id)
            await voice.plan(call_id, caller, agent("leg-agent", "desk-1", ring_s=2.0))
            await desk.rings()
            if moment == "killed while ringing":
                await desk.vanish()
            else:
                desk.unregister()
                await is_off(voice)
                await desk.ended()
            assert (await voice.ended("leg-agent")).cause == "no_answer"
        await voice.plan(call_id, citizen(caller.leg_id, Listen(activity_id="waits", background="music")))
        await call.answered()
        await call.hears_else(AGENT_HZ)
        await voice.plan(call_id)
        assert await call.ended() == "BYE"
    assert voice.voice is not None
    async with asyncio.timeout(30):
        while voice.voice.carried() or await voice.board.ari.channels() or await voice.board.ari.bridges():
            await asyncio.sleep(0.02)


async def is_off(voice: Stage) -> None:
    """Return when the last word about the phone is that it is not reachable."""

    def has_gone() -> bool:
        told = [event for event in voice.link.events if isinstance(event, PhoneChanged) and event.phone_id == "desk-1"]
        return not told[-1].is_reachable

    await voice.link.until(has_gone)
