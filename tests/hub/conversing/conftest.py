"""A hub on a still clock, its channel, and agents at their desks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from core.testing.clock import VirtualClock
from hub.demo import PASSWORD
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

Come = Callable[[str], Awaitable[Agent]]
Advance = Callable[[float], Awaitable[None]]


@pytest.fixture
async def channel(still_house: House) -> AsyncIterator[FakeChannel]:
    async with still_house.channel() as channel:
        yield channel


@pytest.fixture
async def come(still_house: House) -> AsyncIterator[Come]:
    """Return what brings an agent to their desk, ready for work."""
    async with AsyncExitStack() as stack:

        async def come(username: str) -> Agent:
            agent = await stack.enter_async_context(Agent(still_house.url, username, PASSWORD))
            await agent.sit_down()
            return agent

        yield come


@pytest.fixture
def advance(still_house: House, clock: VirtualClock) -> Advance:
    """Return what lets time pass and do its work."""

    async def advance(seconds: float) -> None:
        services = still_house.services
        clock.advance(seconds)
        await still_house.services.dispatcher.tick()
        await still_house.services.flows.tick()
        for timed in (services.held_steps, services.snoozes, services.todos):
            await timed.tick()

    return advance
