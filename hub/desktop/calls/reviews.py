"""Scoring as those see it who score, and those who are scored."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.quality.appeals import OwnResult
from hub.quality.cases import Assignment, CaseView
from hub.quality.sheets import Answers
from hub.services import Services

api = Endpoints()


class ReviewsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, or what was submitted."""

    is_submitted: bool = False
    offset: Annotated[int, Meta(ge=0, le=100_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A page."""

    offset: Annotated[int, Meta(ge=0, le=100_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class Judgement(Settings, frozen=True, kw_only=True):
    """What a reviewer judges; a final one is submitted."""

    answers: Answers = {}
    remark: Annotated[str, Meta(max_length=4_000)] = ""
    is_final: bool = False


class NewAppeal(Settings, frozen=True, kw_only=True):
    """Why a result is disputed."""

    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]


class AssignmentList(msgspec.Struct, frozen=True):
    """A page of one's own work."""

    items: list[Assignment]


class ResultList(msgspec.Struct, frozen=True):
    """A page of one's own results, the newest first."""

    items: list[CaseView]


@api.add("GET", "/api/v1/reviews", "quality.review", query=ReviewsQuery, answer=AssignmentList)
async def list_reviews(services: Services, call: Call[NoBody]) -> AssignmentList:
    """List what one is asked to score, or has scored."""
    query: ReviewsQuery = call.query
    items = await services.quality.cases.assigned(
        call.identity, is_submitted=query.is_submitted, limit=query.limit, offset=query.offset
    )
    return AssignmentList(items)


@api.add("GET", "/api/v1/reviews/{review_id}", "quality.review", answer=Assignment, problems=(404,))
async def show_review(services: Services, call: Call[NoBody]) -> Assignment:
    """Return one review of one's own."""
    return await services.quality.cases.assignment(call.identity, call.path["review_id"])


@api.add("PUT", "/api/v1/reviews/{review_id}", "quality.review", body=Judgement, answer=Assignment, problems=(404, 409))
async def save_review(services: Services, call: Call[Judgement]) -> Assignment:
    """Keep what was judged so far, or submit it."""
    body = call.body
    return await services.quality.cases.save(
        call.identity, call.path["review_id"], body.answers, body.remark, is_final=body.is_final, remote=call.remote
    )


@api.add("GET", "/api/v1/me/results", "desk.use", query=PageQuery, answer=ResultList)
async def list_results(services: Services, call: Call[NoBody]) -> ResultList:
    """List one's own results."""
    query: PageQuery = call.query
    return ResultList(await services.quality.appeals.own_results(call.identity, limit=query.limit, offset=query.offset))


@api.add("GET", "/api/v1/me/results/{case_id}", "desk.use", answer=OwnResult, problems=(404,))
async def show_result(services: Services, call: Call[NoBody]) -> OwnResult:
    """Return one of one's own results."""
    return await services.quality.appeals.own_result(call.identity, call.path["case_id"])


@api.add(
    "POST",
    "/api/v1/me/results/{case_id}/appeal",
    "quality.appeal",
    body=NewAppeal,
    answer=OwnResult,
    problems=(404, 409),
)
async def appeal(services: Services, call: Call[NewAppeal]) -> OwnResult:
    """Dispute one of one's own results, with a reason."""
    return await services.quality.appeals.appeal(
        call.identity, call.path["case_id"], call.body.reason, remote=call.remote
    )
