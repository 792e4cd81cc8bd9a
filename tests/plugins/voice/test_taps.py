"""What parties of a call say is sent to a transcriber as well, and the call never notices what becomes of that."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.events import LegPlan, TapPlan, TapsPlan
from core.host.audio_socket import read_name, sound
from core.ids import new_id
from tests.plugins.voice.support.audio import WINDOW, has_tone
from tests.plugins.voice.support.phone import Phone
from tests.plugins.voice.support.stage import Stage, talking

CITIZEN_HZ, AGENT_HZ = 440.0, 1_000.0
SOON_S = 30.0


class Socket:
    """An AudioSocket that keeps what comes, by the name of each connection; ``end`` it and nobody is there."""

    def __init__(self) -> None:
        self.heard: dict[str, array[int]] = {}
        self.rates_hz: set[int] = set()
        self.connections: dict[str, int] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._news = asyncio.Event()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def end(self) -> None:
        """Go away as a killed process does."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def hears(self, tap_id: str, frequency_hz: float) -> None:
        """Return when the last 200 ms of a tap were this tone."""
        await self._until(lambda: has_tone(self.heard.get(tap_id, array("h"))[-WINDOW:], frequency_hz, 0.6))

    async def connected(self, tap_id: str, *, times: int) -> None:
        await self._until(lambda: self.connections.get(tap_id, 0) >= times)

    async def left(self) -> None:
        """Return when nobody is connected."""
        await self._until(lambda: not self._writers)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            tap_id = await read_name(reader)
            self.connections[tap_id] = self.connections.get(tap_id, 0) + 1
            async for samples, rate_hz in sound(reader):
                self.rates_hz.add(rate_hz)
                self.heard.setdefault(tap_id, array("h")).frombytes(samples)
                self._news.set()
        finally:
            self._writers.discard(writer)
            self._news.set()
            writer.close()


@asynccontextmanager
async def socket() -> AsyncIterator[Socket]:
    made = Socket()
    await made.start()
    try:
        yield made
    finally:
        await made.end()


def tap(call_id: str, leg: LegPlan, ear: Socket) -> TapPlan:
    return TapPlan(tap_id=new_id(), call_id=call_id, leg_id=leg.leg_id, at=ear.at)


async def follow(voice: Stage, *taps: TapPlan) -> None:
    assert voice.voice is not None
    await voice.voice.tap(TapsPlan(taps=taps))


async def test_each_party_is_heard_on_a_line_of_its_own_until_that_is_planned_no_more(
    voice: Stage, trunk: Phone
) -> None:
    async with socket() as ear:
        phone = await voice.phone("desk-1")
        async with trunk.call("12345") as call:
            call_id, caller, served, ringing = await talking(voice, call, phone)
            call.say(CITIZEN_HZ)
            ringing.say(AGENT_HZ)
            theirs, ours = tap(call_id, caller, ear), tap(call_id, served, ear)
            await follow(voice, theirs, ours)
            await ear.hears(theirs.tap_id, CITIZEN_HZ)
            await ear.hears(ours.tap_id, AGENT_HZ)
            assert ear.rates_hz == {8_000}
            await follow(voice)
            await ear.left()
            await call.hears(AGENT_HZ)
            await ringing.hears(CITIZEN_HZ)


async def test_a_transcriber_that_dies_is_not_heard_in_the_call_and_is_called_again(voice: Stage, trunk: Phone) -> None:
    async with socket() as ear:
        phone = await voice.phone("desk-1")
        async with trunk.call("12345") as call:
            call_id, caller, _, ringing = await talking(voice, call, phone)
            call.say(CITIZEN_HZ)
            ringing.say(AGENT_HZ)
            theirs = tap(call_id, caller, ear)
            await follow(voice, theirs)
            await ear.hears(theirs.tap_id, CITIZEN_HZ)
            await ear.end()
            await ear.left()
            await call.heard_for(1.0)
            await call.hears(AGENT_HZ)
            await ringing.hears(CITIZEN_HZ)
            await ear.start()
            await ear.connected(theirs.tap_id, times=2)
            ear.heard.clear()
            await ear.hears(theirs.tap_id, CITIZEN_HZ)
