"""A hub, an engine played by the test, and agents whose phones are registered."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from core.bus import Bus, BusSettings
from core.events import Attachment
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from hub.store.models import Phone, PluginInstance
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

VOICE = "voice-main"
Come = Callable[[str], Awaitable[Agent]]
Advance = Callable[[float], Awaitable[None]]


class Parrot:
    """A synthesizer whose sounds are named by their words."""

    def voice(self, language: str) -> str:
        return "parrot"

    async def synthesize(self, text: str, language: str) -> tuple[Attachment, float]:
        return Attachment(media_id=text[:36], mime="audio/wav"), 1.0


@pytest.fixture
async def engine(still_house: House) -> AsyncIterator[FakeEngine]:
    still_house.hub.prompts.synthesizer = Parrot()
    async with still_house.services.store.work():
        await PluginInstance.create(instance=VOICE, plugin="voice", is_enabled=True, revision=1)
    async with await Bus.connect(BusSettings(url=still_house.nats.url), source=VOICE) as bus:
        engine = FakeEngine(bus, VOICE)
        await engine.open()
        yield engine


@pytest.fixture
async def come(still_house: House, engine: FakeEngine) -> AsyncIterator[Come]:
    """Return what brings an agent to their desk with a phone, ready for work."""
    async with AsyncExitStack() as stack:

        async def come(username: str) -> Agent:
            agent = await stack.enter_async_context(Agent(still_house.url, username, PASSWORD))
            phone = await agent.call("POST", "/phone")
            await engine.register(phone["phone_id"])
            await agent.sit_down()
            if (await Phone.get(phone_id=phone["phone_id"])).instance == engine.instance:
                await agent.until(lambda: bool(agent.tables["agents"][agent.me["user_id"]].get("phone")))
            return agent

        yield come


@pytest.fixture
async def admin(still_house: House) -> AsyncIterator[Agent]:
    """An administrator, logged in."""
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await still_house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with Agent(still_house.url, "root", PASSWORD) as agent:
        yield agent


@pytest.fixture
def advance(still_house: House, clock: VirtualClock) -> Advance:
    """Return what lets time pass and do its work."""

    async def advance(seconds: float) -> None:
        clock.advance(seconds)
        await still_house.services.dispatcher.tick()
        await still_house.services.flows.tick()

    return advance
