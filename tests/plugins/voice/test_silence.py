"""Callers from whom nothing is heard: that is known, and the call is one like any other."""

from pathlib import Path

import pytest

from core.events import MediaFlowed, RecordingEnded
from core.events.calls import RecordingPlan
from tests.plugins.voice.support.audio import WINDOW, has_tone, is_silent
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import sides, stage, talking

AGENT_HZ = 620.0


@pytest.mark.parametrize("sent", ["nothing", "silence"])
async def test_of_a_caller_who_is_not_heard_no_sound_is_told_and_the_other_side_is_recorded(
    board: Board, tmp_path: Path, sent: str
) -> None:
    async with Phone(board.sip, "trunk") as trunk, stage(board, tmp_path, trunk) as voice:
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            if sent == "nothing":
                call.mute()  # audio goes one way only, as through a firewall
            call_id, caller, served, desk = await talking(voice, call, phone)
            desk.say(AGENT_HZ)
            await voice.plan(call_id, caller, served, recordings=(RecordingPlan(recording_id=f"rec-{sent}"),))
            await call.hears(AGENT_HZ)
            await voice.told(MediaFlowed, leg_id="leg-agent")
            await call.heard_for(1.0)
            await call.hang_up()
            ended = await voice.ended(caller.leg_id)
            assert (ended.cause, ended.by_far_end) == ("normal", True)
            await voice.plan(call_id)
            assert await desk.ended() == "BYE"
            file = (await voice.told(RecordingEnded, recording_id=f"rec-{sent}")).file
        assert {event.leg_id for event in voice.link.events if isinstance(event, MediaFlowed)} == {"leg-agent"}
    left, right = sides(voice.link.files[file.media_id][0])
    assert is_silent(left)
    assert any(has_tone(right[at : at + WINDOW], AGENT_HZ) for at in range(0, len(right) - WINDOW, WINDOW))
