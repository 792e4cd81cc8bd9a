"""The hub's own fixtures serve here too."""

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
async def admin(house: House) -> AsyncIterator[Agent]:
    """Return an administrator, logged in."""
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with Agent(house.url, "root", PASSWORD) as agent:
        yield agent
