"""Scoring as quality staff see it: sheets, plans, cases, appeals, results."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.quality.appeals import AppealView
from hub.quality.cases import CaseView, FullCase
from hub.quality.results import CasesQuery, Results, ResultsQuery, find_cases
from hub.quality.sampling import Id, SamplingPlan
from hub.quality.setup import PlanView, SheetView
from hub.quality.sheets import Answers, ScoreSheet, Slug
from hub.services import Services

api = Endpoints()
MANAGE = "quality.manage"
CASES = "/api/v1/quality-cases"
Remark = Annotated[str, Meta(max_length=4_000)]
Reviewers = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=2)]


class SheetList(msgspec.Struct, frozen=True):
    """Every score sheet, retired ones too."""

    items: list[SheetView]


class PlanList(msgspec.Struct, frozen=True):
    """Every sampling plan, those that are off too."""

    items: list[PlanView]


class CaseList(msgspec.Struct, frozen=True):
    """A page."""

    items: list[CaseView]


class AppealList(msgspec.Struct, frozen=True):
    """A page."""

    items: list[AppealView]


class NewDraw(Settings, frozen=True, kw_only=True):
    """The day whose conversations are drawn, ``2026-03-02``."""

    day: Annotated[str, Meta(max_length=10)]


class NewCase(Settings, frozen=True, kw_only=True):
    """A conversation to be scored, by whom, with which sheet."""

    conversation_id: Id
    sheet_id: Slug
    reviewer_ids: Reviewers


class NewAssignment(Settings, frozen=True, kw_only=True):
    """Who scores."""

    reviewer_ids: Reviewers


class Settlement(Settings, frozen=True, kw_only=True):
    """What two reviewers agreed on."""

    answers: Answers
    remark: Remark = ""


class Decision(Settings, frozen=True, kw_only=True):
    """What becomes of an appeal: upheld with other ``answers``, rejected without."""

    decision: Annotated[str, Meta(min_length=1, max_length=2_000)]
    answers: Answers | None = None


class AppealsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Those that wait, or those that were decided."""

    is_open: bool = True
    offset: Annotated[int, Meta(ge=0, le=100_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


@api.add("GET", "/api/v1/score-sheets", MANAGE, answer=SheetList)
async def list_sheets(services: Services, call: Call[NoBody]) -> SheetList:
    """List every score sheet."""
    return SheetList(services.quality.setup.all_sheets())


@api.add("PUT", "/api/v1/score-sheets/{sheet_id}", MANAGE, body=ScoreSheet, answer=SheetView)
async def save_sheet(services: Services, call: Call[ScoreSheet]) -> SheetView:
    """Make or change a score sheet; what was drawn before keeps the one it had."""
    return await services.quality.setup.save_sheet(call.identity, call.path["sheet_id"], call.body, remote=call.remote)


@api.add("GET", "/api/v1/sampling-plans", MANAGE, answer=PlanList)
async def list_plans(services: Services, call: Call[NoBody]) -> PlanList:
    """List every sampling plan."""
    return PlanList(services.quality.setup.all_plans())


@api.add("PUT", "/api/v1/sampling-plans/{plan_id}", MANAGE, body=SamplingPlan, answer=PlanView)
async def save_plan(services: Services, call: Call[SamplingPlan]) -> PlanView:
    """Make, change or switch off a sampling plan."""
    return await services.quality.setup.save_plan(call.identity, call.path["plan_id"], call.body, remote=call.remote)


@api.add("POST", "/api/v1/sampling-plans/{plan_id}/draws", MANAGE, body=NewDraw, answer=CaseList, problems=(404,))
async def draw(services: Services, call: Call[NewDraw]) -> CaseList:
    """Draw the conversations of a day now; nothing is drawn twice."""
    cases = await services.quality.draws.draw(call.identity, call.path["plan_id"], call.body.day, remote=call.remote)
    return CaseList(cases)


@api.add("GET", CASES, MANAGE, query=CasesQuery, answer=CaseList)
async def list_cases(services: Services, call: Call[NoBody]) -> CaseList:
    """List cases by state, agent, queue and time, the newest first."""
    return CaseList(await find_cases(call.query))


@api.add("POST", CASES, MANAGE, body=NewCase, answer=CaseView, problems=(404, 409))
async def open_case(services: Services, call: Call[NewCase]) -> CaseView:
    """Have a conversation scored by hand."""
    body = call.body
    return await services.quality.draws.draw_one(
        call.identity, body.conversation_id, body.sheet_id, body.reviewer_ids, remote=call.remote
    )


@api.add("GET", f"{CASES}/{{case_id}}", MANAGE, answer=FullCase, problems=(404,))
async def show_case(services: Services, call: Call[NoBody]) -> FullCase:
    """Return a case with all that was judged, and where reviewers differ."""
    return await services.quality.cases.full(call.path["case_id"])


@api.add("PUT", f"{CASES}/{{case_id}}/reviewers", MANAGE, body=NewAssignment, answer=CaseView, problems=(404, 409))
async def assign(services: Services, call: Call[NewAssignment]) -> CaseView:
    """Have other people score a case that nobody has scored yet."""
    return await services.quality.draws.assign(
        call.identity, call.path["case_id"], call.body.reviewer_ids, remote=call.remote
    )


@api.add("POST", f"{CASES}/{{case_id}}/settlement", MANAGE, body=Settlement, answer=FullCase, problems=(403, 404, 409))
async def settle(services: Services, call: Call[Settlement]) -> FullCase:
    """Let what two reviewers agreed on be the result."""
    return await services.quality.cases.settle(
        call.identity, call.path["case_id"], call.body.answers, call.body.remark, remote=call.remote
    )


@api.add("GET", "/api/v1/appeals", MANAGE, query=AppealsQuery, answer=AppealList)
async def list_appeals(services: Services, call: Call[NoBody]) -> AppealList:
    """List appeals that wait, or those that were decided."""
    query: AppealsQuery = call.query
    return AppealList(await services.quality.appeals.all(is_open=query.is_open, limit=query.limit, offset=query.offset))


@api.add(
    "POST", "/api/v1/appeals/{appeal_id}/decision", MANAGE, body=Decision, answer=AppealView, problems=(403, 404, 409)
)
async def decide(services: Services, call: Call[Decision]) -> AppealView:
    """Decide an appeal; never by who scored it, nor by who made it."""
    return await services.quality.appeals.decide(
        call.identity,
        call.path["appeal_id"],
        answers=call.body.answers,
        decision=call.body.decision,
        remote=call.remote,
    )


@api.add("GET", "/api/v1/quality-results", MANAGE, query=ResultsQuery, answer=Results)
async def show_results(services: Services, call: Call[NoBody]) -> Results:
    """Return scores and kept rules by agent or queue, over time."""
    return await services.quality.results(call.query)
