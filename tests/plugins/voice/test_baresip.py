"""An agent whose desk phone is baresip: it is rung, talks, is held and whispered to, presses keys, and may vanish."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.events import KeysPressed, LegChanged, PhoneChanged
from core.events.calls import LegPlan, Listen, Spy, Talk
from tests.plugins.voice.support.baresip import Baresip, baresip
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import SECRET, Stage, agent, citizen, talking

CALLER_HZ, AGENT_HZ, OTHER_HZ = 440.0, 620.0, 1_100.0


@asynccontextmanager
async def registered(voice: Stage, folder: Path, phone_id: str, *, says_hz: float) -> AsyncIterator[Baresip]:
    """Yield the telephone of an agent, registered with the account that the hub gave it."""
    async with baresip(voice.board.sip, folder / phone_id, phone_id, SECRET, says_hz=says_hz) as phone:
        await voice.account(phone_id)
        await phone.register()
        await voice.told(PhoneChanged, phone_id=phone_id, is_reachable=True)
        yield phone


@pytest.fixture
async def desk(voice: Stage, tmp_path: Path) -> AsyncIterator[Baresip]:
    async with registered(voice, tmp_path, "desk-1", says_hz=AGENT_HZ) as phone:
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
        ear.say(OTHER_HZ)
        await desk.hears(OTHER_HZ, least=0.3)
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


async def test_a_colleague_is_asked_joins_and_takes_over(
    voice: Stage, trunk: Phone, desk: Baresip, tmp_path: Path
) -> None:
    async with (
        registered(voice, tmp_path, "desk-2", says_hz=OTHER_HZ) as colleague,
        trunk.call("12345") as call,
    ):
        call_id, caller, served, _ = await talking(voice, call, desk)
        call.say(CALLER_HZ)
        await call.hears(AGENT_HZ)

        aside = Talk(activity_id="consult", room="consult")
        held = citizen(caller.leg_id, Listen(activity_id="hold", background="silence"))
        await voice.plan(call_id, held, agent("leg-agent", "desk-1", aside), agent("leg-2", "desk-2", aside))
        await colleague.rings()
        await colleague.answer()
        await colleague.hears(AGENT_HZ)
        await desk.hears(OTHER_HZ)
        await call.hears_silence()

        joined = agent("leg-2", "desk-2")
        await voice.plan(call_id, caller, served, joined)
        for heard_hz in (AGENT_HZ, OTHER_HZ):
            await call.hears(heard_hz, least=0.3)
        for heard_hz in (CALLER_HZ, OTHER_HZ):
            await desk.hears(heard_hz, least=0.3)
        for heard_hz in (CALLER_HZ, AGENT_HZ):
            await colleague.hears(heard_hz, least=0.3)

        await voice.plan(call_id, caller, joined)
        await desk.ended()
        await call.hears(OTHER_HZ, least=0.9)
        await colleague.hears(CALLER_HZ, least=0.9)
        await call.hang_up()
        ended = await voice.ended(caller.leg_id)
        assert (ended.cause, ended.by_far_end) == ("normal", True)
        await voice.plan(call_id)
        await colleague.ended()


@pytest.mark.parametrize("moment", ["ringing", "talk"])
async def test_a_phone_that_is_killed_leaves_a_call_that_goes_on(
    voice: Stage, trunk: Phone, desk: Baresip, moment: str
) -> None:
    async with trunk.call("12345") as call:
        if moment == "ringing":
            call_id, caller = await ringing(voice, desk, ring_s=5.0)
            await desk.vanish()
            assert (await voice.ended("leg-agent")).cause == "no_answer"
        else:
            call_id, caller, _, _ = await talking(voice, call, desk)
            await call.hears(AGENT_HZ)
            await desk.vanish()
            await voice.plan(call_id, caller)
            ended = await voice.ended("leg-agent")
            assert (ended.cause, ended.by_far_end) == ("normal", False)
        await voice.plan(call_id, citizen(caller.leg_id, Listen(activity_id="waits", background="music")))
        await call.answered()
        await call.hears_else(AGENT_HZ)
        await voice.plan(call_id)
        assert await call.ended() == "BYE"
    assert voice.voice is not None
    async with asyncio.timeout(30):
        while voice.voice.carried() or await voice.board.ari.channels() or await voice.board.ari.bridges():
            await asyncio.sleep(0.02)


async def test_a_phone_that_unregisters_while_it_rings_can_still_be_answered(
    voice: Stage, trunk: Phone, desk: Baresip
) -> None:
    async with trunk.call("12345") as call:
        call_id, _ = await ringing(voice, desk)
        desk.unregister()
        await is_off(voice)
        await desk.answer()
        call.say(CALLER_HZ)
        await desk.hears(CALLER_HZ)
        await call.hears(AGENT_HZ)
        await voice.plan(call_id)
        await desk.ended()
        assert await call.ended() == "BYE"


async def ringing(voice: Stage, desk: Baresip, **dial: float) -> tuple[str, LegPlan]:
    """Let ``desk`` ring for the citizen who called; return call id and the citizen's leg."""
    arrived = await voice.arrival()
    caller = citizen(arrived.leg_id)
    await voice.plan(arrived.call_id, caller, agent("leg-agent", desk.user, **dial))
    await desk.rings()
    await voice.told(LegChanged, leg_id="leg-agent", state="ringing")
    return arrived.call_id, caller


async def is_off(voice: Stage) -> None:
    """Return when the last word about the phone is that it is not reachable."""

    def has_gone() -> bool:
        told = [event for event in voice.link.events if isinstance(event, PhoneChanged) and event.phone_id == "desk-1"]
        return not told[-1].is_reachable

    await voice.link.until(has_gone)
