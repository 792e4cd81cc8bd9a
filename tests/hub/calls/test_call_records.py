"""Calls are found by what is known of them, and taken away as tables."""

import csv
import io
from datetime import timedelta

import pytest

from hub.accounts.identity import Identity
from hub.calls.call_records import CallQuery, CallRecord
from hub.demo import PASSWORD
from hub.store.models import Call, CallLeg, Recording
from tests.hub.support.engine import FakeEngine
from tests.hub.support.files import get
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

SEES_ALL = Identity(username="chen", permissions=frozenset({"queue.all", "address.reveal", "recording.find"}))
SEES_OWN = Identity(username="zhou", queue_ids=frozenset({"elder"}), permissions=frozenset({"recording.find"}))
OFTEN, ONCE = "tel:+8613900000001", "tel:+8613900000002"


@pytest.fixture
async def calls(engine: FakeEngine, still_house: House) -> dict[str, Call]:
    """Three calls: one answered in queue ``elder``, one lost, and one out an hour before."""
    now = still_house.services.clock.now()
    made = {
        "served": await Call.get(call_id=await engine.arrive(OFTEN)),
        "lost": await Call.get(call_id=await engine.arrive(OFTEN, dialled="12333")),
        "out": await Call.get(call_id=await engine.arrive(ONCE, dialled="")),
    }
    async with still_house.services.store.work():
        for name, ago_s in (("served", 300), ("lost", 200), ("out", 3_600)):
            row = made[name]
            row.arrived_at = now - timedelta(seconds=ago_s)
            row.talked_at = None if name == "lost" else row.arrived_at + timedelta(seconds=12)
            row.ended_at = row.arrived_at + timedelta(seconds=40)
            row.direction = "out" if name == "out" else "in"
            row.cause, row.hung_up_by = "normal", "citizen"
            await row.save()
            (conversation := await row.conversation).queue_id = "elder" if name == "served" else "general"
            await conversation.save()
        leg = {"call_id": made["served"].call_id, "role": "agent", "started_at": made["served"].arrived_at}
        rung = await CallLeg.create(leg_id="rung", user_id="agent-1", **leg)
        await CallLeg.create(
            leg_id="own",
            user_id="agent-3",
            call_id=made["lost"].call_id,
            role="agent",
            started_at=now,
            answered_at=now,
        )
        await CallLeg.create(leg_id="took", user_id="agent-2", answered_at=rung.started_at, **leg)
        await Recording.create(
            recording_id="r-1",
            call_id=made["served"].call_id,
            conversation_id=made["served"].conversation_id,
            number=OFTEN,
            started_at=now,
        )
    return made


async def find(house: House, identity: Identity = SEES_ALL, **query: object) -> list[CallRecord]:
    return await house.services.call_records.find(identity, CallQuery(**query))  # type: ignore[arg-type]


async def test_calls_are_found_by_what_is_known_of_them(calls: dict[str, Call], still_house: House) -> None:
    async def found(**query: object) -> list[str]:
        names = {row.call_id: name for name, row in calls.items()}
        return [names[one.call_id] for one in await find(still_house, **query)]

    now = still_house.services.clock.now()
    assert await found() == ["lost", "served", "out"]
    assert await found(limit=1, offset=1) == ["served"]
    assert await found(begin=now - timedelta(minutes=30)) == ["lost", "served"]
    assert await found(end=now - timedelta(minutes=30)) == ["out"]
    assert await found(direction="out") == ["out"]
    assert await found(number="0002") == ["out"]
    assert await found(dialled="12333") == ["lost"]
    assert await found(least_calls=2) == ["lost", "served"]
    assert await found(least_calls=2, end=now - timedelta(seconds=250)) == []
    assert await found(user_id="agent-1") == ["served"]
    assert await found(queue_id="general") == ["lost", "out"]
    assert await found(is_answered=False) == ["lost"]
    assert await found(is_answered=True) == ["served", "out"]


async def test_a_record_says_who_talked_when_and_how_long(calls: dict[str, Call], still_house: House) -> None:
    _, served, _ = await find(still_house)
    assert (served.number, served.dialled, served.queue_id, served.user_ids) == (OFTEN, "12345", "elder", ("agent-2",))
    assert (served.waited_s, served.talked_s, served.is_answered, served.is_recorded) == (12.0, 28.0, True, True)
    lost, *_ = await find(still_house)
    assert (lost.waited_s, lost.talked_s, lost.user_ids, lost.is_recorded) == (40.0, None, (), False)


async def test_one_sees_the_calls_of_one_s_queues_and_finds_out_no_numbers(
    calls: dict[str, Call], still_house: House
) -> None:
    (own,) = await find(still_house, SEES_OWN)
    assert own.call_id == calls["served"].call_id
    assert "****" in own.number
    assert await find(still_house, SEES_OWN, number="39000") == []
    assert len(await find(still_house, SEES_OWN, number="13900000001")) == 1
    assert await find(still_house, SEES_OWN, least_calls=2) == [], "the other call is in a queue of others"
    assert len(await find(still_house, SEES_OWN, least_calls=1)) == 1


async def test_what_is_found_is_taken_away_as_a_table(calls: dict[str, Call], still_house: House) -> None:
    async with Agent(still_house.url, "chen", PASSWORD) as chen, Agent(still_house.url, "zhou", PASSWORD) as zhou:
        _, file = await get(chen, "/call-files?format=csv&language=zh&is_answered=false")
        assert (await get(zhou, "/call-files"))[0] == 403
    heading, row = csv.reader(io.StringIO(file.decode("utf-8-sig")))
    record = dict(zip(heading, row, strict=True))
    assert record["方向"] == "呼入"
    assert (record["被叫号码"], record["已接听"], record["等待（秒）"], record["结果"]) == (
        "12333",
        "否",
        "40",
        "已挂断",
    )
