"""The phone engine under the supervisor: started when wanted, alive after any end of the supervisor, found again."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hub.engine.binary import Asterisk
from hub.engine.layout import Layout, layout_of
from hub.engine.process import START_LIMIT_S, Access, Engine, find
from hub.supervisor.phone_engine import EngineNotReady
from hub.supervisor.phone_engines import EngineTaken, PhoneEngines
from plugins.voice.ari import Ari
from plugins.voice.ari.events import StasisStart
from tests.hub.supervisor.conftest import WAIT_S, supervise
from tests.plugins.voice.support.engine import Board, asterisk, cache, engine_settings
from tests.plugins.voice.support.events import listening
from tests.plugins.voice.support.phone import free_port

__all__ = ["asterisk"]


@pytest.fixture
async def settings(asterisk: Asterisk, tmp_path: Path) -> AsyncIterator[str]:
    """Return what the supervisor is told; its engine is ended in any case."""
    plain = engine_settings()
    yield json.dumps(
        {
            "engine": {
                "mode": "on",
                "prefix": str(cache()),
                "sip_host": plain.sip_host,
                "sip_port": 0,
                "rtp_first": plain.rtp_first,
                "rtp_last": plain.rtp_last,
            }
        }
    )
    if engine := find(Layout(tmp_path / "data" / "engine")):
        await engine.kill()


async def running(tmp_path: Path) -> Engine:
    """Return the engine of the supervisor once it answers."""
    async with asyncio.timeout(WAIT_S):
        while (engine := find(Layout(tmp_path / "data" / "engine"))) is None or not await engine.answers():
            await asyncio.sleep(0.05)
    return engine


async def test_a_call_outlives_the_supervisor_which_finds_the_engine_again(settings: str, tmp_path: Path) -> None:
    async with supervise(tmp_path, settings) as first:
        engine = await running(tmp_path)
        access = engine.access
        async with Ari(access.url, access.username, access.password, app="lianxin") as ari:
            board = Board(engine, ari)
            trunk = await board.trunk()
            async with listening(ari) as events, trunk.call("12345") as call:
                started = await events.next(StasisStart)
                await ari.answer(started.channel.id)
                await call.answered()
                await ari.play(started.channel.id, ("tone:425/600000",), "on")
                await call.hears(425)
                first.process.send_signal(signal.SIGKILL)
                await first.process.wait()
                async with supervise(tmp_path, settings) as second:
                    await call.heard_for(1.0)
                    assert (await running(tmp_path)).note.pid == engine.note.pid
                    second.process.send_signal(signal.SIGTERM)
                    await second.line("stopped")
                await call.hears(425)
                assert call.longest_gap_s < 0.2
            await board.close()


async def test_an_idle_engine_ends_with_the_supervisor(settings: str, tmp_path: Path) -> None:
    async with supervise(tmp_path, settings) as supervised:
        engine = await running(tmp_path)
        supervised.process.send_signal(signal.SIGTERM)
        await supervised.line("stopped")
        assert not engine.is_alive()


async def test_a_killed_engine_is_started_again_with_the_same_way_in(settings: str, tmp_path: Path) -> None:
    async with supervise(tmp_path, settings):
        engine = await running(tmp_path)
        await engine.kill()
        again = await running(tmp_path)
        assert again.note.pid != engine.note.pid
        assert again.access == engine.access


async def test_instances_that_name_an_engine_have_one_of_their_own_on_the_port_they_say(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    plain = msgspec.structs.replace(engine_settings(), prefix=str(cache()))
    engines = PhoneEngines(plain, tmp_path, lambda line: None)
    running = asyncio.create_task(engines.run())
    try:
        first = await reached(engines, "voice-main")
        second = await reached(engines, "voice-other", name="second")
        assert first.url != second.url
        port = free_port(lasting=True)
        assert (await reached(engines, "voice-other", name="second", sip_port=port)) == second
        async with asyncio.timeout(START_LIMIT_S):
            while (moved := find(layout_of(tmp_path, "second"))) is None or moved.note.sip_port != port:
                await asyncio.sleep(0.05)
        with pytest.raises(EngineTaken):
            engines.access("voice-other")  # its settings have changed: the engine that nobody uses any more ends
        async with asyncio.timeout(START_LIMIT_S):
            while find(layout_of(tmp_path, "second")) is not None:
                await asyncio.sleep(0.05)
        with pytest.raises(ValueError, match="token"):
            engines.access("voice-main", name="../elsewhere")
    finally:
        running.cancel()
        await asyncio.wait({running})
        for name in ("", "second"):
            if (left := find(layout_of(tmp_path, name))) is not None:
                await left.kill()


async def reached(engines: PhoneEngines, instance: str, *, name: str = "", sip_port: int = 0) -> Access:
    """Return how an instance reaches its engine once that runs."""
    async with asyncio.timeout(START_LIMIT_S):
        while True:
            try:
                return engines.access(instance, name=name, sip_port=sip_port)
            except EngineNotReady:
                await asyncio.sleep(0.05)
