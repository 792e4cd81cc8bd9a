"""The voice plugin on a real engine, with the test as its hub: it hears every report and makes the plans."""

import asyncio
import math
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, TypeVar

from core.config import decode_settings
from core.events import CallArrived, CallPlan, Event, LegChanged, PhoneAccount, PhoneChanged, PhonesPlan, TrunkChanged
from core.events.calls import Dial, EnginePeer, LegPlan, RecordingPlan, Talk
from plugins.voice.accounts import QUALIFY_S
from plugins.voice.adapter import Voice
from plugins.voice.config import VoiceConfig
from tests.plugins.memory_link import MemoryLink, running
from tests.plugins.voice.support.call import Call
from tests.plugins.voice.support.engine import Board
from tests.plugins.voice.support.phone import Phone


class Side(Protocol):
    """A call as the telephone has it that is rung."""

    async def answer(self) -> None: ...


EventT = TypeVar("EventT", bound=Event)
SideT = TypeVar("SideT", bound=Side)
SideT_co = TypeVar("SideT_co", bound=Side, covariant=True)
MAIN = Talk(activity_id="main")
SECRET = "a-phone-s-secret"


class Telephone(Protocol[SideT_co]):
    """A telephone that can be rung, whoever made it."""

    user: str

    async def rings(self) -> SideT_co: ...


class Stage:
    """The plugin at work; ``plan`` says how the call should be, ``told`` waits for reports."""

    def __init__(self, board: Board, link: MemoryLink, config: VoiceConfig) -> None:
        self.board = board
        self.link = link
        self.config = config
        self.voice: Voice | None = None
        self.revisions: dict[str, int] = {}
        self.accounts: list[PhoneAccount] = []
        self.engines: tuple[EnginePeer, ...] = ()
        self.phone_revision = 0
        self.http = ""

    async def told(self, kind: type[EventT], *, within_s: float = 30.0, **wanted: object) -> EventT:
        """Return the first report of a kind with these fields."""

        def find() -> EventT | None:
            return next(
                (
                    event
                    for event in self.link.events
                    if isinstance(event, kind) and all(getattr(event, name) == value for name, value in wanted.items())
                ),
                None,
            )

        try:
            await self.link.until(find, within_s=within_s)
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} {wanted}, but {self.link.events}") from None
        found = find()
        assert found is not None
        return found

    async def line_is_up(self, trunk: str) -> None:
        """Wait until the engine has reached a trunk; rarely it first asks after a whole interval."""
        await self.told(TrunkChanged, trunk=trunk, is_up=True, within_s=QUALIFY_S + 10.0)

    async def arrival(self, *, nth: int = 0) -> CallArrived:
        """Return the report of the ``nth`` call that came."""
        calls: dict[str, CallArrived] = {}

        def has_come() -> bool:
            calls.update({event.call_id: event for event in self.link.events if isinstance(event, CallArrived)})
            return len(calls) > nth

        await self.link.until(has_come)
        return list(calls.values())[nth]

    async def plan(self, call_id: str, *legs: LegPlan, recordings: tuple[RecordingPlan, ...] = ()) -> None:
        """Plan a call anew."""
        revision = self.revisions[call_id] = self.revisions.get(call_id, 0) + 1
        assert self.voice is not None
        await self.voice.arrange(CallPlan(call_id=call_id, revision=revision, legs=legs, recordings=recordings))

    async def ended(self, leg_id: str) -> LegChanged:
        return await self.told(LegChanged, leg_id=leg_id, state="ended")

    async def phone(self, phone_id: str) -> Phone:
        """Return the registered telephone of a new account."""
        await self.account(phone_id)
        phone = await Phone(self.board.sip, phone_id, password=SECRET).__aenter__()
        self.board.phones.append(phone)
        async with asyncio.timeout(30):
            while await phone.register() != 200:  # the account is on its way
                await asyncio.sleep(0.02)
        await self.told(PhoneChanged, phone_id=phone_id, is_reachable=True)
        return phone

    async def account(self, phone_id: str) -> None:
        """Provision one telephone more."""
        self.accounts.append(PhoneAccount(phone_id=phone_id, secret=SECRET, display_name="3021"))
        await self.provision()

    async def provision(self) -> None:
        assert self.voice is not None
        self.phone_revision += 1
        plan = PhonesPlan(revision=self.phone_revision, phones=tuple(self.accounts), engines=self.engines)
        await self.voice.provision(plan)

    def sound(self, media_id: str, frequency_hz: float, seconds: float = 10.0) -> None:
        """Put a prompt that is a tone into the media store."""
        self.link.files[media_id] = (tone(frequency_hz, seconds), "audio/wav")

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["Stage"]:
        """Run the plugin, as after a start or a crash."""
        self.link.events = [event for event in self.link.events if type(event).__name__ != "ChannelState"]
        self.voice = Voice(self.config, self.link)
        async with running(self.voice, self.link) as self.http:
            yield self


def new_stage(board: Board, folder: Path, trunk: Phone, *, instance: str = "the-instance", **settings: Any) -> Stage:
    """Return a plugin for ``board`` with ``trunk`` as its only line; ``at_work`` runs it."""
    access = board.engine.access
    plain = {
        "ari_url": access.url,
        "ari_username": access.username,
        "ari_password": access.password.reveal(),
        "trunks": [{"name": "trunk", "host": "127.0.0.1", "port": trunk.port, "codecs": ["ulaw"]}],
        **settings,
    }
    return Stage(board, MemoryLink(folder, instance), decode_settings(VoiceConfig, plain))


@asynccontextmanager
async def stage(board: Board, folder: Path, trunk: Phone, **settings: Any) -> AsyncIterator[Stage]:
    """Yield the plugin at work."""
    async with new_stage(board, folder, trunk, **settings).at_work() as made:
        yield made


def agent(leg_id: str, phone_id: str, activity: Any = MAIN, **dial: Any) -> LegPlan:
    """Return the plan of an agent's leg."""
    return LegPlan(leg_id=leg_id, role="agent", activity=activity, dial=Dial(target=f"phone:{phone_id}", **dial))


def citizen(leg_id: str, activity: Any = MAIN) -> LegPlan:
    """Return the plan of a caller's leg."""
    return LegPlan(leg_id=leg_id, role="caller", activity=activity)


def tone(frequency_hz: float, seconds: float, rate_hz: int = 8_000) -> bytes:
    """Return a WAV file of a tone."""
    step = 2 * math.pi * frequency_hz / rate_hz
    samples = array("h", (round(8_000 * math.sin(step * n)) for n in range(round(seconds * rate_hz))))
    made = BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return made.getvalue()


def sides(data: bytes) -> "tuple[array[int], array[int]]":
    """Return left and right of a recording at 8 kHz."""
    with wave.open(BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8_000)
        both = array("h", file.readframes(file.getnframes()))
    return both[::2], both[1::2]


async def talking(stage: Stage, trunk_call: Call, phone: Telephone[SideT]) -> tuple[str, LegPlan, LegPlan, SideT]:
    """Bring a caller and an agent together; return call id, both legs, and the agent's side."""
    arrived = await stage.arrival()
    caller, served = citizen(arrived.leg_id), agent("leg-agent", phone.user)
    await stage.plan(arrived.call_id, caller, served)
    ringing = await phone.rings()
    await ringing.answer()
    await trunk_call.answered()
    await stage.told(LegChanged, leg_id="leg-agent", state="answered")
    return arrived.call_id, caller, served, ringing
