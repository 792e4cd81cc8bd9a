"""A hub with contacts that have telephone numbers, and an operator who sends to them."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from core.ids import new_id
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.bulk.audience import Audience
from hub.bulk.views import CampaignView, NewCampaign
from hub.outreach.settings import OutreachSettings
from hub.store.models import Address, Contact
from tests.hub.conversing.test_other_channels import SMS, reaches_anyone
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House

OPERATOR = Identity(username="operator", permissions=frozenset({"outreach.send", "address.reveal"}))
People = Callable[..., Awaitable[list[str]]]
Rounds = Callable[[int], Awaitable[None]]


@pytest.fixture
async def sms(still_house: House) -> AsyncIterator[FakeChannel]:
    """A channel of telephone numbers, played; nights are not quiet."""
    await reaches_anyone(still_house, SMS, "tel")
    awake = OutreachSettings(per_minute=6_000, quiet_from="00:00", quiet_to="00:00")
    await still_house.services.outreach_setup.save(OPERATOR, awake, remote="")
    async with still_house.channel(SMS) as sms:
        yield sms


@pytest.fixture
def people(still_house: House, clock: VirtualClock) -> People:
    """Return what makes contacts with a mobile number each; it returns their addresses."""

    async def people(count: int, first: int = 0, *, tags: tuple[str, ...] = (), level: int = 0) -> list[str]:
        uris = [f"tel:+86138{first + number:08}" for number in range(count)]
        async with still_house.services.store.work() as work:
            ids = [new_id() for _ in uris]
            rows = [
                {
                    "contact_id": key,
                    "name": f"王{first + number}",
                    "tags": tags,
                    "level": level,
                    "created_at": clock.now(),
                }
                for number, key in enumerate(ids)
            ]
            await work.insert(Contact, rows)
            await work.insert(
                Address,
                [
                    {"address_id": new_id(), "uri": uri, "contact_id": key, "created_at": clock.now()}
                    for uri, key in zip(uris, ids, strict=True)
                ],
            )
        return uris

    return people


@pytest.fixture
def rounds(still_house: House, clock: VirtualClock) -> Rounds:
    """Return what lets seconds pass for the sender."""

    async def rounds(count: int) -> None:
        for _ in range(count):
            clock.advance(1)
            await still_house.services.bulk_runner.tick()

    return rounds


def plan(text: str = "{contact_name}您好，明日停水", **audience: object) -> NewCampaign:
    """Return a plan for all contacts that ``audience`` names."""
    return NewCampaign(title="停水通知", instance=SMS, text=text, audience=Audience(**audience))  # type: ignore[arg-type]


async def planned(house: House, new: NewCampaign) -> str:
    """Return the id of a plan that was started."""
    view: CampaignView = await house.services.campaigns.save(OPERATOR, new, remote="")
    await house.services.campaigns.start(OPERATOR, view.campaign_id, remote="")
    return view.campaign_id
