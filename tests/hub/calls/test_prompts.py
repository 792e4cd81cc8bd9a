"""Words become sounds: by recordings, by what was spoken before, by a synthesizer on the bus."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.bus import Bus, BusSettings
from core.errors import RequestFailed
from core.events import Attachment, Choice, SpeechAnswer, SpeechRequest, SpeechVoice, VoicesChanged
from core.flow import Reading, Say
from core.ids import new_id
from core.subjects import ASK_SYNTHESIZE, fill
from hub.calls import prompts as prompts_module
from hub.calls import rehearsal as rehearsal_module
from hub.calls.prompts import recorded_id
from hub.calls.rehearsal import GIVE_UP_AFTER, Rehearsal
from hub.calls.steps import pieces
from hub.calls.synthesizers import Synthesizers
from hub.calls.utterances import Piece
from hub.store.models import PromptSound
from tests.hub.support.house import House, until

INSTANCE = "tts-main"
HELLO = Piece(text="您好", language="zh", prompt="welcome")


class Engine:
    """A synthesizer's process, played by the test."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.asked: list[SpeechRequest] = []
        self.free = asyncio.Event()
        self.free.set()
        self.fault = ""

    async def open(self) -> None:
        await self.bus.respond(fill(ASK_SYNTHESIZE, INSTANCE), self._speak, request=SpeechRequest)
        await self.announce("1")

    async def announce(self, version: str) -> None:
        voices = (SpeechVoice(language="zh", name="xiaobei"),)
        await self.bus.publish(VoicesChanged(voices=voices, version=version), INSTANCE, msg_id=new_id())

    async def _speak(self, _: str, request: SpeechRequest) -> SpeechAnswer:
        self.asked.append(request)
        await self.free.wait()
        if self.fault:
            raise RequestFailed(self.fault, "broken")
        return SpeechAnswer(sound=Attachment(media_id=f"m-{len(self.asked)}", mime="audio/wav"), length_s=1.5)


@pytest.fixture(autouse=True)
def _the_hub_itself_rehearses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal_module, "LOOK_S", 3_600.0)


@pytest.fixture
async def engine(still_house: House) -> AsyncIterator[Engine]:
    async with await Bus.connect(BusSettings(url=still_house.nats.url), source=INSTANCE) as bus:
        engine = Engine(bus)
        await engine.open()
        await until(lambda: voice(still_house))
        yield engine


def voice(house: House) -> str:
    assert house.hub.prompts.synthesizer is not None
    return house.hub.prompts.synthesizer.voice("zh")


async def made(house: House, *wanted: Piece) -> list[str] | None:
    await house.hub.prompts.make(wanted)
    return known(house, *wanted)


def known(house: House, *wanted: Piece) -> list[str] | None:
    found = house.hub.prompts.known(wanted)
    return None if found is None else [prompt.media_id for prompt in found]


async def test_words_are_spoken_once_and_kept_over_a_restart(still_house: House, engine: Engine) -> None:
    assert known(still_house, HELLO) is None
    assert await made(still_house, HELLO) == ["m-1"]
    assert await made(still_house, HELLO) == ["m-1"]
    assert [(one.text, one.voice) for one in engine.asked] == [("您好", "xiaobei")]
    row = await PromptSound.get()
    assert (row.text, row.length_s, row.voice) == ("您好", 1.5, "tts-main/xiaobei/1")
    await still_house.restart()
    await until(lambda: voice(still_house))
    assert known(still_house, HELLO) == ["m-1"]


async def test_two_callers_have_the_same_words_made_once(still_house: House, engine: Engine) -> None:
    engine.free.clear()
    both = asyncio.gather(made(still_house, HELLO), made(still_house, HELLO))
    await until(lambda: engine.asked)
    engine.free.set()
    assert await both == [["m-1"], ["m-1"]]
    assert len(engine.asked) == 1


async def test_a_caller_does_not_wait_for_ever_and_the_next_one_hears_it(
    still_house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts_module, "SYNTHESIS_S", 0.05)
    engine.free.clear()
    assert await made(still_house, HELLO) is None
    engine.free.set()
    await until(lambda: known(still_house, HELLO))
    assert known(still_house, HELLO) == ["m-1"]


async def test_another_version_speaks_anew_and_the_old_sound_helps_out(still_house: House, engine: Engine) -> None:
    await made(still_house, HELLO)
    before = voice(still_house)
    await engine.announce("2")
    await until(lambda: voice(still_house) != before)
    assert known(still_house, HELLO) is None
    engine.fault = "not_ready"
    assert await made(still_house, HELLO) is None
    last = still_house.hub.prompts.known([HELLO], is_final=True)
    assert last is not None
    assert [prompt.media_id for prompt in last] == ["m-1"]
    engine.fault = ""
    assert await made(still_house, HELLO) == ["m-3"]


async def test_a_recording_wins_until_it_is_deleted(still_house: House, engine: Engine) -> None:
    prompts = still_house.hub.prompts
    await made(still_house, HELLO)
    await prompts.add_recording(HELLO, "r-1", author_id="u-1")
    assert known(still_house, HELLO) == ["r-1"]
    await prompts.load()
    assert known(still_house, HELLO) == ["r-1"]
    assert await prompts.delete_recording(recorded_id(HELLO))
    assert known(still_house, HELLO) == ["m-1"]
    assert not await prompts.delete_recording(recorded_id(HELLO))


async def test_words_without_a_name_can_be_recorded_too(still_house: House, engine: Engine) -> None:
    thanks = Piece(text="谢谢", language="zh")
    await still_house.hub.prompts.add_recording(thanks, "r-2", author_id="u-1")
    await still_house.hub.prompts.load()
    assert known(still_house, thanks) == ["r-2"]
    assert known(still_house, Piece(text="谢谢", language="en")) is None
    assert engine.asked == []


async def test_a_language_nobody_speaks_is_left_out(still_house: House, engine: Engine) -> None:
    english = Piece(text="Hello", language="en")
    assert await made(still_house, english) is None
    assert engine.asked == []
    assert still_house.hub.prompts.known([english], is_final=True) == []


def test_values_are_said_in_shared_fragments_and_choices_with_their_keys() -> None:
    say = Say(
        text="余额为20元。",
        readings=(Reading(start=3, end=6, read_as="amount"),),
        choices=(Choice(key="1", label="社保"),),
        language="zh",
    )
    assert [piece.text for piece in pieces(say)] == ["余额为", "二十元", "社保，请按 1。"]


def test_a_recorded_prompt_is_one_piece_whatever_its_values() -> None:
    readings = (Reading(start=3, end=6, read_as="amount"),)
    say = Say(text="余额为20元。", readings=readings, language="zh", prompt="balance")
    assert [(piece.text, piece.prompt) for piece in pieces(say)] == [("余额为二十元", "balance")]


async def test_published_flows_are_spoken_ahead(still_house: House, engine: Engine) -> None:
    synthesizer = still_house.hub.prompts.synthesizer
    assert isinstance(synthesizer, Synthesizers)
    rehearsal = Rehearsal(still_house.hub.prompts, synthesizer, still_house.services.flow_library)
    before = rehearsal.progress()
    assert before.wanted > 20
    assert await rehearsal.rehearse()
    assert rehearsal.progress().ready == before.wanted
    assert {one.language for one in engine.asked} == {"zh"}
    assert len(engine.asked) == len({one.text for one in engine.asked})
    asked = len(engine.asked)
    assert await rehearsal.rehearse()
    assert len(engine.asked) == asked


async def test_an_engine_that_fails_is_left_in_peace(still_house: House, engine: Engine) -> None:
    engine.fault = "broken"
    synthesizer = still_house.hub.prompts.synthesizer
    assert isinstance(synthesizer, Synthesizers)
    rehearsal = Rehearsal(still_house.hub.prompts, synthesizer, still_house.services.flow_library)
    assert not await rehearsal.rehearse()
    assert len(engine.asked) == GIVE_UP_AFTER
