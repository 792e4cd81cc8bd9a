"""From the draw to the appeal: each by who may, none by who scored before."""

import asyncio
from typing import Any

from core.ids import new_id
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.audit import Wanted
from hub.demo import PASSWORD
from hub.quality.sampling import SamplingPlan
from hub.store.models import Article, ArticleUse, Conversation, MediaUse, QualityCase, RuleCheck, User
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

DAY = "2026-03-02"
PLAN = {"title": {"zh": "每日抽检"}, "sheet_id": "general", "share": 1.0}


async def served(house: House, number: int = 1) -> list[str]:
    """Let there be conversations that zhou served on the day; return their ids."""
    zhou = await User.get(username="zhou")
    made = []
    async with house.channel() as channel:
        for n in range(number):
            await channel.write(f"web:q{n}", "在吗")
            conversation_id = await first_of(f"web:q{n}")
            async with house.services.store.work():
                await RuleCheck.create(
                    conversation_id=conversation_id, agent_id=zhou.user_id, queue_id="general", channel="web",
                    ended_at=f"{DAY}T04:00:00+00:00",
                )  # fmt: skip
            made.append(conversation_id)
    return made


async def first_of(address: str) -> str:
    async with asyncio.timeout(30):
        while (row := await Conversation.get_or_none(address=address)) is None:
            await asyncio.sleep(0.01)
    return row.conversation_id


def answers(assignment: dict[str, Any], **shares: float | None) -> dict[str, Any]:
    """Return full marks for everything but what ``shares`` says."""
    items = [item["item_id"] for section in assignment["sheet"]["sections"] for item in section["items"]]
    return {item_id: {"share": shares.get(item_id, 1)} for item_id in items}


async def score_all(judge: Agent, **shares: float | None) -> None:
    for one in (await judge.call("GET", "/reviews"))["items"]:
        at = f"/reviews/{one['review']['review_id']}"
        await judge.call("PUT", at, answers=answers(one, **shares), is_final=True)


async def test_a_drawn_conversation_is_scored_and_its_agent_appeals(house: House, staff: list[Agent]) -> None:
    judge, second, _ = staff
    [conversation_id] = await served(house)
    me = judge.me["user_id"]
    await judge.call("PUT", "/sampling-plans/daily", **PLAN, reviewer_ids=[me])
    [case] = (await judge.call("POST", "/sampling-plans/daily/draws", day=DAY))["items"]
    assert [one["why"] for one in case["reasons"]] == ["random"]
    assert (await judge.call("POST", "/sampling-plans/daily/draws", day=DAY))["items"] == [], "nothing is drawn twice"
    [work] = (await judge.call("GET", "/reviews"))["items"]
    at = f"/reviews/{work['review']['review_id']}"
    assert (await second.try_call("GET", at))[0] == 404, "everybody has their own work"
    draft = await judge.call("PUT", at, answers={"opening": {"share": 0, "note": "未报工号"}}, remark="先存")
    assert draft["review"]["answers"]["opening"]["note"] == "未报工号"
    status, answer = await judge.try_call("PUT", at, answers={}, is_final=True)
    assert (status, answer["error"]["fields"]["answers.opening"]) == (422, "missing")
    done = await judge.call("PUT", at, answers=answers(work, opening=0, waiting=None), is_final=True)
    assert (done["review"]["state"], done["case"]["state"]) == ("submitted", "done")
    assert done["case"]["score"] == round(100 * 88 / 93, 1)
    assert (await judge.try_call("PUT", at, answers={}))[0] == 409
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.open_desk()
        assert [one["kind"] for one in zhou.tables["notifications"].values()] == ["scored"]
        [own] = (await zhou.call("GET", "/me/results"))["items"]
        result = await zhou.call("GET", f"/me/results/{own['case_id']}")
        assert (result["may_appeal"], result["answers"]["opening"]["share"]) == (True, 0)
        assert "reviewer" not in str(result)
        appealed = await zhou.call("POST", f"/me/results/{own['case_id']}/appeal", reason="我报了工号")
        assert (appealed["case"]["state"], appealed["appeal"]["state"]) == ("appealed", "open")
        assert (await zhou.try_call("POST", f"/me/results/{own['case_id']}/appeal", reason="再来"))[0] == 409
        [waiting] = (await judge.call("GET", "/appeals"))["items"]
        decision = f"/appeals/{waiting['appeal_id']}/decision"
        status, answer = await judge.try_call("POST", decision, decision="不行")
        assert (status, answer["error"]["code"]) == (403, "not_another")
        upheld = await second.call("POST", decision, decision="录音中报了", answers=answers(work))
        assert (upheld["state"], upheld["case"]["score"], upheld["score_before"]) == ("upheld", 100, 94.6)
        result = await zhou.call("GET", f"/me/results/{own['case_id']}")
        assert (result["case"]["score"], result["appeal"]["decision"]) == (100, "录音中报了")
        await zhou.until(lambda: "appeal_decided" in {one["kind"] for one in zhou.tables["notifications"].values()})
    async with Agent(house.url, "li", PASSWORD) as li:
        assert (await li.try_call("GET", f"/me/results/{own['case_id']}"))[0] == 404
    deeds = {row.action for row in await house.services.audit.page(Wanted(), before=None, limit=100)}
    assert {"sampling_plan.save", "sampling_plan.draw", "review.submit", "appeal.make", "appeal.upheld"} <= deeds
    assert conversation_id == own["conversation_id"]


async def test_two_who_differ_have_to_agree(house: House, staff: list[Agent]) -> None:
    one, other, third = staff
    both = [one.me["user_id"], other.me["user_id"]]
    await served(house, 2)
    await one.call("PUT", "/sampling-plans/double", **PLAN, reviewer_ids=both, is_double=True, tolerance=6)
    near, far = (await one.call("POST", "/sampling-plans/double/draws", day=DAY))["items"]
    first = {work["case"]["case_id"]: work for work in (await one.call("GET", "/reviews"))["items"]}
    second = {work["case"]["case_id"]: work for work in (await other.call("GET", "/reviews"))["items"]}
    for case, mine, theirs in ((near, {}, {"opening": 0}), (far, {}, {"exact": 0})):
        work = first[case["case_id"]]
        await one.call("PUT", f"/reviews/{work['review']['review_id']}", answers=answers(work, **mine), is_final=True)
        unseen = await other.call("GET", f"/reviews/{second[case['case_id']]['review']['review_id']}")
        assert "score" not in unseen["case"]
        await other.call(
            "PUT", f"/reviews/{unseen['review']['review_id']}", answers=answers(work, **theirs), is_final=True
        )
    agreed = await third.call("GET", f"/quality-cases/{near['case_id']}")
    assert (agreed["case"]["state"], agreed["answers"]["opening"]["share"]) == ("done", 0.5)
    open_one = await third.call("GET", f"/quality-cases/{far['case_id']}")
    assert (open_one["case"]["state"], open_one["differences"]) == (
        "differing", [{"item_id": "exact", "shares": [1, 0]}],
    )  # fmt: skip
    at = f"/quality-cases/{far['case_id']}/settlement"
    settled = await third.call("POST", at, answers=answers(open_one, exact=0.5), remark="一致意见")
    assert (settled["case"]["state"], settled["remark"]) == ("done", "一致意见")
    assert (await third.try_call("POST", at, answers=answers(open_one)))[0] == 409


async def test_a_case_is_opened_by_hand_and_read_by_who_scores_it(house: House, staff: list[Agent]) -> None:
    judge, second, _ = staff
    [conversation_id] = await served(house)
    async with Agent(house.url, "chen", PASSWORD) as chen:
        body = {"conversation_id": conversation_id, "sheet_id": "general", "reviewer_ids": [chen.me["user_id"]]}
        case = await judge.call("POST", "/quality-cases", **body)
        assert (await judge.try_call("POST", "/quality-cases", **body))[0] == 409
        [work] = (await chen.call("GET", "/reviews"))["items"]
        assert work["case"]["case_id"] == case["case_id"]
        zhou = await User.get(username="zhou")
        for reviewer, fault in ((zhou.user_id, "may_not"), (new_id(), "may_not")):
            status, answer = await judge.try_call(
                "PUT", f"/quality-cases/{case['case_id']}/reviewers", reviewer_ids=[reviewer]
            )
            assert (status, answer["error"]["fields"]["reviewer_ids[0]"]) == (422, fault)
        await judge.call("PUT", f"/quality-cases/{case['case_id']}/reviewers", reviewer_ids=[second.me["user_id"]])
        assert (await chen.call("GET", "/reviews"))["items"] == []
    assert len((await second.call("GET", "/reviews"))["items"]) == 1


async def test_results_by_agent_and_week_with_what_was_not_kept(house: House, staff: list[Agent]) -> None:
    judge = staff[0]
    sourced, others, *_ = await served(house, 3)
    article, agent = await Article.get(code="0601"), await User.get(username="zhou")
    async with house.services.store.work():
        await ArticleUse.create(
            use_id=new_id(), article_id=article.article_id, action="opened", conversation_id=sourced,
            agent_id=agent.user_id, at=f"{DAY}T04:00:00+00:00",
        )  # fmt: skip
        await ArticleUse.create(
            use_id=new_id(), article_id=article.article_id, action="opened", conversation_id=others,
            agent_id=judge.me["user_id"], at=f"{DAY}T04:00:00+00:00",
        )  # fmt: skip
    await judge.call("PUT", "/sampling-plans/daily", **PLAN, reviewer_ids=[judge.me["user_id"]])
    await judge.call("POST", "/sampling-plans/daily/draws", day=DAY)
    await score_all(judge, opening=0)
    query = f"begin={DAY}T00:00:00Z&end=2026-03-09T00:00:00Z"
    figures = await judge.call("GET", f"/quality-results?{query}&by=agent")
    zhou = await User.get(username="zhou")
    [line] = figures["lines"]
    assert (line["group_id"], line["day"], line["scored"], line["checked"]) == (zhou.user_id, DAY, 3, 3)
    assert (line["mean"], line["passed"], line["kept"]) == (95.1, 3, 1)
    assert line["sourced"] == 0.3333, "one of three was answered from the knowledge base"
    await User.filter(username="zhou").update(department_id="housing")
    [total] = (await judge.call("GET", f"/quality-results?{query}&by=department"))["totals"]
    assert (total["group_id"], total["scored"]) == ("housing", 3)
    await User.filter(username="zhou").update(group_ids=["day", "night"])
    grouped = (await judge.call("GET", f"/quality-results?{query}&by=agent_group"))["totals"]
    assert [(one["group_id"], one["scored"], one["checked"]) for one in grouped] == [("day", 3, 3), ("night", 3, 3)]
    [total] = (await judge.call("GET", f"/quality-results?{query}&by=queue"))["totals"]
    assert (total["group_id"], total["scored"]) == ("general", 3)
    listed = (await judge.call("GET", f"/quality-cases?state=done&agent_id={zhou.user_id}"))["items"]
    assert len(listed) == 3
    assert (await judge.call("GET", "/quality-cases?state=open"))["items"] == []
    status, _ = await judge.try_call("GET", f"/quality-results?begin={DAY}T00:00:00&end=2026-03-09T00:00:00Z")
    assert status == 422, "a time without its zone is none"


async def test_who_scores_a_case_hears_its_recording_and_nobody_else_of_another_queue(
    house: House, staff: list[Agent]
) -> None:
    judge, *_ = staff
    [conversation_id] = await served(house)
    media = await house.services.media.keep(
        b"RIFF", mime="audio/wav", name="", instance="", uploader_id=judge.me["user_id"]
    )
    async with house.services.store.work():
        await MediaUse.create(use_id=new_id(), media_id=media.media_id, conversation_id=conversation_id)
    await User.filter(username="chen").update(denied=["queue.all"], queue_ids=[], own_queue_ids=[])
    async with Agent(house.url, "chen", PASSWORD) as chen:
        at = f"{house.url}/media/{media.media_id}"
        async with chen.http.get(at) as refused:
            assert refused.status == 404
        body = {"conversation_id": conversation_id, "sheet_id": "general", "reviewer_ids": [chen.me["user_id"]]}
        await judge.call("POST", "/quality-cases", **body)
        async with chen.http.get(at) as heard:
            assert (heard.status, await heard.read()) == (200, b"RIFF")


async def test_a_day_is_drawn_by_itself_once_it_is_over(still_house: House, clock: VirtualClock) -> None:
    quality = still_house.services.quality
    plan = SamplingPlan(title={"zh": "每日抽检"}, sheet_id="general", share=1.0)
    await quality.setup.save_plan(Identity(username="operator"), "daily", plan, remote="")
    async with still_house.services.store.work():
        await RuleCheck.create(
            conversation_id=new_id(), agent_id=new_id(), queue_id=None, channel="web", ended_at=clock.now()
        )
    drawn = []
    for _ in range(4):
        await quality.draws.tick()
        drawn.append(await QualityCase.all().count())
        clock.advance(12 * 3_600)
    assert (drawn[0], drawn[-1]) == (0, 1)
    clock.advance(30 * 86_400)
    await quality.draws.tick()
    assert await QualityCase.all().count() == 1
