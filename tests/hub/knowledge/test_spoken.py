"""What a citizen says on the phone leads to suggestions while they speak, and what the agent says to hints."""

import asyncio
import struct
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from core.events import TapPlan, Utterance
from core.host.audio_socket import NAME
from core.transcription import HearsLive, Listening, LiveSound, Outcome
from tests.hub.calls.conftest import Come, come, engine
from tests.hub.calls.test_calls import reach_agent
from tests.hub.knowledge.conftest import eventually, find
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.hub.support.transcriber import EarBase, hosted

__all__ = ["come", "engine"]

QUESTION = "我母亲八十岁了，高龄津贴怎么申请"
RUDE = "你急什么"
AUDIO = 0x10


@pytest.fixture
def still_house(library: House) -> House:
    """The house of calls is the one with a search."""
    return library


class Ear(EarBase, HearsLive):
    """Understands a side by its sound: a citizen's silence asks, any other answers rudely."""

    live_host = "127.0.0.1"
    live_slots = 8
    words: ClassVar[dict[int, str]] = {0: QUESTION, 1: RUDE}

    async def transcribe(self, listening: Listening) -> Outcome:
        raise NotImplementedError

    async def hear(self, sound: LiveSound) -> None:
        async for samples, _ in sound.samples():
            text = self.words[samples[0]]
            await sound.said(Utterance(start_ms=0, end_ms=900, text=text[:4]), is_final=False)
            await sound.said(Utterance(start_ms=0, end_ms=1_800, text=text), is_final=True)
            await asyncio.Event().wait()


@asynccontextmanager
async def speaking(tap: TapPlan, sound: int) -> AsyncIterator[None]:
    """Send a little of a sound over a tap, as Asterisk does."""
    host, _, port = tap.at.partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(struct.pack("!BH", NAME, 16) + uuid.UUID(tap.tap_id).bytes)
    writer.write(struct.pack("!BH", AUDIO, 320) + bytes([sound] * 320))
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_what_is_said_in_a_call_becomes_lines_suggestions_and_hints_at_the_agents_desk(
    library: House, engine: FakeEngine, come: Come, tmp_path: Path
) -> None:
    async def is_indexed() -> bool:
        return bool((await find(library.services.knowledge, "高龄津贴")).items)

    await eventually(is_indexed)
    async with hosted(library, Ear, tmp_path):
        zhou = await come("zhou")
        call_id = await engine.arrive()
        agent_leg = await reach_agent(engine, call_id)
        caller_leg = engine.caller(call_id).leg_id
        await engine.until(lambda: engine.taps.keys() == {caller_leg, agent_leg})
        await zhou.until(lambda: len(zhou.tables["conversations"]) == 1)
        [conversation_id] = zhou.tables["conversations"]

        def signals(name: str) -> list[dict[str, Any]]:
            return [one for one in zhou.signals if one["name"] == name]

        async with speaking(engine.taps[caller_leg], 0):
            await zhou.until(lambda: [one["text"] for one in signals("speech")][-1:] == [QUESTION])
            suggested: dict[str, Any] = {}

            async def is_suggested() -> bool:
                suggested.update(await zhou.call("GET", f"/conversations/{conversation_id}/suggestions"))
                return bool(suggested["items"])

            await eventually(is_suggested)
            assert (suggested.get("entry_id", ""), suggested["question"]) == ("", QUESTION)
            assert suggested["items"][0]["found"]["article"]["title"] == "八十岁以上老人高龄津贴申请"
            async with speaking(engine.taps[agent_leg], 1):
                await zhou.until(lambda: "whats-the-hurry" in [one["rule_id"] for one in signals("hint")])
                await zhou.until(lambda: len([one for one in signals("speech") if one.get("is_final")]) == 2)
        [hint] = [one for one in signals("hint") if one["rule_id"] == "whats-the-hurry"]
        assert (hint["quote"], hint["conversation_id"]) == (RUDE, conversation_id)
        assert [one["speaker"] for one in signals("speech") if one.get("is_final")] == ["contact", "agent"]
