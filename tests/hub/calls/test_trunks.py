"""Trunks: what each carried, and when it was down."""

from datetime import timedelta

from core.events import TrunkChanged
from core.testing.clock import VirtualClock
from hub.demo import PASSWORD
from hub.store.models import CallLeg, TrunkChange
from tests.hub.calls.conftest import VOICE, Come
from tests.hub.calls.test_calls import eventually
from tests.hub.calls.test_dialling import called
from tests.hub.calls.test_reports import TODAY
from tests.hub.calls.test_sums import leave
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent


async def test_each_trunk_has_its_calls_in_and_out_and_its_times_down(
    engine: FakeEngine, come: Come, still_house: House, clock: VirtualClock
) -> None:
    call_id, citizen = await called(engine, await come("zhou"))
    await engine.change(call_id, citizen, "ringing", trunk="north")
    await engine.change(call_id, citizen, "ended", cause="busy", trunk="south")
    await eventually(CallLeg.filter(leg_id=citizen, trunk="south").exclude(ended_at=None))
    for _ in range(2):
        await leave(engine, await engine.arrive(trunk="north"))
    begin = clock.now()
    async with still_house.services.store.work():  # the engine's clock is the machine's
        await CallLeg.exclude(trunk="").update(started_at=begin, ended_at=begin + timedelta(seconds=60))
    for number, is_up in enumerate((True, False, False, True)):
        at = begin + timedelta(seconds=100 * number)
        await engine.emit(TrunkChanged(trunk="north", is_up=is_up, calls=12, max_calls=30, round_trip_ms=4.2, at=at))
    await eventually(TrunkChange.filter(at=at))
    assert await TrunkChange.all().count() == 3
    clock.advance(1_000)
    async with Agent(still_house.url, "chen", PASSWORD) as chen:
        found = await chen.call("GET", f"/reports/trunks?begin={TODAY}&end={TODAY}")
        north, south = found["trunks"]
        assert (north["instance"], north["trunk"], north["incoming"], north["max_calls"]) == (VOICE, "north", 2, 30)
        assert (north["most"], max(north["loads"]), len(north["loads"])) == (2, 2, len(found["steps"]))
        assert (north["downs"], north["down_s"], north["is_up"]) == (1, 200, True)
        assert (south["trunk"], south["outgoing"], south["unanswered"]) == ("south", 1, {"busy": 1})
        await still_house.services.wallboard.tick()
        [line] = [one for one in (await chen.call("GET", "/wallboard"))["lines"] if one.get("is_trunk")]
        assert (line["name"], line["is_up"], line["since"]) == (f"{VOICE}/north", True, north["since"])
        assert (line["calls"], line["max_calls"], line["round_trip_ms"]) == (12, 30, 4.2)
        for begin_day, end_day in (("2026-03-02", "2026-03-01"), ("2026-01-01", "2026-03-01"), ("x", "y")):
            assert (await chen.try_call("GET", f"/reports/trunks?begin={begin_day}&end={end_day}"))[0] == 422
        tomorrow = await chen.call("GET", "/reports/trunks?begin=2026-03-03&end=2026-03-03")
        assert tomorrow == {"steps": [], "trunks": []}
