"""A channel that carries calls gets the newest plans, whatever was missed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from core.channel import CarriesCalls
from core.events import (
    CallArrived,
    CallPlan,
    CallsAnswer,
    CallsRequest,
    LegPlan,
    PhoneAccount,
    PhonesPlan,
    Ring,
)
from core.host import calls as host_calls
from core.subjects import ASK_CALLS

from .conftest import INSTANCE, READY, Box, Hub

pytestmark = pytest.mark.usefixtures("_quick_comparison")


class Switchboard(Box, CarriesCalls):
    """Carries whatever it is told to."""

    def __init__(self, config, link) -> None:
        super().__init__(config, link)
        self.plans: dict[str, CallPlan] = {}
        self.taken: list[tuple[str, int]] = []
        self.phones: list[PhonesPlan] = []
        self.refusals = 0
        self.news = asyncio.Condition()

    async def arrange(self, plan: CallPlan) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("the engine is away")
        async with self.news:
            self.plans[plan.call_id] = plan
            self.taken.append((plan.call_id, plan.revision))
            self.news.notify_all()

    async def provision(self, phones: PhonesPlan) -> None:
        async with self.news:
            self.phones.append(phones)
            self.news.notify_all()

    def carried(self) -> dict[str, int]:
        return {call_id: plan.revision for call_id, plan in self.plans.items()}

    async def has_taken(self, *wanted: tuple[str, int]) -> None:
        async with asyncio.timeout(30), self.news:
            await self.news.wait_for(lambda: set(wanted) <= set(self.taken))


class Registry:
    """The hub's answers: plans newer than asked for."""

    def __init__(self) -> None:
        self.plans: dict[str, CallPlan] = {}
        self.phones: PhonesPlan | None = None
        self.asked = asyncio.Event()

    async def answer(self, instance: str, question: CallsRequest) -> CallsAnswer:
        self.asked.set()
        newer = [plan for plan in self.plans.values() if plan.revision > question.calls.get(plan.call_id, 0)]
        phones = self.phones if self.phones and self.phones.revision > question.phones else None
        return CallsAnswer(plans=tuple(newer), phones=phones)


def plan(call_id: str, revision: int) -> CallPlan:
    return CallPlan(
        call_id=call_id,
        revision=revision,
        legs=(LegPlan(leg_id=f"{call_id}-1", role="caller", activity=Ring(activity_id="a")),),
    )


@pytest.fixture
def _quick_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_calls, "COMPARE_S", 0.05)


@pytest.fixture
async def registry(hub: Hub) -> Registry:
    registry = Registry()
    await hub.bus.respond(ASK_CALLS, registry.answer, request=CallsRequest)
    return registry


@pytest.fixture
async def channel(hub: Hub, start) -> AsyncIterator[Switchboard]:
    async with start(Switchboard) as started:
        await hub.wait_for(READY)
        yield started.channel


async def test_a_plan_is_taken_up_at_once(hub: Hub, channel: Switchboard) -> None:
    await hub.bus.signal(plan("c1", 1), INSTANCE)
    await channel.has_taken(("c1", 1))


async def test_plans_that_were_missed_are_found_by_comparing(registry: Registry, channel: Switchboard) -> None:
    registry.plans = {"c1": plan("c1", 3)}
    registry.phones = PhonesPlan(revision=2, phones=(PhoneAccount(phone_id="p1", secret="s"),))
    await channel.has_taken(("c1", 3))
    assert channel.phones == [registry.phones]


async def test_an_older_plan_never_undoes_a_newer_one(hub: Hub, channel: Switchboard) -> None:
    await hub.bus.signal(plan("c1", 5), INSTANCE)
    await hub.bus.signal(plan("c1", 4), INSTANCE)
    await hub.bus.signal(plan("c1", 5), INSTANCE)
    await hub.bus.signal(plan("c1", 6), INSTANCE)
    await channel.has_taken(("c1", 6))
    assert channel.taken == [("c1", 5), ("c1", 6)]


async def test_a_plan_that_could_not_be_carried_out_comes_again(
    registry: Registry, channel: Switchboard, caplog
) -> None:
    channel.refusals = 2
    registry.plans = {"c1": plan("c1", 1)}
    await channel.has_taken(("c1", 1))
    assert "call c1 could not be arranged" in caplog.text


async def test_what_a_call_does_reaches_the_hub_once(hub: Hub, channel: Switchboard) -> None:
    event = CallArrived(
        call_id="c1", leg_id="l1", caller="tel:+861", dialled="12345", arrived_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    await channel.emit(event)
    await channel.emit(event)
    await hub.wait_for(event)
    assert hub.seen.count(event) == 1
