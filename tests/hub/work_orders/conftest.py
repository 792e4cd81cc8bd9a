"""A hub on a still clock with two departments, and whom orders concern."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from hub.setup.organization import Department
from tests.hub.conversing.conftest import Come, channel, come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

__all__ = ["channel", "come"]

CITIZEN = "tel:+8613800138000"
OPERATOR = Identity(username="operator")
ORDER = {
    "kind": "help",
    "name": "张大爷",
    "address": "城东路 12 号",
    "content": "三楼水管漏水，请尽快派人",
    "department_id": "repairs",
}


@dataclass
class Scene:
    """An agent who serves a citizen, the department's man, another department's, and the leader."""

    agent: Agent
    plumber: Agent
    gardener: Agent
    leader: Agent
    conversation_id: str
    orders: int = 0

    async def make(self, **more: Any) -> dict[str, Any]:
        """Let the agent make an order from the conversation."""
        self.orders += 1
        body = {**ORDER, "client_id": f"order-{self.orders}", "conversation_id": self.conversation_id, **more}
        made: dict[str, Any] = await self.agent.call("POST", "/work-orders", **body)
        return made


Setting = Callable[[], Awaitable[Scene]]


async def make_departments(house: House) -> None:
    """Add repairs and, below the public works, gardens; each with one person who answers."""
    services = house.services
    for department_id, parent in (("works", ""), ("repairs", "works"), ("gardens", "works")):
        title = {"zh": department_id, "en": department_id}
        await services.organization_editor.save_department(
            OPERATOR, department_id, Department(title=title, parent=parent), remote=""
        )
    for number, (username, department_id) in enumerate((("plumber", "repairs"), ("gardener", "gardens")), 7001):
        new = NewUser(
            username=username,
            display_name=username,
            work_number=str(number),
            role_ids=("department",),
            department_id=department_id,
        )
        await services.users.make(OPERATOR, new, password=PASSWORD)


@pytest.fixture
async def scene(still_house: House, channel: FakeChannel, come: Come) -> Scene:
    """Return the scene once the agent serves the citizen."""
    await make_departments(still_house)
    leader = await come("chen")
    await leader.call("PUT", "/me/state", state="away", reason="meal")
    agent, plumber, gardener = await come("zhou"), await come("plumber"), await come("gardener")
    await channel.write(CITIZEN, "人工")
    return Scene(agent, plumber, gardener, leader, await agent.take_offer())
