"""Vosk listens to calls in progress: while somebody speaks, once more when they pause, and to a menu's words only."""

import asyncio
import os
import signal
import wave
from array import array
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from core.events import LiveJob, Utterance
from core.transcription import CannotHear
from plugins.asr.phrases import UNKNOWN, grammar
from tests.plugins.asr.conftest import Listens
from tests.plugins.asr.test_listening import errors, samples, workers

BLOCK = 480  # 20 ms at 24 kHz
HEARD_S = 30.0


def settings(model: Path, *, live_lag_s: float = 60.0) -> dict[str, object]:
    return {"models": [{"language": "zh", "path": str(model)}], "live_lag_s": live_lag_s}


class Side:
    """``core.transcription.LiveSound``: a file, then silence until it is to end."""

    def __init__(self, path: Path, **job: object) -> None:
        self.job = LiveJob(tap_id="t", language="zh", **job)  # type: ignore[arg-type]
        self.partial: list[str] = []
        self.final: list[Utterance] = []
        self._sound, self._rate_hz = samples(path)
        self._news = asyncio.Event()
        self._is_over = False

    async def samples(self) -> AsyncGenerator[tuple[bytes, int]]:
        for at in range(0, len(self._sound), BLOCK):
            yield self._sound[at : at + BLOCK].tobytes(), self._rate_hz
            await asyncio.sleep(0)
        while not self._is_over:
            yield array("h", bytes(2 * BLOCK)).tobytes(), self._rate_hz
            await asyncio.sleep(BLOCK / self._rate_hz)

    async def said(self, utterance: Utterance, *, is_final: bool) -> None:
        if is_final:
            self.final.append(utterance)
        else:
            self.partial.append(utterance.text)
        self._news.set()

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(HEARD_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def end(self) -> None:
        self._is_over = True


async def test_what_is_said_is_told_while_it_is_said_and_once_more_when_it_is_over(
    listens: Listens, model: Path, speech: Path
) -> None:
    side = Side(speech / "p04.wav")
    async with listens(**settings(model)) as vosk:
        hearing = asyncio.create_task(vosk.hear(side))
        await side.until(lambda: side.final)
        side.end()
        await hearing
    assert side.partial
    assert all(later != sooner for sooner, later in zip(side.partial, side.partial[1:], strict=False))
    heard = "".join(one.recognized for one in side.final)
    assert errors("当前坐席繁忙请耐心等待预计等待时间三分钟", heard) < 0.4
    words = [word for one in side.final for word in one.words]
    assert [word.start_ms for word in words] == sorted(word.start_ms for word in words)


async def test_in_a_menu_only_its_phrases_are_heard(listens: Listens, model: Path, speech: Path) -> None:
    side = Side(speech / "p04.wav", phrases=("坐席", "人工"))
    async with listens(**settings(model)) as vosk:
        hearing = asyncio.create_task(vosk.hear(side))
        await side.until(lambda: side.final)
        side.end()
        await hearing
    assert set("".join(one.recognized for one in side.final)) <= set("坐席人工")


async def test_at_a_menu_a_quiet_line_says_nothing(listens: Listens, model: Path, speech: Path, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "quiet.wav"), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(array("h", (137 * n % 401 - 200 for n in range(3 * 24_000))).tobytes())
    quiet = Side(tmp_path / "quiet.wav", phrases=("一", "二", "坐席"))
    async with listens(**settings(model)) as vosk:
        hearing = asyncio.create_task(vosk.hear(quiet))
        spoken = Side(speech / "p04.wav", phrases=("一", "二", "坐席"))
        speaking = asyncio.create_task(vosk.hear(spoken))
        await spoken.until(lambda: spoken.final)
        quiet.end()
        spoken.end()
        await asyncio.gather(hearing, speaking)
    assert quiet.final == []


async def test_a_worker_that_is_killed_ends_the_tap_and_the_next_one_is_heard(
    listens: Listens, model: Path, speech: Path
) -> None:
    async with listens(**settings(model)) as vosk:
        side = Side(speech / "p04.wav")
        hearing = asyncio.create_task(vosk.hear(side))
        await side.until(lambda: side.partial)
        for one in workers():
            os.kill(one.pid, signal.SIGKILL)
        with pytest.raises(CannotHear):
            await hearing
        again = Side(speech / "p04.wav")
        hearing = asyncio.create_task(vosk.hear(again))
        await again.until(lambda: again.final)
        again.end()
        await hearing


async def test_who_is_heard_too_late_is_let_be_and_so_are_others_for_a_while(
    listens: Listens, model: Path, speech: Path
) -> None:
    async with listens(**settings(model, live_lag_s=0.1)) as vosk:
        assert vosk.live_slots > 0
        await vosk.hear(Side(speech / "p04.wav"))
        assert vosk.live_slots == 0


def test_phrases_are_divided_into_words_that_the_model_knows() -> None:
    known = {"人工", "服务", "人", "一", "yes", "please"}
    phrases = ("人工服务", "一", "人工台", "Yes please", "一")
    assert grammar(phrases, known.__contains__) == ["人工 服务", "一", "yes please", UNKNOWN]
    assert grammar(("台",), known.__contains__) == []
