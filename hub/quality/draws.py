"""Draws conversations for scoring: every morning those of the day before by each plan, or one by hand."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.errors import ConfigInvalid
from hub.accounts.identities import identities_of
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError, not_found
from hub.quality.cases import Cases, CaseView, case_view
from hub.quality.sampling import Candidate, Drawn, Reason, SamplingPlan, draw
from hub.quality.setup import QualitySetup
from hub.service_rules.rules import Severity
from hub.store.models import Conversation, QualityCase, Review, RuleCheck, RuleFinding, Setting, User
from hub.units import Units

log = logging.getLogger(__name__)

EVERY_S: Final = 600.0
AFTER: Final = timedelta(hours=5)  # what was said late in the evening stands written by then
KEY: Final = "quality.drawn"  # the last day drawn by each plan
MOST_BEHIND: Final = timedelta(days=7)  # of a hub that was off
CHUNK: Final = 500
REVIEW: Final = "quality.review"
HUB: Final = Identity(username="hub")


class Draws:
    """Turns plans into cases."""

    def __init__(
        self, units: Units, audit: Audit, setup: QualitySetup, cases: Cases, timezone: Callable[[], str]
    ) -> None:
        self._units = units
        self._audit = audit
        self._setup = setup
        self._cases = cases
        self._timezone = timezone

    async def run(self) -> None:
        """Draw the day before by every plan once it is due, until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(EVERY_S)

    async def tick(self) -> None:
        """Draw what is due now."""
        zone = ZoneInfo(self._timezone())
        last = (self._units.now().astimezone(zone) - AFTER).date() - timedelta(days=1)
        row = await Setting.get_or_none(key=KEY)
        drawn = {} if row is None else row.value
        for plan_id, (_, plan) in self._setup.plans.current.items():
            day = last if plan_id not in drawn else date.fromisoformat(drawn[plan_id]) + timedelta(days=1)
            day = max(day, last - MOST_BEHIND)
            while plan.is_active and day <= last:
                await self.draw(HUB, plan_id, day.isoformat())
                drawn = {**drawn, plan_id: day.isoformat()}
                async with self._units.open():
                    await Setting.update_or_create({"value": drawn}, key=KEY)
                day += timedelta(days=1)

    async def draw(self, identity: Identity, plan_id: str, day: str, *, remote: str = "") -> list[CaseView]:
        """Draw a day by a plan and return the new cases: none the second time. 404 without such a plan."""
        known = self._setup.plans.current.get(plan_id)
        if known is None:
            raise not_found("sampling plan")
        plan = known[1]
        ended, candidates = await self._candidates(_parsed(day))
        drawn = draw(plan, plan_id, day, candidates)
        reviewers = await self._reviewers(plan)
        async with self._units.open() as unit:
            made = []
            for one in drawn:
                chosen = reviewers.next(one.candidate.agent_id, 2 if plan.is_double else 1)
                case = await self._cases.open(
                    unit,
                    one,
                    plan_id=plan_id,
                    day=day,
                    sheet_id=plan.sheet_id,
                    ended_at=ended[one.candidate.conversation_id],
                    reviewer_ids=chosen,
                )
                if case is not None:
                    made.append(case)
            await self._audit.record(
                identity, "sampling_plan.draw", "sampling_plan", plan_id, remote=remote, day=day, cases=len(made)
            )
        log.info("plan %s drew %d conversations of %s", plan_id, len(made), day)
        return [case_view(case) for case in made]

    async def draw_one(
        self, identity: Identity, conversation_id: str, sheet_id: str, reviewer_ids: Sequence[str], *, remote: str
    ) -> CaseView:
        """Have a conversation that was served scored by hand; 409 ``drawn`` when it already is."""
        check = await RuleCheck.get_or_none(conversation_id=conversation_id)
        if check is None:
            raise not_found("served conversation")
        able = await _able(reviewer_ids)
        faults = {f"reviewer_ids[{at}]": "may_not" for at, one in enumerate(reviewer_ids) if one not in able}
        if check.agent_id in reviewer_ids:
            faults["reviewer_ids"] = "own"
        if faults:
            raise ConfigInvalid(faults)
        candidate = Candidate(conversation_id, check.agent_id, check.queue_id, check.channel)
        day = check.ended_at.astimezone(ZoneInfo(self._timezone())).date().isoformat()
        async with self._units.open() as unit:
            case = await self._cases.open(
                unit,
                Drawn(candidate, (Reason(why="hand"),)),
                plan_id="",
                day=day,
                sheet_id=sheet_id,
                ended_at=check.ended_at,
                reviewer_ids=reviewer_ids,
            )
            if case is None:
                raise ApiError(409, "drawn", "the conversation was drawn before")
            await self._audit.record(identity, "case.open", "case", case.case_id, remote=remote)
        return case_view(case)

    async def assign(self, identity: Identity, case_id: str, reviewer_ids: Sequence[str], *, remote: str) -> CaseView:
        """Have other people score a case that nobody has submitted anything of."""
        able = await _able(reviewer_ids)
        async with self._units.open() as unit:
            case = await QualityCase.get_or_none(case_id=case_id)
            if case is None:
                raise not_found("case")
            if case.state != "open" or await Review.filter(case_id=case_id, state="submitted").exists():
                raise ApiError(409, "wrong_state", "somebody has scored it")
            faults = {f"reviewer_ids[{at}]": "may_not" for at, one in enumerate(reviewer_ids) if one not in able}
            if case.agent_id in reviewer_ids:
                faults["reviewer_ids"] = "own"
            if faults:
                raise ConfigInvalid(faults)
            await Review.filter(case_id=case_id).exclude(reviewer_id__in=list(reviewer_ids)).delete()
            there: set[Any] = set(await Review.filter(case_id=case_id).values_list("reviewer_id", flat=True))
            self._cases.ask(unit, case, [one for one in dict.fromkeys(reviewer_ids) if one not in there])
            await self._audit.record(identity, "case.assign", "case", case_id, remote=remote)
        return case_view(case)

    async def _candidates(self, day: date) -> tuple[dict[str, datetime], list[Candidate]]:
        """Return what was served on a day of the house's time zone, and when each ended."""
        zone = ZoneInfo(self._timezone())
        begin = datetime(day.year, day.month, day.day, tzinfo=zone)
        after = begin + timedelta(days=1)
        rows = await RuleCheck.filter(ended_at__gte=begin, ended_at__lt=after).order_by("conversation_id")
        ids = [row.conversation_id for row in rows]
        ratings: dict[Any, Any] = {}
        hits: dict[str, list[tuple[str, Severity]]] = defaultdict(list)
        for at in range(0, len(ids), CHUNK):
            some = ids[at : at + CHUNK]
            conversations = Conversation.filter(conversation_id__in=some)
            ratings.update(dict(await conversations.values_list("conversation_id", "rating")))
            found = RuleFinding.filter(conversation_id__in=some).order_by("finding_id")
            for conversation_id, rule_id, severity in await found.values_list("conversation_id", "rule_id", "severity"):
                hits[conversation_id].append((rule_id, severity))
        return {row.conversation_id: row.ended_at for row in rows}, [
            Candidate(
                row.conversation_id,
                row.agent_id,
                row.queue_id,
                row.channel,
                ratings.get(row.conversation_id),
                tuple(hits[row.conversation_id]),
            )
            for row in rows
        ]

    async def _reviewers(self, plan: SamplingPlan) -> "_Reviewers":
        able = await _able(plan.reviewer_ids)
        if not plan.reviewer_ids:
            able = [one.user_id for one in await _all_able()]
        waiting = Counter[Any](await Review.filter(state="assigned").values_list("reviewer_id", flat=True))
        return _Reviewers({one: waiting[one] for one in sorted(able)})


class _Reviewers:
    """Gives each case to whoever has least to do, and never to the agent it is about."""

    def __init__(self, waiting: dict[str, int]) -> None:
        self._waiting = waiting

    def next(self, agent_id: str, count: int) -> list[str]:
        """Return the next ``count``, fewer when there are not as many."""
        free = sorted((one for one in self._waiting if one != agent_id), key=lambda one: (self._waiting[one], one))
        for one in free[:count]:
            self._waiting[one] += 1
        return free[:count]


def _parsed(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError as error:
        raise ConfigInvalid({"day": "not_a_day"}) from error


async def _all_able() -> list[Identity]:
    return [one for one in await identities_of(await User.filter(is_active=True)) if one.may(REVIEW)]


async def _able(user_ids: Sequence[str]) -> list[str]:
    """Return those of ``user_ids`` who may review."""
    able = {one.user_id for one in await _all_able()} if user_ids else set()
    return [one for one in user_ids if one in able]
