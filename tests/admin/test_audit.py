"""The audit log is searched by who, what, about what and when."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo import PASSWORD
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent


@pytest.fixture
async def admin(house: House) -> AsyncIterator[Agent]:
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with Agent(house.url, "root", PASSWORD) as agent:
        yield agent


async def test_records_are_found_by_who_what_and_when(house: House, admin: Agent) -> None:
    audit = house.services.audit
    for actor, action, about in (
        ("wang", "queue.save", "water"),
        ("wang", "role.save", "r"),
        ("zhao", "queue.save", "gas"),
    ):
        await audit.note(Identity(username=actor), action, "thing", about, remote="")

    async def found(**wanted: str) -> list[tuple[str, str]]:
        page = await admin.call("GET", f"/audit?{urlencode(wanted)}")
        return [(one["actor"], one["object_id"]) for one in page["items"]]

    assert await found(actor="wang") == [("wang", "r"), ("wang", "water")]
    assert await found(actor="wang", action="queue.") == [("wang", "water")]
    assert await found(object_id="gas") == [("zhao", "gas")]
    assert await found(actor="wang", since="2100-01-01T00:00:00Z") == []
    assert await found(actor="wang", until="2000-01-01T00:00:00Z") == []
    assert (await admin.try_call("GET", "/audit?since=yesterday"))[0] == 422
