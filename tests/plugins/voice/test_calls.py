"""Calls as the hub plans them, on the real engine; what each party hears is proved by its frequency."""

import asyncio
import wave
from array import array
from io import BytesIO

import pytest

from core.events import ActivityEnded, KeysPressed, LegChanged, RecordingEnded
from core.events.calls import Dial, LegPlan, Listen, Prompt, Record, RecordingPlan, Ring, Spy, Talk
from plugins.voice import marks
from tests.plugins.voice.support.audio import FRAME, WINDOW, has_tone, is_silent
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import MAIN, Stage, agent, citizen, sides, talking

CALLER_HZ, AGENT_HZ, PROMPT_HZ, OTHER_HZ = 440.0, 620.0, 850.0, 1_100.0


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


async def test_each_key_is_told_once(voice: Stage, trunk: Phone) -> None:
    async with trunk.call("12345") as call:
        arrived = await voice.arrival()
        await voice.plan(arrived.call_id, citizen(arrived.leg_id, Listen(activity_id="m", background="music")))
        await call.answered()
        await call.press("1122#")
        await voice.told(KeysPressed, keys="#")
        await voice.plan(arrived.call_id)
        await voice.ended(arrived.leg_id)
    pressed = [(event.keys, event.n) for event in voice.link.events if isinstance(event, KeysPressed)]
    assert pressed == [("1", 1), ("1", 2), ("2", 3), ("2", 4), ("#", 5)]


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


async def test_a_talk_is_recorded_with_the_citizen_left_and_the_agent_right(voice: Stage, trunk: Phone) -> None:
    phone = await voice.phone("agent-1")
    async with trunk.call("12345") as call:
        call_id, caller, served, desk = await talking(voice, call, phone)
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        await desk.hears(CALLER_HZ)
        await voice.plan(call_id, caller, served, recordings=(RecordingPlan(recording_id="rec-1"),))
        await call.heard_for(2.0)
        paused = RecordingPlan(recording_id="rec-1", is_paused=True)
        await voice.plan(call_id, caller, served, recordings=(paused,))
        await call.heard_for(1.0)
        await voice.plan(call_id, caller, served, recordings=(RecordingPlan(recording_id="rec-1"),))
        await call.heard_for(1.0)
        await call.hang_up()
        await voice.ended(caller.leg_id)
        await voice.plan(call_id)
        ended = await voice.told(RecordingEnded, recording_id="rec-1")
        left, right = sides(voice.link.files[ended.file.media_id][0])
        assert not ended.is_cut
        assert ended.length_s == pytest.approx(4.0, abs=1.0)
        assert has_tone(left[8_000:9_600], CALLER_HZ)
        assert has_tone(right[8_000:9_600], AGENT_HZ)
        assert is_silent(left[20_000:21_600])
        assert is_silent(right[20_000:21_600])
        assert has_tone(left[-4_000:-2_400], CALLER_HZ)
    async with asyncio.timeout(30):
        while await voice.board.ari.stored_recordings():
            await asyncio.sleep(0.02)


async def test_a_supervisor_hears_both_and_is_heard_by_the_agent_only_then_by_all(voice: Stage, trunk: Phone) -> None:
    phone, office = await voice.phone("agent-1"), await voice.phone("boss-1")
    async with trunk.call("12345") as call:
        call_id, caller, served, desk = await talking(voice, call, phone)
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        boss: LegPlan = agent("leg-boss", "boss-1", Spy(activity_id="spy-whisper", target="leg-agent", mode="whisper"))
        await voice.plan(call_id, caller, served, boss)
        ear = await office.rings()
        await ear.answer()
        ear.say(OTHER_HZ)
        await ear.hears(CALLER_HZ, least=0.3)
        await ear.hears(AGENT_HZ, least=0.3)
        await desk.hears(OTHER_HZ, least=0.3)
        await call.heard_for(0.5)
        await call.hears(AGENT_HZ, least=0.9)
        barge = Spy(activity_id="spy-barge", target="leg-agent", mode="barge")
        await voice.plan(call_id, caller, served, agent("leg-boss", "boss-1", barge))
        await call.hears(OTHER_HZ, least=0.3)
        listen = Spy(activity_id="spy-listen", target="leg-agent")
        await voice.plan(call_id, caller, served, agent("leg-boss", "boss-1", listen))
        await call.hears(AGENT_HZ, least=0.9)
        await ear.hears(CALLER_HZ, least=0.3)
        await desk.hears(CALLER_HZ, least=0.9)
        await voice.plan(call_id, caller, served)
        assert await ear.ended() == "BYE"


async def test_a_voice_message_ends_by_its_key_and_is_handed_in(voice: Stage, trunk: Phone) -> None:
    async with trunk.call("12345") as call:
        arrived = await voice.arrival()
        leaves = citizen(arrived.leg_id, Record(activity_id="message", max_s=30, has_beep=False))
        await voice.plan(arrived.call_id, leaves)
        await call.answered()
        call.say(CALLER_HZ)
        await call.heard_for(1.5)
        await call.press("#")
        ended = await voice.told(ActivityEnded, activity_id="message")
        assert ended.outcome == "done"
        assert ended.file is not None
        with wave.open(BytesIO(voice.link.files[ended.file.media_id][0])) as file:
            assert has_tone(array("h", file.readframes(file.getnframes()))[4_000:5_600], CALLER_HZ)
        await voice.plan(arrived.call_id)


async def test_somebody_outside_is_called_and_sent_keys(voice: Stage, trunk: Phone) -> None:
    await voice.line_is_up("trunk")
    async with trunk.call("12345") as call:
        arrived = await voice.arrival()
        caller = citizen(arrived.leg_id)
        dial = Dial(target="tel:+861088888888", caller_id="12345")
        outside = LegPlan(leg_id="leg-out", role="outside", activity=MAIN, dial=dial)
        await voice.plan(arrived.call_id, caller, outside)
        other = await trunk.rings()
        assert (other.dialled, other.caller.partition("@")[0]) == ("01088888888", "sip:12345")
        await other.answer()
        call.say(CALLER_HZ)
        other.say(OTHER_HZ)
        await call.hears(OTHER_HZ)
        await other.hears(CALLER_HZ)
        with_keys = LegPlan(leg_id="leg-out", role="outside", activity=MAIN, dial=dial, digits="42", digits_id="keys-1")
        await voice.plan(arrived.call_id, caller, with_keys)
        async with asyncio.timeout(30):
            while other.digits != "42":
                await other.heard_for(0.1)
        await voice.plan(arrived.call_id)


async def test_an_agent_on_a_mobile_talks_and_is_recorded_on_the_right(voice: Stage, trunk: Phone) -> None:
    await voice.line_is_up("trunk")
    async with trunk.call("12345") as call:
        arrived = await voice.arrival()
        home = LegPlan(leg_id="leg-home", role="agent", activity=MAIN, dial=Dial(target="tel:+8613700000001"))
        legs = (citizen(arrived.leg_id), home)
        await voice.plan(arrived.call_id, *legs, recordings=(RecordingPlan(recording_id="home-1"),))
        mobile = await trunk.rings()
        assert mobile.dialled == "13700000001"
        await mobile.answer()
        call.say(CALLER_HZ)
        mobile.say(AGENT_HZ)
        await call.hears(AGENT_HZ)
        await mobile.hears(CALLER_HZ)
        await call.heard_for(1.0)
        await voice.plan(arrived.call_id)
        assert await mobile.ended() == "BYE"
        made = await voice.told(RecordingEnded, recording_id="home-1")
    left, right = sides(voice.link.files[made.file.media_id][0])
    for side, frequency_hz in ((left, CALLER_HZ), (right, AGENT_HZ)):
        starts = range(0, len(side) - WINDOW, FRAME)
        assert any(has_tone(side[at : at + WINDOW], frequency_hz) for at in starts)


async def test_a_call_that_begins_here_rings_the_agent_and_then_the_citizen(voice: Stage, trunk: Phone) -> None:
    await voice.line_is_up("trunk")
    phone = await voice.phone("agent-1")
    ringing = Listen(activity_id="calling", background="ringing")
    await voice.plan("call-out", agent("leg-1", "agent-1", ringing))
    desk = await phone.rings()
    await desk.answer()
    await desk.hears_something()
    channel = await voice.board.ari.channel(marks.dialled_channel("leg-1", 0))
    mark = marks.read(channel.channelvars[marks.VARIABLE])  # which cannot be set while ringing is played to it
    assert mark is not None
    assert mark.background == "ringing"
    dialled = LegPlan(leg_id="leg-out", role="caller", activity=MAIN, dial=Dial(target="tel:+8613900000009"))
    recording = RecordingPlan(recording_id="out-1")
    await voice.plan("call-out", agent("leg-1", "agent-1", ringing), dialled, recordings=(recording,))
    other = await trunk.rings()
    assert other.dialled == "13900000009"
    await other.answer()
    await voice.told(LegChanged, leg_id="leg-out", state="answered")
    await voice.plan("call-out", agent("leg-1", "agent-1"), dialled, recordings=(recording,))
    other.say(CALLER_HZ)
    desk.say(AGENT_HZ)
    await desk.hears(CALLER_HZ)
    await other.hears(AGENT_HZ)
    await voice.plan("call-out")
    assert await other.ended() == "BYE"
    assert (await voice.told(RecordingEnded, recording_id="out-1")).call_id == "call-out"


@pytest.mark.parametrize(
    ("status", "cause"), [(486, "busy"), (603, "rejected"), (480, "no_answer"), (404, "unreachable")]
)
async def test_a_phone_that_refuses_says_why(voice: Stage, trunk: Phone, status: int, cause: str) -> None:
    phone = await voice.phone("agent-1")
    phone.rejects_with = status
    async with trunk.call("12345") as call:
        arrived = await voice.arrival()
        await voice.plan(arrived.call_id, citizen(arrived.leg_id, Ring(activity_id="r")), agent("leg-1", "agent-1"))
        ended = await voice.ended("leg-1")
        assert (ended.cause, ended.by_far_end) == (cause, True)
        await call.rang()
        await voice.plan(arrived.call_id)
        assert await call.ended() == "403"


async def test_a_phone_that_is_not_answered_or_not_there_ends_its_leg(voice: Stage, trunk: Phone) -> None:
    phone = await voice.phone("agent-1")
    async with trunk.call("12345"):
        arrived = await voice.arrival()
        waits = citizen(arrived.leg_id, Listen(activity_id="wait", background="ringing"))
        await voice.plan(arrived.call_id, waits, agent("leg-1", "agent-1", ring_s=1.0), agent("leg-2", "nobody"))
        ringing = await phone.rings()
        assert (await voice.ended("leg-2")).cause == "unreachable"
        assert (await voice.ended("leg-1")).cause == "no_answer"
        assert await ringing.ended() == "CANCEL"
        await voice.plan(arrived.call_id, waits, agent("leg-3", "agent-1"))
        again = await phone.rings()
        await voice.plan(arrived.call_id, waits)
        assert await again.ended() == "CANCEL"
        assert (await voice.ended("leg-3")).cause == "cancelled"


async def test_a_phone_that_answers_by_itself_is_asked_to(voice: Stage, trunk: Phone) -> None:
    phone = await voice.phone("agent-1")
    async with trunk.call("12345") as call:
        arrived = await voice.arrival()
        await voice.plan(arrived.call_id, citizen(arrived.leg_id), agent("leg-1", "agent-1", auto_answer=True))
        await call.answered()
        ringing = await phone.rings()
        assert ringing.invite_request is not None
        assert "answer-after=0" in ringing.invite_request["call-info"]
        assert ringing.invite_request["x-lianxin-leg"] == "leg-1"


@pytest.mark.parametrize("number", ["anonymous", "", "<script>alert(1)</script>", "1" * 300])
async def test_a_caller_id_that_is_none_is_withheld(voice: Stage, trunk: Phone, number: str) -> None:
    async with trunk.call("12345", headers={"P-Asserted-Identity": f'"<b>x</b>" <sip:{number}@127.0.0.1>'}):
        arrived = await voice.arrival()
        assert arrived.caller in ("", "tel:trunk")
        assert "<" not in arrived.caller_name
        await voice.plan(arrived.call_id)


@pytest.mark.parametrize("moment", ["ringing", "prompt", "music", "agent_rings", "talk", "held", "message"])
async def test_a_caller_may_leave_at_any_moment(voice: Stage, trunk: Phone, moment: str) -> None:
    phone = await voice.phone("agent-1")
    voice.sound("words", PROMPT_HZ)
    async with trunk.call("12345") as call:
        arrived = await voice.arrival()
        call_id, leg_id = arrived.call_id, arrived.leg_id
        served = agent("leg-1", "agent-1")
        match moment:
            case "ringing":
                await voice.plan(call_id, citizen(leg_id, Ring(activity_id="r")))
                await call.rang()
            case "prompt":
                await voice.plan(call_id, citizen(leg_id, Listen(activity_id="p", prompts=(Prompt(media_id="words"),))))
                await call.hears(PROMPT_HZ)
            case "music" | "agent_rings":
                waits = citizen(leg_id, Listen(activity_id="m", background="music"))
                await voice.plan(call_id, waits, *((served,) if moment == "agent_rings" else ()))
                await call.hears_something()
            case "talk" | "held":
                await voice.plan(call_id, citizen(leg_id), served, recordings=(RecordingPlan(recording_id=moment),))
                await (await phone.rings()).answer()
                await voice.told(LegChanged, leg_id="leg-1", state="answered")
                if moment == "held":
                    await voice.plan(call_id, citizen(leg_id, Listen(activity_id="h", background="music")), served)
                    await call.hears_something()
            case "message":
                await voice.plan(call_id, citizen(leg_id, Record(activity_id="v", max_s=20)))
                await call.answered()
        await call.hang_up()
        ended = await voice.ended(leg_id)
        assert (ended.cause, ended.by_far_end) == ("normal", True)
        await voice.plan(call_id)
        assert voice.voice is not None
        async with asyncio.timeout(15):
            while voice.voice.carried() or await voice.board.ari.channels() or await voice.board.ari.bridges():
                await asyncio.sleep(0.02)


async def test_both_sides_of_a_recording_keep_step(voice: Stage, trunk: Phone) -> None:
    phone = await voice.phone("agent-1")
    async with trunk.call("12345") as call:
        call_id, caller, served, desk = await talking(voice, call, phone)
        await voice.plan(call_id, caller, served, recordings=(RecordingPlan(recording_id="step"),))
        await desk.heard_for(0.5)
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        await call.hears(AGENT_HZ)
        await call.heard_for(0.5)
        await voice.plan(call_id)
        ended = await voice.told(RecordingEnded, recording_id="step")
    left, right = sides(voice.link.files[ended.file.media_id][0])
    begins = [first_loud(side) / 8 for side in (left, right)]
    heard_at = call.arrivals[first_loud(call.heard) // FRAME]
    assert abs(begins[1] - begins[0] - 1_000 * (heard_at - call.said_at)) < 100, "milliseconds"


def first_loud(samples: "array[int]") -> int:
    """Return where a tone begins."""
    return next(at for at, sample in enumerate(samples) if abs(sample) > 1_000)
