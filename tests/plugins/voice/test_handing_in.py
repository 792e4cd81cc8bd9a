"""Recordings and voice messages on their way to the hub: only a refusal for good ends the trying."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from core.config import decode_settings
from core.errors import TEMPORARY, BusUnavailable, RefusedForNow, RequestFailed
from core.events import ActivityEnded
from plugins.voice import handing_in, marks
from plugins.voice.ari import Gone
from plugins.voice.config import VoiceConfig
from plugins.voice.context import Context
from plugins.voice.dialled import DialledLegs
from plugins.voice.handing_in import until_taken
from plugins.voice.messages import WAVE_HEADER, hand_in_orphan
from plugins.voice.occupancy import Occupancy
from plugins.voice.prompts import Prompts
from tests.plugins.memory_link import MemoryLink

NAME = marks.message("call", "leg", "message")


class AtOnce:
    """A back-off that waits for nothing."""

    def __init__(self, **_: float) -> None: ...

    def next_s(self) -> float:
        return 0.0


class Spool:
    """An engine that has nothing but the stored voice message ``data``."""

    def __init__(self, data: bytes) -> None:
        self.stored = {NAME: data}

    async def live_recording(self, name: str) -> None:
        raise Gone(404, name)

    async def fetch_recording(self, name: str) -> AsyncIterator[bytes]:
        yield self.stored[name]

    async def delete_recording(self, name: str) -> None:
        del self.stored[name]


@pytest.mark.parametrize(
    "why",
    [BusUnavailable("away"), *(RefusedForNow(code, "not now") for code in sorted(TEMPORARY))],
    ids=lambda error: f"{type(error).__name__} {error.code}",
)
async def test_a_file_waits_for_a_hub_that_cannot_take_it_now(why: Exception) -> None:
    answers: list[Exception | str] = [why, why, "taken"]

    async def hand_in() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with patch.object(handing_in, "Backoff", AtOnce):
        assert await until_taken(hand_in, "a file") == "taken"
    assert answers == []


async def test_a_file_that_the_hub_refuses_is_not_offered_again() -> None:
    tries = 0

    async def hand_in() -> None:
        nonlocal tries
        tries += 1
        raise RequestFailed("bad_upload", "more bytes than announced")

    with pytest.raises(RequestFailed, match="more bytes"):
        await until_taken(hand_in, "a file")
    assert tries == 1


async def test_a_message_in_which_nothing_was_said_is_reported_and_leaves_the_engine(tmp_path: Path) -> None:
    spool: Any = Spool(b"\0" * WAVE_HEADER)
    link = MemoryLink(tmp_path)
    config = decode_settings(VoiceConfig, {})
    context = Context(
        spool,
        link,
        config,
        Prompts(link, tmp_path / "prompts"),
        DialledLegs(tmp_path / "dialled"),
        Occupancy(spool, config.trunks),
    )
    async with asyncio.timeout(30):
        await hand_in_orphan(context, NAME)
    [ended] = link.events
    assert isinstance(ended, ActivityEnded)
    assert (ended.activity_id, ended.outcome, ended.file) == ("message", "silence", None)
    assert (spool.stored, link.files) == ({}, {})
