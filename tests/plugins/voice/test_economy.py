"""How much the engine is asked for a call: each request costs both sides a millisecond, and callers come together."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.events import LegChanged, RecordingEnded
from core.events.calls import Listen, RecordingPlan
from plugins.voice.ari.http import AriHttp
from plugins.voice.ari.manager import Manager
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import agent, citizen, stage

LIMIT = 20  # it takes 17: answer, music, phone, room, both into it, both sides recorded and fetched, and the end
ABOUT_CALLS = ("channels/", "bridges/", "recordings/", "playbacks/")


async def test_a_queued_and_recorded_talk_takes_few_requests(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    request = AriHttp.request

    def noted(self: AriHttp, method: str, path: str, *args: Any, **more: Any) -> Any:
        if path.startswith(ABOUT_CALLS):
            asked.append(f"{method} {path}")
        return request(self, method, path, *args, **more)

    act = Manager._act

    def acted(self: Manager, action: dict[str, str]) -> Any:
        asked.append(action["Action"])
        return act(self, action)

    monkeypatch.setattr(AriHttp, "request", noted)
    monkeypatch.setattr(Manager, "_act", acted)
    async with Phone(board.sip, "trunk") as trunk, stage(board, tmp_path, trunk) as voice:
        phone = await voice.phone("agent-1")
        async with trunk.call("12345") as call:
            arrived = await voice.arrival()
            served = agent("leg-1", "agent-1")
            waits = citizen(arrived.leg_id, Listen(activity_id="wait", background="music"))
            await voice.plan(arrived.call_id, waits, served)
            await (await phone.rings()).answer()
            await voice.told(LegChanged, leg_id="leg-1", state="answered")
            recording = RecordingPlan(recording_id="rec-1")
            await voice.plan(arrived.call_id, citizen(arrived.leg_id), served, recordings=(recording,))
            async with asyncio.timeout(30):
                while "MixMonitor" not in asked:
                    await asyncio.sleep(0.02)
            await call.heard_for(1.0)
            await call.hang_up()
            await voice.ended(arrived.leg_id)
            await voice.plan(arrived.call_id)
            await voice.told(RecordingEnded, recording_id="rec-1")
        async with asyncio.timeout(30):
            while voice.voice is None or voice.voice.carried():
                await asyncio.sleep(0.02)
    # what earlier tests have left in the engine is handed in, too
    ours = [one for one in asked if "recordings/" not in one or arrived.call_id in one]
    assert len(ours) <= LIMIT, ours
