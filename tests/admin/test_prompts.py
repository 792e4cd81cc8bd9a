"""Prompts, as administrators hear and record them."""

import io
import wave
from collections.abc import AsyncIterator

import pytest

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.calls.utterances import Piece
from hub.demo import PASSWORD
from tests.hub.calls.conftest import Parrot
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent


@pytest.fixture
async def admin(house: House) -> AsyncIterator[Agent]:
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with Agent(house.url, "root", PASSWORD) as agent:
        yield agent


def sound(*, rate_hz: int = 16_000, width: int = 2, seconds: float = 0.1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(width)
        out.setframerate(rate_hz)
        out.writeframes(bytes(int(seconds * rate_hz) * width))
    return file.getvalue()


async def kept(house: House, data: bytes) -> str:
    attachment = await house.services.media.keep(data, mime="audio/wav", name="a.wav", instance="", uploader_id="u")
    return attachment.media_id


async def menu(admin: Agent) -> dict:
    listed = await admin.call("GET", "/prompts")
    return next(item for item in listed["items"] if item["node_id"] == "menu" and item["language"] == "zh")


async def test_a_recorded_prompt_is_listed_heard_and_deleted(house: House, admin: Agent) -> None:
    first = (await menu(admin))["sounds"][0]
    assert (first["source"], first["media_id"]) == ("missing", "")
    media_id = await kept(house, sound())
    made = await admin.call(
        "POST", "/prompt-recordings", language="zh", text=first["text"], prompt=first["prompt"], media_id=media_id
    )
    assert (made["source"], made["media_id"]) == ("recorded", media_id)
    assert (await menu(admin))["sounds"][0] == made
    known = house.hub.prompts.known([Piece(text=first["text"], language="zh")])
    assert known is not None
    assert known[0].media_id == media_id
    await admin.call("DELETE", f"/prompt-recordings/{made['recording_id']}")
    assert (await menu(admin))["sounds"][0]["source"] == "missing"
    status, _ = await admin.try_call("DELETE", f"/prompt-recordings/{made['recording_id']}")
    assert status == 404


@pytest.mark.parametrize(
    "file",
    [b"webm", sound(width=1), sound(rate_hz=4_000), sound(seconds=0), sound(rate_hz=8_000, seconds=301)],
    ids=["no wave", "8 bits", "4 kHz", "empty", "too long"],
)
async def test_what_callers_could_not_hear_is_refused(house: House, admin: Agent, file: bytes) -> None:
    media_id = await kept(house, file)
    status, answer = await admin.try_call("POST", "/prompt-recordings", language="zh", text="您好", media_id=media_id)
    assert status == 422
    assert answer["error"]["fields"] == {"media_id": "not_playable"}


async def test_agents_record_no_prompts(house: House) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as agent:
        assert (await agent.try_call("GET", "/prompts"))[0] == 403
        body = {"language": "zh", "text": "您好", "media_id": "m"}
        assert (await agent.try_call("POST", "/prompt-recordings", **body))[0] == 403


async def test_words_nobody_can_speak_are_said_to_be_missing(admin: Agent) -> None:
    answer = await admin.call("POST", "/prompt-trials", language="zh", text="您好")
    assert (answer["source"], answer["text"]) == ("missing", "您好")
    status, _ = await admin.try_call("POST", "/prompt-trials", language="zh", text="")
    assert status == 422


async def test_words_are_spoken_to_be_heard(house: House, admin: Agent) -> None:
    house.hub.prompts.synthesizer = Parrot()
    answer = await admin.call("POST", "/prompt-trials", language="zh", text="您好")
    assert answer["source"] == "synthesized"
    assert answer["media_id"]
