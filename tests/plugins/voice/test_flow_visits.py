"""An agent sends a citizen into a flow and has them back: who hears what meanwhile, by frequency."""

from core.events import KeysPressed, RecordingEnded
from core.events.calls import Listen, Prompt, RecordingPlan
from tests.plugins.voice.support.audio import has_tone
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import Stage, citizen, sides, talking

CALLER_HZ, AGENT_HZ, PROMPT_HZ = 440.0, 620.0, 850.0
WINDOW = 1_600  # samples: 200 ms
RECORDED = (RecordingPlan(recording_id="rec-visit"),)


async def test_a_citizen_is_alone_with_the_flow_and_then_back_with_the_agent(voice: Stage, trunk: Phone) -> None:
    phone = await voice.phone("agent-1")
    voice.sound("enter", PROMPT_HZ)
    async with trunk.call("12345") as call:
        call_id, caller, served, desk = await talking(voice, call, phone)
        call.say(CALLER_HZ)
        desk.say(AGENT_HZ)
        await voice.plan(call_id, caller, served, recordings=RECORDED)
        await call.hears(AGENT_HZ)
        await desk.hears(CALLER_HZ)
        await voice.board.is_taped()
        await call.heard_for(0.6)
        asks = Listen(activity_id="enter", prompts=(Prompt(media_id="enter"),))
        await voice.plan(call_id, citizen(caller.leg_id, asks), served, recordings=RECORDED)
        await call.hears(PROMPT_HZ, least=0.9)
        await desk.hears_silence()
        await call.press("17")
        await voice.told(KeysPressed, keys="1")
        await voice.told(KeysPressed, keys="7")
        assert desk.digits == ""
        await voice.plan(call_id, caller, served, recordings=RECORDED)
        await call.hears(AGENT_HZ, least=0.9)
        await desk.hears(CALLER_HZ, least=0.9)
        await voice.board.is_taped(stretches=2)
        await call.heard_for(0.6)
        await voice.plan(call_id)
        assert await desk.ended() == "BYE"
        ended = await voice.told(RecordingEnded)
        left, right = sides(voice.link.files[ended.file.media_id][0])
        windows = [right[at : at + WINDOW] for at in range(0, len(right), WINDOW)]
        assert not any(has_tone(window, PROMPT_HZ) for window in windows), "the flow is not recorded"
        assert any(has_tone(window, AGENT_HZ) for window in windows)
        assert any(has_tone(left[at : at + WINDOW], CALLER_HZ) for at in range(0, len(left), WINDOW))
