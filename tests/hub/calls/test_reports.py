"""Reports of a time: their sums are the sums of the calls, however they are cut."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.demo import PASSWORD
from hub.figures import reports
from hub.setup.away_reasons import ReasonEdit
from hub.store.models import AuditRecord, Call, WorkItem
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_sums import arrive, leave, serve, sums, wait
from tests.hub.support.engine import FakeEngine
from tests.hub.support.files import get
from tests.hub.support.house import House
from tests.hub.test_tables import read
from tests.journeys.support.clients import Agent

TODAY, WEEK_BEFORE = "2026-03-02", "2026-02-23"  # as the test's clock stands
CASES = ("offered", "answered", "abandoned", "handled")
CALLS = ("incoming", "answered", "lost", "outgoing", "talked")
GROUPS = ("queue", "agent", "agent_group", "department", "channel", "hour")


@pytest.fixture
async def calls(engine: FakeEngine, come: Come, still_house: House, clock: VirtualClock) -> None:
    """A week ago one was served; today one was served, one gave up, one left before they waited."""
    zhou = await come("zhou")
    await serve(engine, zhou, await arrive(engine))
    old = [row.call_id for row in await Call.all()]
    await _date(still_house, old, clock.now() - timedelta(days=7))
    await serve(engine, zhou, await arrive(engine))
    await zhou.call("PUT", "/me/state", state="busy")
    await leave(engine, await wait(engine))
    menu = await arrive(engine)
    await engine.hears(menu, "您好")
    await leave(engine, menu)
    new = [row.call_id for row in await Call.exclude(call_id__in=old)]
    await _date(still_house, new, clock.now())


async def _date(house: House, call_ids: list[str], at: datetime) -> None:
    """Let calls have come at ``at``; the engine's clock is the machine's."""
    async with house.services.store.work():
        for row in await Call.filter(call_id__in=call_ids):
            await WorkItem.filter(conversation_id=row.conversation_id).update(enqueued_at=at)
            row.arrived_at, row.ended_at = at, at + timedelta(seconds=70)
            row.talked_at = row.talked_at and at + timedelta(seconds=10)
            await row.save()


async def report(agent: Agent, begin: str, end: str, **query: str) -> dict[str, Any]:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    found: dict[str, Any] = await agent.call("GET", f"/reports?begin={begin}&end={end}{more}")
    return found


@pytest.mark.usefixtures("calls")
async def test_a_report_adds_up_to_the_calls_however_it_is_cut(
    still_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Agent(still_house.url, "chen", PASSWORD) as chen:
        for by in GROUPS:
            for per in ("hour", "day", "week", "month"):
                now = (await report(chen, WEEK_BEFORE, TODAY, by=by, per=per))["now"]
                for name, part in [(name, "cases") for name in CASES] + [(name, "calls") for name in CALLS]:
                    whole = now["total"][part].get(name, 0)
                    for lines in ("lines", "groups", "periods"):
                        assert sum(line[part].get(name, 0) for line in now[lines]) == whole, (by, per, lines, name)
        total = now["total"]
        assert total["calls"]["incoming"] == await Call.all().count() == 4
        assert (total["calls"]["answered"], total["calls"]["lost"], total["calls"]["connection"]) == (2, 2, 0.5)
        assert (total["calls"]["talk_s"], total["calls"]["total_talk_s"]) == (60, 120)
        assert (total["cases"]["offered"], total["cases"]["answered"], total["cases"]["abandoned"]) == (3, 2, 1)
        assert {"answer_s", "handle_s", "wrap_up_s", "service_level"} <= total["cases"].keys()
        assert {"left_s", "longest_s", "work_s"} <= total.keys()
        assert len((await report(chen, WEEK_BEFORE, TODAY, per="hour"))["now"]["periods"]) == 8 * 24
        zhou = next(one for one in (await report(chen, TODAY, TODAY, by="agent"))["now"]["groups"] if one["group_id"])
        only = (await report(chen, TODAY, TODAY, agent_id=zhou["group_id"]))["now"]["total"]
        assert (only["cases"]["handled"], only["calls"]["incoming"]) == (1, 1)
        assert (await report(chen, TODAY, TODAY))["now"]["total"]["cases"]["offered"] == 2
        monkeypatch.setattr(reports, "MOST_LINES", 3)
        status, answer = await chen.try_call("GET", f"/reports?begin={WEEK_BEFORE}&end={TODAY}&by=agent")
        assert (status, answer["error"]["code"]) == (422, "too_many")
    await sums(still_house, 3, 2)  # of events, which the test did not put back


@pytest.mark.usefixtures("calls")
async def test_a_report_of_people_tells_how_long_they_were_at_work_and_for_which_reason_away(
    still_house: House, clock: VirtualClock
) -> None:
    async with Agent(still_house.url, "chen", PASSWORD) as chen:
        me = chen.me["user_id"]
        await chen.call("PUT", "/me/state", state="away", reason="rest")
        clock.advance(300)
        reasons, operator = still_house.services.away_reasons, Identity(username="operator")
        lesson = ReasonEdit(title={"zh": "培训", "en": "Lesson"})
        await reasons.save(operator, "lesson", lesson)
        await chen.call("PUT", "/me/state", state="away", reason="lesson")
        await reasons.save(operator, "lesson", msgspec.structs.replace(lesson, is_active=False))
        clock.advance(24 * 3600)
        await chen.log_in(PASSWORD)  # sessions are shorter
        await chen.call("PUT", "/me/state", state="offline")
        for by in ("agent", "agent_group", "department"):
            for per in ("hour", "day", "week", "month"):
                now = (await report(chen, TODAY, "2026-03-03", by=by, per=per))["now"]
                for lines in ("groups", "periods"):
                    for name in ("logged_in_s", "busy_s", "away_s"):
                        whole = sum(line["times"].get(name, 0) for line in now[lines])
                        assert whole == now["total"]["times"][name], (by, per, lines, name)
        of_agents = (await report(chen, TODAY, "2026-03-03", by="agent"))["now"]
        [mine] = [one["times"] for one in of_agents["groups"] if one["group_id"] == me]
        away = {"logged_in_s": 86_700, "away_s": 86_700, "away": {"lesson": 86_400, "rest": 300}, "occupancy": 0}
        assert mine == away
        first, second = (one["times"] for one in of_agents["lines"] if one["group_id"] == me)
        assert first["away"] == {"lesson": 15 * 3600 - 300, "rest": 300}  # from nine o'clock to midnight
        assert second["away"] == {"lesson": 9 * 3600 + 300}
        [served] = [one for one in of_agents["groups"] if one["cases"].get("handled")]
        assert (served["calls"]["incoming"], served["cases"]["service_level"]) == (1, 1)
        assert served["times"]["logged_in_s"] == served["times"]["busy_s"] == 86_700
        found = await report(chen, TODAY, TODAY, by="agent", agent_id=me, queue_id="nowhere")
        assert found["now"]["total"]["times"] == {"logged_in_s": 0}
        assert found["away_reasons"]["lesson"]["zh"] == "培训"
        assert "times" not in (await report(chen, TODAY, TODAY))["now"]["total"]
        _, data = await get(chen, f"/report-files?begin={TODAY}&end=2026-03-03&by=agent")
        head, *rows = read(data)["分组"]
        [row] = [dict(zip(head, one, strict=True)) for one in rows if str(one[0]).endswith("陈静")]
        assert [row[f"离开时长（秒） · {reason}"] for reason in ("小休", "培训")] == [300, 86_400]
        assert row["值班时长（秒）"] == 86_700


@pytest.mark.usefixtures("calls")
async def test_a_report_is_compared_with_the_time_before_and_shows_alarms_and_crossed_limits(
    still_house: House, clock: VirtualClock
) -> None:
    async with Agent(still_house.url, "chen", PASSWORD) as chen:
        await chen.call("PUT", "/me/state", state="away", reason="rest")
        clock.advance(901)
        await still_house.services.wallboard.tick()
        rules = [
            {"rule_id": "slow", "kind": "wait_longer", "limit": 0},
            {"rule_id": "never", "kind": "wait_longer", "limit": 86_400},
            {"rule_id": "other", "kind": "wait_longer", "limit": 0, "queue_ids": ["housing"]},
            {"rule_id": "level", "kind": "service_below", "limit": 85},
        ]
        await chen.call("PUT", "/wallboard/settings", rules=rules)
        async with still_house.services.store.work():
            await WorkItem.filter(enqueued_at__gt=clock.now() - timedelta(days=1)).update(
                enqueued_at=clock.now() - timedelta(seconds=905)
            )
        found = await report(chen, "2026-02-24", TODAY, compare="true")
        assert (found["before"]["begin"], found["before"]["end"]) == ("2026-02-17", WEEK_BEFORE)
        assert [one["calls"]["incoming"] for one in (found["now"]["total"], found["before"]["total"])] == [3, 1]
        total = found["now"]["total"]
        assert (total["cases"]["answer_s"], total["left_s"], total["longest_s"]) == (4.0, 4.0, 4.0)
        assert [one["kind"] for one in found["alarms"]] == ["away_longer"]
        assert found["service_limit"] == 0.85
        day = await chen.call("GET", "/wallboard/day")
        assert ([one["kind"] for one in day["alarms"]], day["service_limit"]) == (["away_longer"], 0.85)
        [general] = [one for one in found["now"]["groups"] if one["group_id"] == "general"]
        assert general["crossed"] == ["slow"]
        assert found["rules"]["slow"] == {"kind": "wait_longer", "limit": 0}
        for begin, end in (
            ("2026-03-02", "2026-03-01"),
            ("2024-01-01", "2026-03-01"),
            ("0001-01-01", "0001-01-02"),
            ("9999-12-31", "9999-12-31"),
            ("x", "y"),
        ):
            assert (await chen.try_call("GET", f"/reports?begin={begin}&end={end}"))[0] == 422
    async with Agent(still_house.url, "zhou", PASSWORD) as zhou:
        assert (await zhou.try_call("GET", f"/reports?begin={TODAY}&end={TODAY}"))[0] == 403


@pytest.mark.usefixtures("calls")
async def test_a_report_is_taken_away_as_excel_and_csv(still_house: House) -> None:
    query = f"/report-files?begin={WEEK_BEFORE}&end={TODAY}&by=agent&compare=true"
    async with Agent(still_house.url, "chen", PASSWORD) as chen:
        status, data = await get(chen, query)
        assert status == 200
        sheets = read(data)
        assert list(sheets) == ["分组分时段", "分组", "分时段", "上一时段"]
        head, *rows = sheets["分组"]
        assert dict(zip(head, rows[-1], strict=True)) | {"坐席": "合计", "呼入电话": 4, "请求人工": 3} == dict(
            zip(head, rows[-1], strict=True)
        )
        assert "3021 周敏" in [row[0] for row in rows]
        _, text = await get(chen, f"{query}&format=csv&language=en")
        lines = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
        assert sum(int(line["Calls in"]) for line in lines) == 4
    assert await AuditRecord.filter(action="report.export").count() == 2
