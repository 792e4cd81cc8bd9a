"""Quality staff take scores away as Excel and CSV; nobody else does, and each time stands in the audit log."""

import csv
import io

from hub.audit import Wanted
from hub.demo import PASSWORD
from hub.store.models import User
from tests.hub.quality.test_reviews import DAY, PLAN, score_all, served
from tests.hub.support.files import get
from tests.hub.support.house import House
from tests.hub.test_tables import read
from tests.journeys.support.clients import Agent


async def drawn(house: House, judges: list[Agent], number: int) -> None:
    """Let every one of ``judges`` score conversations of a day, each giving less than the one before."""
    await served(house, number)
    plan = PLAN | {"reviewer_ids": [one.me["user_id"] for one in judges], "is_double": len(judges) > 1, "tolerance": 50}
    await judges[0].call("PUT", "/sampling-plans/daily", **plan)
    await judges[0].call("POST", "/sampling-plans/daily/draws", day=DAY)
    for share, judge in enumerate(judges):
        await score_all(judge, opening=1 - share, waiting=None)


async def test_a_score_sheet_is_taken_away_with_what_each_reviewer_gave(house: House, staff: list[Agent]) -> None:
    await drawn(house, staff[:2], 1)
    zhou = await User.get(username="zhou")
    [case] = (await staff[0].call("GET", f"/quality-cases?agent_id={zhou.user_id}"))["items"]
    status, data = await get(staff[2], f"/quality-cases/{case['case_id']}/file")
    assert status == 200
    sheets = read(data)
    summary, result, *reviews = sheets.values()
    line = dict(zip(*summary, strict=True))
    assert (line["坐席"], line["状态"], line["得分"]) == (
        f"{zhou.work_number} {zhou.display_name}",
        "已评分",
        case["score"],
    )
    assert line["结束时间"].strftime("%Y-%m-%d %H:%M") == f"{DAY} 12:00", "in the hotline's own time"
    given = {row[1].split(" (")[0]: row[3] for row in result[1:]}
    points = {row[1].split(" (")[0]: row[2] for row in result[1:]}
    assert "不适用" in given.values()
    [halved] = [item for item, value in given.items() if isinstance(value, float) and value == points[item] / 2]
    assert [{row[1].split(" (")[0]: row[3] for row in one[1:]}[halved] for one in reviews] == [points[halved], 0]
    assert [name.split()[-1] for name in list(sheets)[2:]] == ["质检0", "质检1"]


async def test_every_score_that_matches_is_taken_away_at_once(house: House, staff: list[Agent]) -> None:
    await drawn(house, staff[:1], 3)
    status, data = await get(staff[0], "/quality-files/cases?state=done&language=en")
    assert status == 200
    scores, items = read(data).values()
    assert (len(scores), scores[0][0], {row[5] for row in scores[1:]}) == (4, "Agent", {"scored"})
    cases = (await staff[0].call("GET", "/quality-cases"))["items"]
    assert {row[-1] for row in items[1:]} == {one["conversation_id"] for one in cases}
    status, data = await get(staff[0], "/quality-files/cases?state=open&format=csv")
    assert (status, len(list(csv.reader(io.StringIO(data.decode("utf-8-sig")))))) == (200, 1)
    deeds = [row.action for row in await house.services.audit.page(Wanted(action="case.export"), before=None, limit=9)]
    assert len(deeds) == 2


async def test_the_figures_of_a_time_are_taken_away(house: House, staff: list[Agent]) -> None:
    await drawn(house, staff[:1], 2)
    query = f"begin={DAY}T00:00:00Z&end=2026-03-09T00:00:00Z&by=queue&per=week"
    status, data = await get(staff[0], f"/quality-files/results?{query}")
    assert status == 200
    lines, totals, rules = read(data).values()
    assert lines[1][:3] == ["综合服务", DAY, 2]
    assert (totals[1][2], rules[0]) == (2, ["队列", "规则", "次数"])
    status, data = await get(staff[0], f"/quality-files/results?{query}&format=csv")
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1][:3] == ["综合服务", DAY, "2"]


async def test_files_of_scores_are_for_quality_staff(house: House, staff: list[Agent]) -> None:
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        for path in ("/quality-files/cases", "/quality-files/results", f"/quality-cases/{zhou.me['user_id']}/file"):
            assert (await get(zhou, path))[0] == 403
    assert (await get(staff[0], f"/quality-cases/{staff[0].me['user_id']}/file"))[0] == 404
    assert (await get(staff[0], "/quality-files/cases?format=pdf"))[0] == 422
    assert (await get(staff[0], "/quality-files/results"))[0] == 422
