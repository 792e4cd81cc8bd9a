"""Agents see their own results, and dispute them; somebody who did not score decides."""

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError, not_found
from hub.quality.cases import Cases, CaseView, case_view
from hub.quality.sheets import Answers, ScoreSheet, read_answers
from hub.store.models import Appeal, QualityCase, Review
from hub.teamwork.notifications import notify
from hub.texts import clean
from hub.units import Units

WITHIN: Final = timedelta(days=7)  # of the result


class AppealView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An appeal and what became of it."""

    appeal_id: str
    case: CaseView
    reason: str
    state: Literal["open", "upheld", "rejected"]
    decided_by: str | None = None
    decision: str = ""
    score_before: float | None = None
    created_at: datetime
    decided_at: datetime | None = None


class OwnResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A result as its agent sees it: what was judged, not by whom."""

    case: CaseView
    sheet: ScoreSheet
    answers: Answers = {}
    remark: str = ""
    appeal: AppealView | None = None
    may_appeal: bool = False


class Appeals:
    """The one writer of appeals."""

    def __init__(self, units: Units, audit: Audit, cases: Cases) -> None:
        self._units = units
        self._audit = audit
        self._cases = cases

    async def own_results(self, identity: Identity, *, limit: int, offset: int) -> list[CaseView]:
        """Return the user's own results, the newest first."""
        rows = QualityCase.filter(agent_id=identity.user_id, state__in=("done", "appealed")).order_by("-case_id")
        return [case_view(row) for row in await rows.offset(offset).limit(limit)]

    async def own_result(self, identity: Identity, case_id: str) -> OwnResult:
        """Return one of the user's own results; 404 when it is none."""
        case = await self._own(identity, case_id)
        full = await self._cases.full(case_id)
        appeal = await Appeal.filter(case_id=case_id).first()
        return OwnResult(
            case=full.case,
            sheet=full.sheet,
            answers=read_answers(case.answers),
            remark=case.remark,
            appeal=None if appeal is None else _view(appeal, case),
            may_appeal=appeal is None and identity.may("quality.appeal") and self._is_fresh(case),
        )

    async def appeal(self, identity: Identity, case_id: str, reason: str, *, remote: str) -> OwnResult:
        """Dispute an own result, once and within a week."""
        async with self._units.open() as unit:
            case = await self._own(identity, case_id)
            if case.state != "done" or await Appeal.filter(case_id=case_id).exists():
                raise ApiError(409, "wrong_state", "it was appealed against before")
            if not self._is_fresh(case):
                raise ApiError(409, "too_late", f"results stand after {WITHIN.days} days")
            unit.add(
                Appeal(
                    appeal_id=new_id(),
                    case_id=case_id,
                    agent_id=identity.user_id,
                    reason=clean(reason),
                    state="open",
                    score_before=case.score,
                    created_at=unit.now,
                )
            )
            case.state = "appealed"
            await case.save(update_fields=["state"])
            await self._audit.record(identity, "appeal.make", "case", case_id, remote=remote)
        return await self.own_result(identity, case_id)

    async def all(self, *, is_open: bool, limit: int, offset: int) -> list[AppealView]:
        """Return appeals: those that wait, the oldest first, or those that were decided, the newest first."""
        decided = Appeal.exclude(state="open").order_by("-appeal_id")
        rows = Appeal.filter(state="open").order_by("appeal_id") if is_open else decided
        found = await rows.offset(offset).limit(limit)
        cases = {row.case_id: row for row in await QualityCase.filter(case_id__in=[one.case_id for one in found])}
        return [_view(row, cases[row.case_id]) for row in found]

    async def decide(
        self, identity: Identity, appeal_id: str, *, answers: Answers | None, decision: str, remote: str
    ) -> AppealView:
        """Decide an appeal: upheld with other ``answers``, rejected without; never by who scored or appealed."""
        async with self._units.open() as unit:
            row = await Appeal.get_or_none(appeal_id=appeal_id)
            if row is None:
                raise not_found("appeal")
            if row.state != "open":
                raise ApiError(409, "wrong_state", f"the appeal is {row.state}")
            scored = await Review.filter(case_id=row.case_id, reviewer_id=identity.user_id).exists()
            if scored or row.agent_id == identity.user_id:
                raise ApiError(403, "not_another", "an appeal is decided by somebody else")
            case = await QualityCase.get(case_id=row.case_id)
            if answers is None:
                case.state = "done"
                await case.save(update_fields=["state"])
            else:
                await self._cases.decide(unit, case, answers, case.remark)
            row.state = "rejected" if answers is None else "upheld"
            row.decision, row.decided_by, row.decided_at = clean(decision), identity.user_id, unit.now
            await row.save()
            notify(unit, row.agent_id, "appeal_decided", case.conversation_id, outcome=row.state)
            await self._audit.record(identity, f"appeal.{row.state}", "appeal", appeal_id, remote=remote)
        return _view(row, case)

    def _is_fresh(self, case: QualityCase) -> bool:
        return case.scored_at is not None and self._units.now() - case.scored_at <= WITHIN

    async def _own(self, identity: Identity, case_id: str) -> QualityCase:
        row = await QualityCase.get_or_none(case_id=case_id, agent_id=identity.user_id)
        if row is None or row.state not in ("done", "appealed"):
            raise not_found("result")
        return row


def _view(row: Appeal, case: QualityCase) -> AppealView:
    values = {name: getattr(row, name) for name in AppealView.__struct_fields__ if name != "case"}
    return AppealView(**values, case=case_view(case))
