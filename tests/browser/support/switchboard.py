"""A hub whose engine the test plays, in a loop of its own, and the far end of a browser's phone."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from playwright.sync_api import Page, WebSocketRoute

from core.bus import Bus, BusSettings
from core.testing.nats import NatsServer
from hub.store.models import PluginInstance
from tests.browser.support.loops import do, entered, running_loop
from tests.hub.calls.conftest import Parrot
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House

VOICE: Final = "voice-main"
T = TypeVar("T")

# The other end of the sound lives in the page as well: a tone goes in, what comes out is counted.
FAR_END: Final = """async () => {
  const peer = new RTCPeerConnection()
  const context = new AudioContext()
  const tone = new OscillatorNode(context, {frequency: 440})
  const sink = context.createMediaStreamDestination()
  tone.connect(sink)
  tone.start()
  sink.stream.getTracks().forEach((track) => peer.addTrack(track, sink.stream))
  await peer.setLocalDescription(await peer.createOffer())
  await new Promise((done) => {
    const look = () => peer.iceGatheringState === 'complete' && done()
    peer.onicegatheringstatechange = look
    look()
  })
  window.farEnd = peer
  return peer.localDescription.sdp
}"""
ANSWERED: Final = "sdp => window.farEnd.setRemoteDescription({type: 'answer', sdp})"
HEARD: Final = """async () => [...(await window.farEnd.getStats()).values()]
  .some((one) => one.type === 'inbound-rtp' && one.packetsReceived > 10)"""


class Switchboard:
    """The hub, and the engine as the voice plugin would report it; ``do`` runs what must run in its loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, house: House, engine: FakeEngine) -> None:
        self._loop = loop
        self.house = house
        self.engine = engine

    @property
    def url(self) -> str:
        """Return where browsers reach the hub."""
        return self.house.url

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what ``work`` returns."""
        return do(self._loop, work)

    def until(self, holds: Callable[[], bool]) -> None:
        """Return when ``holds`` of the newest plans."""
        self.do(self.engine.until(holds))

    def tell(self, work: Coroutine[Any, Any, Any]) -> None:
        """Begin ``work`` without waiting: for what is said from within a callback of the browser."""
        asyncio.run_coroutine_threadsafe(work, self._loop)


@contextmanager
def running_switchboard(folder: Path) -> Iterator[Switchboard]:
    """Run a demo hub with telephony."""
    nats = NatsServer(folder)
    nats.start()
    try:
        with running_loop("switchboard") as loop, entered(loop, lambda: _switchboard(nats, folder, loop)) as board:
            yield board
    finally:
        nats.stop()


@asynccontextmanager
async def _switchboard(nats: NatsServer, folder: Path, loop: asyncio.AbstractEventLoop) -> AsyncIterator[Switchboard]:
    house = House(nats, folder / "data")
    await house.start()
    house.hub.prompts.synthesizer = Parrot()
    async with house.services.store.work():
        await PluginInstance.create(instance=VOICE, plugin="voice", is_enabled=True, revision=1)
    async with await Bus.connect(BusSettings(url=nats.url), source=VOICE) as bus:
        engine = FakeEngine(bus, VOICE)
        await engine.open()
        yield Switchboard(loop, house, engine)
    await house.stop()


class SipFarEnd:
    """What the browser's phone finds behind the hub's WebSocket: takes its registration, calls it, hears it."""

    def __init__(self, page: Page, board: Switchboard) -> None:
        self._page = page
        self._board = board
        self._socket: WebSocketRoute | None = None
        self._tags: dict[str, str] = {}  # the phone's own, by leg
        self.phone_id = ""
        self.answers: dict[str, str] = {}  # SDP by leg
        self.ended: list[str] = []  # legs that the browser refused or hung up
        page.route_web_socket(re.compile(r"/channels/.*/sip$"), self._open)

    def call(self, call_id: str, leg_id: str, *, is_auto: bool = False, role: str = "agent", name: str = "") -> None:
        """Let the phone ring; ``name`` is who calls, when it is not a citizen."""
        offer = self._page.evaluate(FAR_END)
        extra = "Call-Info: <sip:lianxin>;answer-after=0\r\n" if is_auto else ""
        head = (
            f"INVITE sip:{self.phone_id}@far.invalid SIP/2.0\r\n"
            f"Via: SIP/2.0/WS far.invalid;branch=z9hG4bK-{leg_id}\r\nMax-Forwards: 70\r\n"
            f'From: "{name}" <sip:13900000001@far.invalid>;tag=far-{leg_id}\r\n'
            f"To: <sip:{self.phone_id}@far.invalid>\r\n"
            f"Call-ID: {leg_id}\r\nCSeq: 1 INVITE\r\nContact: <sip:far@far.invalid;transport=ws>\r\n"
            f"X-Lianxin-Call: {call_id}\r\nX-Lianxin-Leg: {leg_id}\r\nX-Lianxin-Role: {role}\r\n"
            f"{extra}Content-Type: application/sdp\r\n"
        )
        self._send(f"{head}Content-Length: {len(offer)}\r\n\r\n{offer}")

    def hang_up(self, leg_id: str) -> None:
        """End the call as the engine does when the leg has left the plan."""
        self._send(
            f"BYE sip:{self.phone_id}@far.invalid SIP/2.0\r\nVia: SIP/2.0/WS far.invalid;branch=z9hG4bK-b{leg_id}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:13900000001@far.invalid>;tag=far-{leg_id}\r\n"
            f"To: <sip:{self.phone_id}@far.invalid>;tag={self._tags[leg_id]}\r\nCall-ID: {leg_id}\r\n"
            "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n"
        )

    def connect(self, leg_id: str) -> None:
        """Return when the phone has answered and its microphone is heard."""
        while leg_id not in self.answers:
            self._page.wait_for_timeout(20)
        self._page.evaluate(ANSWERED, self.answers[leg_id])
        self._page.wait_for_function(f"async () => await ({HEARD})()")

    def _open(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.on_message(lambda message: self._hear(message if isinstance(message, str) else message.decode()))

    def _hear(self, message: str) -> None:
        head, _, body = message.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if first.startswith("REGISTER"):
            self._register(headers)
        elif first.startswith("BYE"):
            self.ended.append(headers["call-id"])
            self._reply(headers, "200 OK")
        elif re.match(r"SIP/2.0 200 .*", first) and headers["cseq"].endswith("INVITE"):
            self._accept(headers, body)
        elif re.match(r"SIP/2.0 [456]\d\d", first) and headers["cseq"].endswith("INVITE"):
            self.ended.append(headers["call-id"])

    def _register(self, headers: dict[str, str]) -> None:
        match = re.search(r"sip:([^@]+)@", headers["to"])
        assert match is not None
        self.phone_id = match[1]
        expires = headers.get("expires", "120")
        contact = f"Contact: {headers['contact'].partition(';expires')[0]};expires={expires}\r\n"
        self._reply(headers, "200 OK", contact)
        self._board.tell(self._board.engine.register(self.phone_id, is_reachable=expires != "0"))

    def _accept(self, headers: dict[str, str], body: str) -> None:
        leg_id = headers["call-id"]
        if leg_id in self.answers:
            return
        tag = re.search(r"tag=([^;]+)", headers["to"])
        self._tags[leg_id] = tag[1] if tag else ""
        self.answers[leg_id] = body
        self._send(
            f"ACK sip:{self.phone_id}@far.invalid SIP/2.0\r\nVia: SIP/2.0/WS far.invalid;branch=z9hG4bK-a{leg_id}\r\n"
            f"Max-Forwards: 70\r\nFrom: {headers['from']}\r\nTo: {headers['to']}\r\nCall-ID: {leg_id}\r\n"
            "CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
        )

    def _reply(self, headers: dict[str, str], status: str, extra: str = "") -> None:
        to = headers["to"] if "tag=" in headers["to"] else f"{headers['to']};tag=far"
        self._send(
            f"SIP/2.0 {status}\r\nVia: {headers['via']}\r\nFrom: {headers['from']}\r\nTo: {to}\r\n"
            f"Call-ID: {headers['call-id']}\r\nCSeq: {headers['cseq']}\r\n{extra}Content-Length: 0\r\n\r\n"
        )

    def _send(self, message: str) -> None:
        assert self._socket is not None
        self._socket.send(message)
