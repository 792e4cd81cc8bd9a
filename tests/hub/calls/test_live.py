"""What is said in a call is written down while it is said: who is listened to, who is shown it, and when nobody is."""

import asyncio
import struct
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from core.events import Envelope, Event, SpeechRecognized, TapPlan, Utterance, Word
from core.host.audio_socket import NAME
from core.ids import new_id
from core.subjects import PATTERNS
from core.testing.clock import VirtualClock
from core.transcription import HearsLive, Listening, LiveSound, Outcome
from hub.accounts.identity import Identity
from hub.store.models import Conversation, Queue, Transcript
from hub.transcripts.taps import Taps
from hub.transcripts.transcribers import BEHIND_S
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import reach_agent
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.hub.support.transcriber import ASR, EarBase, hosted

OPERATOR = Identity(username="operator", permissions=frozenset({"admin.queues"}))
NUMBER = "我的身份证是110101199003070000"
SAY_OR_PRESS = {
    "name": "phone",
    "start": "which",
    "human": "people",
    "nodes": {
        "which": {
            "step": "menu",
            "text": {"zh": "请问办什么", "en": "What is it about?"},
            "is_spoken": True,
            "timeout_s": 60,
            "on_timeout": "people",
            "otherwise": "people",
            "choices": [{"key": "1", "label": {"zh": NUMBER, "en": "repair"}, "goto": "told"}],
        },
        "told": {"step": "end", "text": {"zh": "检修通知", "en": "told"}},
        "people": {"step": "queue", "queue_id": "general"},
    },
}


class Ear(EarBase, HearsLive):
    """Hears in every tap the same, once something comes."""

    live_host = "127.0.0.1"
    live_slots = 8
    spoken: ClassVar[str] = NUMBER

    async def transcribe(self, listening: Listening) -> Outcome:
        raise NotImplementedError

    async def hear(self, sound: LiveSound) -> None:
        async for _ in sound.samples():
            partial = Utterance(start_ms=0, end_ms=200, text=self.spoken[:2])
            await sound.said(partial, is_final=False)
            words = (Word(self.spoken, 100, 900, 0.9),)
            await sound.said(Utterance(start_ms=100, end_ms=900, text=self.spoken, words=words), is_final=True)
            await asyncio.Event().wait()


@pytest.fixture
async def ear(still_house: House, tmp_path: Path) -> AsyncIterator[None]:
    async with hosted(still_house, Ear, tmp_path):
        yield


@asynccontextmanager
async def heard(tap: TapPlan) -> AsyncIterator[None]:
    """Send a little sound over a tap, as Asterisk does."""
    host, _, port = tap.at.partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(struct.pack("!BH", NAME, 16) + uuid.UUID(tap.tap_id).bytes)
    writer.write(struct.pack("!BH", 0x10, 320) + bytes(320))
    try:
        yield
    finally:
        writer.close()


@asynccontextmanager
async def recognized(house: House) -> AsyncIterator["asyncio.Queue[SpeechRecognized]"]:
    """Yield what is told on the bus of calls in progress."""
    told: asyncio.Queue[SpeechRecognized] = asyncio.Queue()

    async def take(_envelope: Envelope, event: Event, call_id: str) -> None:
        assert isinstance(event, SpeechRecognized)
        assert event.call_id == call_id
        told.put_nowait(event)

    subscription = await house.services.bus.subscribe(PATTERNS[SpeechRecognized], take, concurrency=1)
    try:
        yield told
    finally:
        await subscription.close()


async def test_both_parties_are_listened_to_while_they_talk(engine: FakeEngine, come: Come, ear: None) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    agent_leg = await reach_agent(engine, call_id)
    caller_leg = engine.caller(call_id).leg_id
    await engine.until(lambda: engine.taps.keys() == {caller_leg, agent_leg})
    assert {tap.call_id for tap in engine.taps.values()} == {call_id}
    first = dict(engine.taps)
    await engine.change(call_id, caller_leg, "ended")
    await engine.until(lambda: not engine.taps)
    assert len({tap.tap_id for tap in first.values()}) == 2


async def test_what_is_said_reaches_the_agents_desk_and_the_bus(
    still_house: House, engine: FakeEngine, come: Come, ear: None
) -> None:
    zhou = await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    caller_leg = engine.caller(call_id).leg_id
    await engine.until(lambda: caller_leg in engine.taps)
    async with recognized(still_house) as told, heard(engine.taps[caller_leg]), asyncio.timeout(30):
        partial, final = await told.get(), await told.get()
        conversation_id = partial.conversation_id
        assert (partial.text, partial.is_final, partial.n) == ("我的", False, 0)
        assert (final.text, final.is_final, final.n, final.speaker) == (NUMBER, True, 0, "contact")
        assert final.end_s - final.start_s == pytest.approx(0.8)
        assert [word.text for word in final.words] == [NUMBER]

        def spoken() -> list[dict[str, object]]:
            return [one for one in zhou.signals if one["name"] == "speech"]

        await zhou.until(lambda: len(spoken()) == 2)
        assert [one["text"] for one in spoken()] == ["我的", "我的身份证是****************00"]  # an agent's rights
        shown = await zhou.call("GET", f"/conversations/{conversation_id}/speech")
    assert shown["is_heard"]
    assert [(one["n"], one["speaker"], one["text"]) for one in shown["lines"]] == [
        (0, "contact", "我的身份证是****************00")
    ]
    assert still_house.services.live_transcripts.last_said(conversation_id) == (NUMBER,)


async def test_a_strangers_tap_is_not_listened_to(engine: FakeEngine, come: Come, ear: None) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    await engine.until(lambda: bool(engine.taps))
    tap = next(iter(engine.taps.values()))
    host, _, port = tap.at.partition(":")
    for name in (uuid.UUID(new_id()).bytes, b"short"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(struct.pack("!BH", NAME, len(name)) + name)
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()


async def test_a_queue_can_do_without_and_a_transcriber_takes_no_more_than_it_can(
    still_house: House, engine: FakeEngine, come: Come
) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    services = still_house.services
    taps = Taps(services.bus, services.queues, services.flows.phrases)
    await taps.settle({ASR: "127.0.0.1:1"})
    assert len(taps.jobs(ASR)) == 2
    taps.heed(ASR, 1)
    await taps.settle({ASR: "127.0.0.1:1"})
    assert len(taps.jobs(ASR)) == 1
    taps.heed(ASR, 0)
    await taps.settle({ASR: "127.0.0.1:1", "asr-two": "127.0.0.1:2"})
    assert (len(taps.jobs(ASR)), len(taps.jobs("asr-two"))) == (0, 2)
    for row in await Queue.all():
        rules = msgspec.structs.replace(services.queues.settings(row.queue_id), has_live_transcripts=False)
        await services.queue_editor.save(OPERATOR, row.queue_id, row.title, rules)
    await taps.settle({"asr-two": "127.0.0.1:2"})
    assert taps.jobs("asr-two") == ()


async def test_a_caller_says_what_others_press(still_house: House, engine: FakeEngine, ear: None) -> None:
    library = still_house.services.flow_library
    version, faults = await library.add_version(OPERATOR, "phone", SAY_OR_PRESS)
    assert not faults
    await library.publish(OPERATOR, "phone", version)
    call_id = await engine.arrive()
    await engine.hears(call_id, "请直接说出，或者按键")
    leg_id = engine.caller(call_id).leg_id
    await engine.until(lambda: leg_id in engine.taps)
    async with heard(engine.taps[leg_id]):
        await engine.hears(call_id, "检修通知")
    await engine.until(lambda: not engine.taps)


async def test_recordings_that_wait_too_long_come_first(
    still_house: House, engine: FakeEngine, come: Come, ear: None, clock: VirtualClock
) -> None:
    await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    await engine.until(lambda: bool(engine.taps))
    conversation = await Conversation.get()
    waiting = Transcript(
        transcript_id=new_id(),
        conversation_id=conversation.conversation_id,
        entry_id=new_id(),
        media_id=new_id(),
        kind="recording",
        state="waiting",
        instance="asr-that-is-gone",
        created_at=clock.now() - timedelta(seconds=BEHIND_S + 1),
    )
    async with still_house.services.store.work():
        await waiting.save(force_create=True)
    await engine.until(lambda: not engine.taps)
    async with still_house.services.store.work():
        await waiting.delete()
    await engine.until(lambda: bool(engine.taps))
