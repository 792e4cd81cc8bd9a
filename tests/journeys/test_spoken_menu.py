"""A caller says at the menu what others press; only the one choice leads to a person."""

import asyncio
import wave
from array import array
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.journeys.support.clients import Agent
from tests.journeys.support.house import House
from tests.journeys.support.phones import CALLER, NEW_PASSWORD, enable_voice, running_office
from tests.journeys.test_transcript import install, listeners, until
from tests.plugins.asr.conftest import data, model
from tests.plugins.voice.support.call import Call
from tests.plugins.voice.support.phone import Phone, free_port

__all__ = ["model"]

WANTED, OTHER = "海宁皮革城", "第五大道"
TRIES = 5
SAY_OR_PRESS: dict[str, Any] = {
    "name": "phone",
    "start": "which",
    "human": "people",
    "nodes": {
        "which": {
            "step": "menu",
            "text": {"zh": "请问您想去哪里", "en": "Where would you like to go?"},
            "is_spoken": True,
            "timeout_s": 600,
            "voice_timeout_s": 600,
            "on_timeout": "over",
            "otherwise": "over",
            "choices": [
                {"key": "1", "label": {"zh": OTHER, "en": "the avenue"}, "goto": "over"},
                {"key": "2", "label": {"zh": WANTED, "en": "the leather market"}, "goto": "people"},
            ],
        },
        "over": {"step": "end", "text": {"zh": "再见", "en": "Goodbye"}},
        "people": {"step": "queue", "queue_id": "general"},
    },
}


def speech() -> "array[int]":
    """Return a person who says WANTED, recorded at 16 kHz, at the rate of telephones."""
    with wave.open(str(data("audio", "zh_aishell_s0252", "BAC009S0252W0013.wav"))) as file:
        samples = array("h", file.readframes(file.getnframes()))
    return array("h", (sum(two) // 2 for two in zip(samples[::2], samples[1::2], strict=False)))


async def publish(house: House) -> None:
    """Let calls begin at the menu."""
    async with Agent(house.url, "admin", NEW_PASSWORD) as admin:
        saved = await admin.call("POST", "/flows/phone/versions", graph=SAY_OR_PRESS)
        assert saved["faults"] == []
        await admin.call("POST", "/flows/phone/publish", version=saved["version"])


async def say_until_it_rings(call: Call, said: "array[int]", desk: Phone) -> Call:
    """Say it, and again when nothing comes of it, as people do."""
    for _ in range(TRIES):
        call.play(said)
        with suppress(TimeoutError):
            return await desk.rings(within_s=12.0)
    raise AssertionError(f"said {TRIES} times, and nobody was rung")


async def test_a_caller_who_says_what_they_want_reaches_a_person(phone_house: House, model: Path) -> None:
    said, port = speech(), free_port()
    await install(model, phone_house)
    await enable_voice(phone_house, port, others={"asr": {"workers": 1, "live_lag_s": 60.0}})
    await publish(phone_house)
    async with running_office(phone_house, port) as office, office.trunk.call("12345", caller=CALLER) as call:
        await call.answered(within_s=20)
        await until(lambda: asyncio.to_thread(listeners, phone_house), lambda count: count >= 1)
        ringing = await say_until_it_rings(call, said, office.desk)
        await ringing.answer()
        await call.hang_up()
        await ringing.ended(within_s=40)
