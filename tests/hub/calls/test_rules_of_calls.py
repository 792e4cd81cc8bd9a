"""Service rules are measured on calls as the engine reports them and on what was said in their recordings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.events import LegChanged, RecordingEnded, Utterance
from core.events.calls import LegState
from core.testing.clock import VirtualClock
from core.transcription import Listening, Outcome
from hub.store.models import CallLeg, Conversation, Entry, RuleCheck, RuleFinding, Transcript
from tests.hub.calls.conftest import VOICE, Come
from tests.hub.calls.test_calls import FILE, begin_message, eventually
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.hub.support.transcriber import EarBase, hosted
from tests.journeys.support.clients import Agent

RANG = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RATE_HZ = 8_000
SOON_S = 40.0
Said = tuple[str, float, float, str]  # A for the agent, C for the citizen; from and to which second; the words

RUDE: tuple[Said, ...] = (
    ("A", 0.0, 3.0, "喂，你要问什么，快一点说吧"),
    ("C", 3.5, 8.0, "我想问一下社保卡怎么补办"),
    ("A", 8.5, 10.0, "请稍等我查一下"),
    ("C", 20.0, 20.5, "喂"),
    ("A", 45.0, 53.0, "查到了，带身份证去大厅"),
    ("C", 53.5, 63.0, "可是我的身份证也丢了怎么办呢"),
    ("A", 60.0, 66.0, "你先听我说，先补身份证"),
    ("A", 66.5, 73.0, "补办身份证要带户口簿去派出所照相" * 8),
    ("C", 80.0, 81.0, "那算了"),
)
POLITE: tuple[Said, ...] = (
    ("A", 0.0, 3.0, "您好，3021号为您服务"),
    ("C", 3.5, 8.0, "我想问一下社保卡怎么补办"),
    ("A", 8.5, 14.0, "请您稍等，我为您查询一下"),
    ("A", 18.0, 26.0, "让您久等了，您带身份证到任一社保服务网点就可以当场补办"),
    ("C", 27.0, 28.0, "好的谢谢"),
    ("A", 28.5, 31.0, "不客气，请问您还有其他问题吗"),
    ("C", 31.5, 32.0, "没有了"),
    ("A", 32.5, 35.0, "感谢您的来电，再见"),
)
SILENT: tuple[Said, ...] = (
    ("A", 0.0, 3.0, "您好，3021号为您服务"),
    ("A", 4.0, 7.0, "您好，听得到吗？听不到请您先挂机，再见"),
)


class Ear(EarBase):
    """Hears in every recording what the test says: the citizen on the left, the agent on the right."""

    spoken: tuple[Said, ...] = ()
    length_s = 0.0

    async def transcribe(self, listening: Listening) -> Outcome:
        end = round(RATE_HZ * self.length_s)
        listening.measured((end, end), RATE_HZ)
        for channel, who in enumerate("CA"):
            heard = tuple(
                Utterance(start_ms=round(begin_s * 1_000), end_ms=round(end_s * 1_000), text=text)
                for speaker, begin_s, end_s, text in self.spoken
                if speaker == who
            )
            await listening.heard(channel, 0, end, heard)
        return Outcome(language="zh", model="ear", spent_s=0.1)


@pytest.fixture
async def hears(still_house: House, tmp_path: Path) -> AsyncIterator[Callable[[tuple[Said, ...], float], None]]:
    """Return what says what the recordings are of."""
    async with hosted(still_house, Ear, tmp_path):

        def hears(spoken: tuple[Said, ...], length_s: float) -> None:
            Ear.spoken, Ear.length_s = spoken, length_s

        yield hears


async def report(engine: FakeEngine, call_id: str, leg_id: str, state: LegState, at_s: float) -> None:
    """Report a leg, seconds after the agent's phone began to ring; whoever is gone hung up themselves."""
    at = RANG + timedelta(seconds=at_s)
    await engine.emit(LegChanged(call_id=call_id, leg_id=leg_id, state=state, at=at, by_far_end=state == "ended"))


async def talk(engine: FakeEngine, *, rings_s: float) -> tuple[str, str]:
    """Let an agent's phone ring and be answered; return the call and the agent's leg."""
    call_id = await engine.arrive()
    await report(engine, call_id, engine.caller(call_id).leg_id, "answered", -20.0)
    await engine.press(call_id, "0")
    leg_id = (await engine.rings(call_id)).leg_id
    await report(engine, call_id, leg_id, "ringing", 0.0)
    await report(engine, call_id, leg_id, "answered", rings_s)
    await engine.hears(call_id, "工号")
    await engine.finish(call_id)
    await engine.talks(call_id)
    await engine.until(lambda: bool(engine.plans[call_id].recordings))
    return call_id, leg_id


async def hang_up(engine: FakeEngine, house: House, call_id: str, legs: tuple[str, ...], at_s: float) -> None:
    """Let parties go one after the other, and the recording, which began with the answer, be kept."""
    [recording] = engine.plans[call_id].recordings
    for number, leg_id in enumerate(legs):
        await report(engine, call_id, leg_id, "ended", at_s + number)
    file = await house.services.media.keep(b"RIFF talk", mime="audio/wav", name="talk.wav", instance=VOICE)
    answered = await CallLeg.get(call_id=call_id, role="agent")
    assert answered.answered_at is not None
    await engine.emit(
        RecordingEnded(
            call_id=call_id,
            recording_id=recording.recording_id,
            file=file,
            started_at=answered.answered_at,
            length_s=at_s - (answered.answered_at - RANG).total_seconds(),
        )
    )


async def wrap_up(zhou: Agent, clock: VirtualClock, *, after_s: float) -> str:
    """Close the conversation some time after its end; return its id once its words have been checked as well."""
    async with asyncio.timeout(SOON_S):
        while (row := await Conversation.get_or_none(state="wrap_up")) is None:
            await asyncio.sleep(0.01)
    clock.advance(after_s)
    await zhou.call("POST", f"/conversations/{row.conversation_id}/wrap-up", code="answered", summary="", tags=[])
    return row.conversation_id


async def found(conversation_id: str, wanted: set[str]) -> list[RuleFinding]:
    """Return the findings once they are of the rules ``wanted`` and nothing waits to be checked again."""

    async def rules() -> set[str]:
        rows = await RuleFinding.filter(conversation_id=conversation_id).values_list("rule_id", flat=True)
        return {str(rule_id) for rule_id in rows}

    seen: set[str] = set()
    try:
        async with asyncio.timeout(SOON_S):
            while seen != wanted or not await RuleCheck.filter(conversation_id=conversation_id, due_at=None).exists():
                seen = await rules()
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"found {seen - wanted} beside, and not {wanted - seen}") from None
    return await RuleFinding.filter(conversation_id=conversation_id).order_by("at")


async def test_a_call_that_went_badly_is_found_out_in_every_respect(
    still_house: House, engine: FakeEngine, come: Come, hears: Callable[..., None], clock: VirtualClock
) -> None:
    hears(RUDE, 82.0)
    zhou = await come("zhou")
    call_id, leg_id = await talk(engine, rings_s=12.0)
    await hang_up(engine, still_house, call_id, (leg_id, engine.caller(call_id).leg_id), 94.0)
    conversation_id = await wrap_up(zhou, clock, after_s=45.0)
    rows = await found(
        conversation_id,
        {
            "answered-in-two-rings", "opening", "dead-air", "silent-search", "sorry-for-the-wait", "talk-over",
            "listen-to-me", "speaking-rate", "hung-up-first", "wrap-up-in-30-s", "closing", "anything-else",
        },
    )  # fmt: skip
    values = {row.rule_id: row.value for row in rows}
    assert (values["answered-in-two-rings"], values["silent-search"], values["talk-over"]) == (12.0, 35.0, 3.0)
    assert values["wrap-up-in-30-s"] == 45.0
    assert [row.value for row in rows if row.rule_id == "dead-air"] == [10.0, 24.5, 7.0]
    assert [(row.quote, row.offset_s) for row in rows if row.rule_id == "listen-to-me"] == [
        ("你先听我说，先补身份证", 60.0)
    ]
    [over] = [row for row in rows if row.rule_id == "talk-over"]
    assert over.at == RANG + timedelta(seconds=12 + 60)
    assert {row.agent_id for row in rows} == {zhou.me["user_id"]}


async def test_nothing_is_found_in_a_call_that_went_well(
    still_house: House, engine: FakeEngine, come: Come, hears: Callable[..., None], clock: VirtualClock
) -> None:
    hears(POLITE, 37.0)
    zhou = await come("zhou")
    call_id, leg_id = await talk(engine, rings_s=4.0)
    await hang_up(engine, still_house, call_id, (engine.caller(call_id).leg_id, leg_id), 41.0)
    conversation_id = await wrap_up(zhou, clock, after_s=12.0)
    async with asyncio.timeout(SOON_S):
        while not await Transcript.filter(conversation_id=conversation_id, state="done").exists():
            await asyncio.sleep(0.01)
    assert await found(conversation_id, set()) == []


async def test_an_agent_may_hang_up_on_silence_after_asking_and_waiting(
    still_house: House, engine: FakeEngine, come: Come, hears: Callable[..., None], clock: VirtualClock
) -> None:
    hears(SILENT, 10.0)
    zhou = await come("zhou")
    call_id, leg_id = await talk(engine, rings_s=4.0)
    await hang_up(engine, still_house, call_id, (leg_id, engine.caller(call_id).leg_id), 14.0)
    conversation_id = await wrap_up(zhou, clock, after_s=1.0)
    await found(conversation_id, {"anything-else"})


@pytest.mark.parametrize(("waited_h", "rules"), [(23, set()), (25, {"voice-message-in-a-day"})])
async def test_a_voice_message_is_to_be_answered_within_a_day(
    engine: FakeEngine, come: Come, clock: VirtualClock, waited_h: int, rules: set[str]
) -> None:
    call_id = await begin_message(engine)
    await engine.finish(call_id, file=FILE, length_s=9.0)
    await eventually(Entry.filter(code="voice_message"))
    caller = await CallLeg.get(call_id=call_id, role="caller")
    await engine.change(call_id, caller.leg_id, "ended")
    await eventually(Conversation.filter(state="queued"))
    clock.advance(waited_h * 3_600)
    zhou = await come("zhou")
    conversation_id = await zhou.take_offer()
    await zhou.call("POST", f"/conversations/{conversation_id}/end")
    await wrap_up(zhou, clock, after_s=1.0)
    rows = await found(conversation_id, rules)
    assert [row.value for row in rows] == [waited_h * 3_600 + 1.0 for _ in rules]
