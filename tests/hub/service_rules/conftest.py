"""The hub's own fixtures, and somebody of quality."""

from collections.abc import AsyncIterator

import pytest

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from tests.hub.conftest import _quick_hashes, data, demo_data, house, nats_server
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

__all__ = ["_quick_hashes", "data", "demo_data", "house", "nats_server"]


@pytest.fixture
async def quality(house: House) -> AsyncIterator[Agent]:
    new = NewUser(username="judge", display_name="质检", work_number="9001", role_ids=("quality",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with Agent(house.url, "judge", PASSWORD) as agent:
        yield agent
