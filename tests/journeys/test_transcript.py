"""A citizen speaks on the phone; what they said is found by one of its words, and the word leads to its moment."""

import asyncio
import wave
from array import array
from pathlib import Path
from typing import Any

from core.models import models_in_use
from hub.demo import PASSWORD
from hub.model_store import ModelStore, Wanted
from tests.journeys.support.clients import Agent
from tests.journeys.support.house import House
from tests.journeys.test_phone import AGENT_HZ, asterisk, free_port, phone_house, registered, sip_port
from tests.plugins.asr.conftest import data, model
from tests.plugins.voice.support.phone import Phone

__all__ = ["asterisk", "model", "phone_house"]

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


async def set_up(house: House, model: Path, port: int) -> None:
    """Install the model; enable recogniser and telephone, with a trunk at ``port``; let the agent have a desk phone."""
    models = house.data / "models"
    await asyncio.to_thread(ModelStore(models).install, Wanted(source=str(model), language="zh"), lambda *_: None)
    assert models_in_use(models, "vosk") == {"zh": "vosk-model-tiny-cn"}
    async with Agent(house.url, "admin", house.first_password) as admin:
        await admin.call("PUT", "/session/password", current=house.first_password, new="correct-horse-77")
        trunk_settings = {"name": "trunk", "host": "127.0.0.1", "port": port, "codecs": ["ulaw"]}
        for instance, plugin, settings in (
            ("asr-main", "asr", {"workers": 1}),
            ("voice-main", "voice", {"trunks": [trunk_settings]}),
        ):
            await admin.call(
                "PUT", f"/instances/{instance}", plugin=plugin, settings=settings, is_enabled=True, probe=False
            )
        users = await admin.call("GET", "/users")
        user_id = next(user["user_id"] for user in users["items"] if user["username"] == "zhou")
        await admin.call("PATCH", f"/users/{user_id}", granted=["call.desk_phone"])


async def test_what_was_said_on_the_phone_is_found_by_a_word_that_leads_to_its_moment(
    phone_house: House, model: Path, tmp_path: Path
) -> None:
    house, port, said = phone_house, free_port(), speech()
    await set_up(house, model, port)
    server = ("127.0.0.1", await sip_port(house))
    trunk = Phone(server, "trunk")
    trunk.port = port
    async with trunk, Agent(house.url, "zhou", PASSWORD) as zhou:
        account = await zhou.call("POST", "/phone/sip")
        async with Phone(server, account["phone_id"], password=account["secret"]) as desk:
            await registered(desk)
            await zhou.sit_down()
            async with trunk.call("12345", caller="13800138000") as call:
                await call.answered(within_s=20)
                await call.press("0")
                ringing = await desk.rings(within_s=20)
                await ringing.answer()
                call.say(None)
                ringing.say(AGENT_HZ)
                await call.hears(AGENT_HZ)  # both are in one room
                ringing.say(None)
                call.play(said)
                call.arrivals.clear()
                await call.heard_for(len(said) / RATE_HZ + 1.0)
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
