"""A house with a real engine for browsers, and a carrier's line that citizens call over."""

import asyncio
import math
import wave
from array import array
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from playwright.sync_api import Page

from tests.browser.support.loops import do, entered, running_loop
from tests.journeys.support.house import House
from tests.journeys.support.phones import CALLER, enable_voice, running_phone_house, sip_server
from tests.plugins.voice.support.call import Call
from tests.plugins.voice.support.phone import Phone, free_port

START_S: Final = 120.0
RATE_HZ: Final = 48_000
BURST_S, PAUSE_S = 0.5, 0.1  # what sounds without end is noise to a browser, and suppressed
T = TypeVar("T")

# what the page plays of the far end is in no document: remember it where it is set
REMEMBER: Final = """(() => {
  const sound = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject')
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...sound,
    set(stream) { window.farSound = stream; window.ear = undefined; sound.set.call(this, stream) },
  })
})()"""
# to the echo canceller a tone that goes on while another comes in is an echo
AS_IT_IS: Final = """(() => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  const audio = {echoCancellation: false, noiseSuppression: false, autoGainControl: false}
  navigator.mediaDevices.getUserMedia = () => ask({audio})
})()"""
# a microphone of one page's own: the browser's is everybody's
SPEAK: Final = """(hz => {
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext()
    const tone = new OscillatorNode(context, {frequency: hz})
    const said = context.createMediaStreamDestination()
    tone.connect(new GainNode(context, {gain: 0.27})).connect(said) // as loud as the others
    tone.start()
    return said.stream
  }
})(%f)"""
HEARS: Final = """([hz, isAmongOthers]) => {
  if (!window.farSound) return false
  if (!window.ear) {
    const context = new AudioContext()
    window.ear = new AnalyserNode(context, {fftSize: 8192, smoothingTimeConstant: 0})
    context.createMediaStreamSource(window.farSound).connect(window.ear)
  }
  const levels = new Float32Array(window.ear.frequencyBinCount)
  window.ear.getFloatFrequencyData(levels)
  const loudest = levels.indexOf(Math.max(...levels))
  const step = window.ear.context.sampleRate / window.ear.fftSize
  const near = levels.slice(Math.round(hz / step) - 1, Math.round(hz / step) + 2)
  if (isAmongOthers) return levels[loudest] > -60 && Math.max(...near) > levels[loudest] - 20
  return levels[loudest] > -60 && Math.abs(loudest * step - hz) < 2 * step
}"""


class Line:
    """The carrier's line; ``do`` runs what must run in its loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, house: House, trunk: Phone) -> None:
        self._loop = loop
        self._trunk = trunk
        self.house = house

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what ``work`` returns."""
        return do(self._loop, work)

    @contextmanager
    def call(self) -> Iterator[Call]:
        """Yield a citizen's call."""
        with entered(self._loop, lambda: self._trunk.call("12345", caller=CALLER)) as call:
            yield call


@contextmanager
def running_line(data: Path) -> Iterator[Line]:
    """Run a demo house with telephony."""
    with running_loop("line") as loop, entered(loop, lambda: _line(data, loop), within_s=START_S) as line:
        yield line


@asynccontextmanager
async def _line(data: Path, loop: asyncio.AbstractEventLoop) -> AsyncIterator[Line]:
    port = free_port()
    async with running_phone_house(data) as house:
        await enable_voice(house, port)
        trunk = Phone(await sip_server(house), "trunk")
        trunk.port = port
        async with trunk:
            yield Line(loop, house, trunk)


def remember_sound(page: Page) -> None:
    """Have ``page`` remember what it plays, from its next load on."""
    page.add_init_script(REMEMBER)


def say_as_it_is(page: Page) -> None:
    """Let the microphone of ``page`` bring what the fake device plays, unprocessed, from its next load on."""
    page.add_init_script(AS_IT_IS)


def speak(page: Page, frequency_hz: float) -> None:
    """Let the microphone of ``page`` bring a tone, from its next load on."""
    page.add_init_script(SPEAK % frequency_hz)


def hears(page: Page, frequency_hz: float, *, among_others: bool = False) -> None:
    """Return when what the page plays of the far end is this tone, or holds it about as loud as what is loudest."""
    page.wait_for_function(HEARS, arg=[frequency_hz, among_others])


def write_bursts(path: Path, frequency_hz: float) -> None:
    """Write what a browser takes for its microphone: bursts of a tone, over and over."""
    step = 2 * math.pi * frequency_hz / RATE_HZ
    burst = array("h", (round(9_000 * math.sin(step * at)) for at in range(round(BURST_S * RATE_HZ))))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(burst.tobytes() + bytes(2 * round(PAUSE_S * RATE_HZ)))
