"""Conversations drawn for scoring: who reviews them, what reviewers judge, what becomes the result."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from core.errors import ConfigInvalid
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError, not_found
from hub.quality.sampling import Candidate, Drawn, Reason
from hub.quality.setup import QualitySetup
from hub.quality.sheets import Answers, ScoreSheet, differences, faults_of, middle, read_answers, score
from hub.store.models import QualityCase, Review
from hub.teamwork.notifications import notify
from hub.texts import clean
from hub.units import Unit, Units

CaseState = Literal["open", "differing", "done", "appealed"]
DEFAULT_TOLERANCE: Final = 5.0  # of a case drawn by hand


class CaseView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case as lists show it; without a ``score`` there is no result yet."""

    case_id: str
    conversation_id: str
    agent_id: str
    queue_id: str | None = None
    channel: str
    plan_id: str = ""
    day: str
    reasons: list[Reason] = []
    sheet_id: str
    sheet_version: int
    state: CaseState
    score: float | None = None
    is_fatal: bool = False
    is_passed: bool = False
    ended_at: datetime
    scored_at: datetime | None = None


class ReviewView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reviewer's work on a case."""

    review_id: str
    case_id: str
    reviewer_id: str
    state: Literal["assigned", "submitted"]
    answers: Answers = {}
    remark: str = ""
    score: float | None = None
    is_fatal: bool = False
    submitted_at: datetime | None = None


class DifferenceView(msgspec.Struct, frozen=True, kw_only=True):
    """An item that the two reviewers judged differently."""

    item_id: str
    shares: tuple[float | None, float | None]


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A review and the case it is of, as its reviewer sees them: nothing of the other reviewer's."""

    review: ReviewView
    case: CaseView
    sheet: ScoreSheet


class FullCase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case with all that was judged."""

    case: CaseView
    sheet: ScoreSheet
    answers: Answers = {}
    remark: str = ""
    reviews: list[ReviewView] = []
    differences: list[DifferenceView] = []


class Cases:
    """The one writer of cases and reviews."""

    def __init__(self, units: Units, audit: Audit, setup: QualitySetup) -> None:
        self._units = units
        self._audit = audit
        self._setup = setup

    async def open(
        self,
        unit: Unit,
        drawn: Drawn,
        *,
        plan_id: str,
        day: str,
        sheet_id: str,
        ended_at: datetime,
        reviewer_ids: Sequence[str],
    ) -> QualityCase | None:
        """Add a case for each of ``reviewer_ids`` to score; None when the plan has drawn this conversation before."""
        one: Candidate = drawn.candidate
        if await QualityCase.filter(plan_id=plan_id, conversation_id=one.conversation_id).exists():
            return None
        sheet = self._setup.sheet_in_force(sheet_id)
        row = QualityCase(
            case_id=new_id(),
            conversation_id=one.conversation_id,
            agent_id=one.agent_id,
            queue_id=one.queue_id,
            channel=one.channel,
            plan_id=plan_id,
            day=day,
            reasons=msgspec.to_builtins(drawn.reasons),
            sheet_id=sheet_id,
            sheet_version=sheet.version,
            state="open",
            ended_at=ended_at,
            created_at=unit.now,
        )
        unit.add(row)
        self.ask(unit, row, reviewer_ids)
        return row

    def ask(self, unit: Unit, case: QualityCase, reviewer_ids: Sequence[str]) -> None:
        """Have each of ``reviewer_ids`` score the case."""
        for reviewer_id in reviewer_ids:
            unit.add(Review(review_id=new_id(), case_id=case.case_id, reviewer_id=reviewer_id, state="assigned"))
            notify(unit, reviewer_id, "to_review", case.conversation_id)

    async def assigned(self, identity: Identity, *, is_submitted: bool, limit: int, offset: int) -> list[Assignment]:
        """Return the reviewer's own work: the oldest first while it waits, the newest first once it is done."""
        state, order = ("submitted", "-review_id") if is_submitted else ("assigned", "review_id")
        rows = Review.filter(reviewer_id=identity.user_id, state=state).order_by(order)
        return [await self._assignment(row) for row in await rows.offset(offset).limit(limit)]

    async def assignment(self, identity: Identity, review_id: str) -> Assignment:
        """Return one piece of the reviewer's own work; 404 when it is none."""
        return await self._assignment(await _own(identity, review_id))

    async def save(
        self, identity: Identity, review_id: str, answers: Answers, remark: str, *, is_final: bool, remote: str
    ) -> Assignment:
        """Keep what a reviewer has judged so far; a final one is submitted and cannot be changed."""
        async with self._units.open() as unit:
            row = await _own(identity, review_id)
            case = await QualityCase.get(case_id=row.case_id)
            if row.state != "assigned" or case.state != "open":
                raise ApiError(409, "wrong_state", "the review was submitted")
            sheet = await self._setup.sheet(case.sheet_id, case.sheet_version)
            if faults := faults_of(sheet, answers, is_whole=is_final):
                raise ConfigInvalid(faults)
            row.answers = msgspec.to_builtins(answers)
            row.remark = clean(remark)
            row.saved_at = unit.now
            if is_final:
                result = score(sheet, answers)
                row.state, row.submitted_at = "submitted", unit.now
                row.score, row.is_fatal = result.total, result.is_fatal
                await self._audit.record(identity, "review.submit", "review", review_id, remote=remote)
            await row.save()
            if is_final:
                await self._conclude(unit, case, sheet)
        return await self.assignment(identity, review_id)

    async def full(self, case_id: str) -> FullCase:
        """Return a case with all that was judged; 404 when there is none."""
        case = await QualityCase.get_or_none(case_id=case_id)
        if case is None:
            raise not_found("case")
        reviews = await Review.filter(case_id=case_id).order_by("review_id")
        judged = [read_answers(row.answers) for row in reviews if row.state == "submitted"]
        differing = differences(*judged) if len(judged) == 2 else []
        return FullCase(
            case=case_view(case),
            sheet=await self._setup.sheet(case.sheet_id, case.sheet_version),
            answers=read_answers(case.answers),
            remark=case.remark,
            reviews=[_review_view(row) for row in reviews],
            differences=[DifferenceView(item_id=one.item_id, shares=one.shares) for one in differing],
        )

    async def settle(self, identity: Identity, case_id: str, answers: Answers, remark: str, *, remote: str) -> FullCase:
        """Let what two reviewers agreed on be the result; 409 unless their scores differ."""
        async with self._units.open() as unit:
            case = await QualityCase.get_or_none(case_id=case_id)
            if case is None:
                raise not_found("case")
            if case.state != "differing":
                raise ApiError(409, "wrong_state", f"the case is {case.state}")
            if case.agent_id == identity.user_id:
                raise ApiError(403, "not_another", "nobody settles their own score")
            await self.decide(unit, case, answers, remark)
            await self._audit.record(identity, "case.settle", "case", case_id, remote=remote, score=case.score)
        return await self.full(case_id)

    async def decide(self, unit: Unit, case: QualityCase, answers: Answers, remark: str) -> None:
        """Let whole ``answers`` be the case's result and tell its agent; ConfigInvalid when they are not whole."""
        sheet = await self._setup.sheet(case.sheet_id, case.sheet_version)
        if faults := faults_of(sheet, answers, is_whole=True):
            raise ConfigInvalid(faults)
        result = score(sheet, answers)
        case.answers = msgspec.to_builtins(answers)
        case.remark = clean(remark)
        case.score, case.is_fatal, case.is_passed = result.total, result.is_fatal, result.is_passed
        case.state, case.scored_at = "done", unit.now
        await case.save()
        notify(unit, case.agent_id, "scored", case.conversation_id, score=f"{result.total:g}")

    async def _conclude(self, unit: Unit, case: QualityCase, sheet: ScoreSheet) -> None:
        """Make a result of what was submitted, once everybody has: of two the middle, unless they are far apart."""
        reviews = await Review.filter(case_id=case.case_id).order_by("review_id")
        if any(row.state != "submitted" for row in reviews):
            return
        judged = [read_answers(row.answers) for row in reviews]
        remark = "\n".join(row.remark for row in reviews if row.remark)
        if len(judged) == 1:
            await self.decide(unit, case, judged[0], remark)
            return
        one, other = (score(sheet, answers) for answers in judged)
        if one.is_fatal == other.is_fatal and abs(one.total - other.total) <= self._tolerance(case.plan_id):
            await self.decide(unit, case, middle(*judged), remark)
        else:
            case.state = "differing"
            await case.save()

    def _tolerance(self, plan_id: str) -> float:
        known = self._setup.plans.current.get(plan_id)
        return DEFAULT_TOLERANCE if known is None else known[1].tolerance

    async def _assignment(self, row: Review) -> Assignment:
        case = await QualityCase.get(case_id=row.case_id)
        shown = case_view(case)
        if row.state != "submitted":
            shown = msgspec.structs.replace(shown, score=None, is_fatal=False, is_passed=False)
        sheet = await self._setup.sheet(case.sheet_id, case.sheet_version)
        return Assignment(review=_review_view(row), case=shown, sheet=sheet)


def case_view(row: QualityCase) -> CaseView:
    """Return a case as lists show it."""
    values = {name: getattr(row, name) for name in CaseView.__struct_fields__ if name != "reasons"}
    return CaseView(**values, reasons=msgspec.convert(row.reasons, list[Reason]))


def _review_view(row: Review) -> ReviewView:
    values = {name: getattr(row, name) for name in ReviewView.__struct_fields__ if name != "answers"}
    return ReviewView(**values, answers=read_answers(row.answers))


async def _own(identity: Identity, review_id: str) -> Review:
    row = await Review.get_or_none(review_id=review_id, reviewer_id=identity.user_id)
    if row is None:
        raise not_found("review")
    return row
