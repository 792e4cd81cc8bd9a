"""A whole hub on PostgreSQL: a conversation from its first word to the wrap-up, and all that can be asked for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from admin import register_routes
from core.testing.nats import NatsServer
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from hub.desktop.calls import ENDPOINTS
from tests.hub.store.conftest import Cluster, cluster
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

__all__ = ["cluster"]

pytestmark = [pytest.mark.postgresql, pytest.mark.may_block("migrations are planned in Python", limit_s=5)]

WANG = "webchat:wang"


@pytest.fixture
async def house(nats_server: NatsServer, tmp_path: Path, cluster: Cluster) -> AsyncIterator[House]:
    house = House(nats_server, tmp_path / "data", database_url=cluster.new_database())
    await house.start()
    yield house
    await house.stop()


async def test_a_citizen_is_served_and_every_list_is_answered(house: House) -> None:
    root = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin", "supervisor"))
    await house.services.users.make(Identity(username="operator"), root, password=PASSWORD)
    async with house.channel() as channel, Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.sit_down()
        await channel.write(WANG, "人工")
        conversation_id = await zhou.take_offer()
        at = f"/conversations/{conversation_id}"
        await zhou.call("POST", f"{at}/messages", client_id="m-1", text="您好")
        await channel.hears(WANG, "您好")
        await zhou.call("POST", f"{at}/notes", client_id="n-1", text="老人独居")
        await zhou.call("POST", f"{at}/end")
        await channel.hears(WANG, "评价")
        await channel.write(WANG, "满意")
        await channel.hears(WANG, "感谢您的评价")
        await zhou.call("POST", f"{at}/wrap-up", code="answered", summary="已答复", tags=["供热"])
    await house.restart()
    async with Agent(house.url, "root", PASSWORD) as admin:
        steps = (await admin.call("GET", f"{at}/routing"))["items"]
        assert [step["step"] for step in steps] == ["enqueued", "offered", "accepted", "done"]
        failed = {}
        for endpoint in (*ENDPOINTS, *register_routes()):  # type: ignore[misc]
            if endpoint.method == "GET" and "{" not in endpoint.path:
                status, answer = await admin.try_call("GET", endpoint.path.removeprefix("/api/v1"))
                if status >= 500:
                    failed[endpoint.path] = answer["error"]["code"]
    assert failed == {"/api/v1/plugins": "bus_unavailable"}, "no supervisor is here that could be asked"
