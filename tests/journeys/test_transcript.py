"""A citizen speaks on the phone; what they said is found by one of its words, and the word leads to its moment."""

import asyncio
import contextlib
import wave
from array import array
from pathlib import Path
from typing import Any

import psutil

from core.models import models_in_use
from hub.model_store import ModelStore, Wanted
from tests.journeys.support.house import House
from tests.journeys.support.phones import AGENT_HZ, enable_voice, running_office
from tests.plugins.asr.conftest import data, model
from tests.plugins.voice.support.phone import free_port

__all__ = ["model"]

RATE_HZ = 8_000
LOUD = 800
WORD = "繁忙"  # the third of the prompt p04, and nowhere else in the conversation
SOON_S = 60.0


def speech() -> "array[int]":
    """Return the prompt, recorded at 24 kHz, at the rate of telephones."""
    with wave.open(str(data("audio", "kokoro_zm_yunxi", "p04.wav"))) as file:
        samples = array("h", file.readframes(file.getnframes()))
    return array("h", (sum(three) // 3 for three in zip(*(samples[n::3] for n in range(3)), strict=False)))


def onset_ms(sound: bytes, folder: Path) -> float:
    """Return when somebody begins to speak on the left of a recording."""
    path = folder / "recording.wav"
    path.write_bytes(sound)
    with wave.open(str(path)) as file:
        left = array("h", file.readframes(file.getnframes()))[::2]
        step = file.getframerate() // 100
        begins = next(at for at in range(0, len(left), step) if max(map(abs, left[at : at + step])) > LOUD)
        return begins * 1_000 / file.getframerate()


async def until(ask: Any, holds: Any) -> Any:
    """Return the first answer of ``ask`` that ``holds``."""
    async with asyncio.timeout(SOON_S):
        while not holds(answer := await ask()):
            await asyncio.sleep(0.2)
    return answer


async def install(model: Path, house: House) -> None:
    """Put the model where the house finds it."""
    models = house.data / "models"
    await asyncio.to_thread(ModelStore(models).install, Wanted(source=str(model), language="zh"), lambda *_: None)
    assert models_in_use(models, "vosk") == {"zh": "vosk-model-tiny-cn"}


def is_sentence(signal: dict[str, Any]) -> bool:
    """Whether an agent is shown something that the citizen has said in the call in progress."""
    is_theirs = signal["name"] == "speech" and signal["speaker"] == "contact"
    return is_theirs and "is_final" in signal and len(signal["text"]) > 3


def forges(house: House) -> list[psutil.Process]:
    """Return the processes that hold models, not those forked from them."""
    found = []
    for one in psutil.Process(house.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            parent = one.parent()
            if "plugins.asr.forge" in one.cmdline() and parent and "plugins.asr.forge" not in parent.cmdline():
                found.append(one)
    return found


def listeners(house: House) -> int:
    """Return how many sounds and taps are being listened to."""
    return sum(len(one.children()) for one in forges(house))


def kill_recogniser(house: House) -> None:
    """Kill the plugin that listens, and what holds its models."""
    for forge in forges(house):
        forge.parent().kill()
        forge.kill()


async def test_what_was_said_on_the_phone_is_found_by_a_word_that_leads_to_its_moment(
    phone_house: House, model: Path, tmp_path: Path
) -> None:
    house, port, said = phone_house, free_port(), speech()
    await install(model, house)
    await enable_voice(house, port, others={"asr": {"workers": 1, "live_lag_s": 60.0}})
    async with running_office(house, port) as office:
        zhou = office.zhou
        async with office.talk() as (call, ringing):
            call.say(None)
            ringing.say(AGENT_HZ)
            await call.hears(AGENT_HZ)  # both are in one room
            ringing.say(None)
            await until(lambda: asyncio.to_thread(listeners, house), lambda count: count >= 2)
            call.play(said)
            call.arrivals.clear()
            await zhou.until(lambda: any(map(is_sentence, zhou.signals)), within_s=SOON_S)  # while they still talk
            await call.heard_for(len(said) / RATE_HZ + 1.0)
            kill_recogniser(house)
            ringing.say(AGENT_HZ)
            await call.hears(AGENT_HZ)  # and nobody in the call notices
            ringing.say(None)
            await call.hang_up()
            await ringing.ended(within_s=40)

        def of_transcripts() -> Any:
            return zhou.call("GET", f"/conversations/{conversation_id}/transcripts")

        await zhou.until(lambda: bool(zhou.tables["conversations"]), within_s=SOON_S)
        conversation_id = next(iter(zhou.tables["conversations"]))
        answer = await until(of_transcripts, lambda one: one["items"] and one["items"][0]["state"] == "done")
        [transcript] = answer["items"]
        utterances = [one for one in transcript["utterances"] if WORD in one["text"]]
        assert utterances, [(one["speaker"], one["text"]) for one in transcript["utterances"]]
        assert utterances[0]["speaker"] == "contact"

        thread = await zhou.call("GET", f"/conversations/{conversation_id}/entries")
        assert not [entry for entry in thread["items"] if WORD in entry.get("text", "")]

        async def find() -> Any:
            return await zhou.call("GET", f"/conversations?view=all&q={WORD}")

        found = await until(find, lambda page: page["items"])
        assert [one["conversation_id"] for one in found["items"]] == [conversation_id]
        async with zhou.http.get(f"{house.url}/media/{transcript['media_id']}") as download:
            begins_ms = onset_ms(await download.read(), tmp_path)
        words = [word for one in transcript["utterances"] if one["speaker"] == "contact" for word in one["words"]]
        assert abs(words[0][1] - begins_ms) <= 300
        [at_ms] = [start_ms for text, start_ms, *_ in words if text.startswith(WORD)]
        assert begins_ms + 300 <= at_ms <= begins_ms + 1_200
