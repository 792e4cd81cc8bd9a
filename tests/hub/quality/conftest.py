"""The hub's own fixtures, and people of quality."""

from collections.abc import AsyncIterator

import pytest

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from tests.hub.conftest import _quick_hashes, data, demo_data, house, nats_server, still_house
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

__all__ = ["_quick_hashes", "data", "demo_data", "house", "nats_server", "still_house"]


@pytest.fixture
async def staff(house: House) -> AsyncIterator[list[Agent]]:
    """Three people of quality, logged in."""
    agents = []
    for number in range(3):
        new = NewUser(
            username=f"judge{number}", display_name=f"质检{number}", work_number=f"900{number}", role_ids=("quality",)
        )
        await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
        agents.append(await Agent(house.url, new.username, PASSWORD).__aenter__())
    yield agents
    for agent in agents:
        await agent.__aexit__()
