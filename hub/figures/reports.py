"""What came in a time, by queue, people, channel or hour, and in each of its periods: shown, or taken away."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from core.clock import Clock
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError
from hub.exporting import Wording, as_file
from hub.figures.alarm_log import AlarmRecord
from hub.figures.cases import Case
from hub.figures.reading import read_past_calls, read_past_cases, read_stretches
from hub.figures.report_sums import OF_PEOPLE, Figures, ReportQuery, Sums
from hub.figures.report_tables import report_tables
from hub.figures.settings import RuleKind
from hub.figures.spans import check_days, days_between
from hub.figures.wallboard import Wallboard
from hub.quality.results import memberships
from hub.setup.organization import Organization
from hub.store.models import AwayReason, Offer, User
from hub.tables import Download, FileFormat

MOST_DAYS: Final = 400
MOST_DAYS_BY_HOUR: Final = 31
MOST_CASES: Final = 200_000
MOST_LINES: Final = 100_000
MOST_STRETCHES: Final = 1_000_000


class RuleLimit(msgspec.Struct, frozen=True):
    """What a rule watches, and from where on it alarms."""

    kind: RuleKind
    limit: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A time and, when asked for, the one before it; ``alarms`` that were raised in it; the service level's limit.

    ``away_reasons`` are the titles by language of all there are, retired ones too.
    ``rules`` are those that lines can name as crossed, by their ids.
    """

    now: Figures
    before: Figures | None
    alarms: list[AlarmRecord]
    service_limit: float | None
    away_reasons: dict[str, dict[str, str]]
    rules: dict[str, RuleLimit]


class Reports:
    """Counts what is stored; whoever asks gets the figures of the queues they see."""

    def __init__(self, clock: Clock, audit: Audit, organization: Organization, wallboard: Wallboard) -> None:
        self._clock = clock
        self._audit = audit
        self._organization = organization
        self._wallboard = wallboard

    async def report(self, identity: Identity, query: ReportQuery) -> Report:
        """Return what is asked for; 422 for too long a time, or one in which too much came."""
        days = check_days(query.begin, query.end, most=MOST_DAYS_BY_HOUR if query.per == "hour" else MOST_DAYS)
        before = None
        if query.compare:
            back = timedelta(days=days)
            before = msgspec.structs.replace(query, begin=query.begin - back, end=query.begin - timedelta(days=1))
        begin, end = self._span(query)
        alarms = await self._wallboard.alarms_between(identity, begin, end)
        if query.queue_id:
            alarms = [one for one in alarms if one.subject_id == query.queue_id]
        return Report(
            now=await self._figures(identity, query),
            before=await self._figures(identity, before) if before else None,
            alarms=alarms,
            service_limit=self._wallboard.service_limit({query.queue_id} if query.queue_id else None),
            away_reasons={row.reason: row.title async for row in AwayReason.all()},
            rules={
                rule.rule_id: RuleLimit(rule.kind, rule.limit)
                for rule in self._wallboard.setup.settings.rules
                if rule.is_active
            },
        )

    async def export(
        self, identity: Identity, query: ReportQuery, form: FileFormat, language: str, *, remote: str
    ) -> Download:
        """Return the groups by period and, in Excel, groups and periods alone; every file stands in the audit log."""
        report = await self.report(identity, query)
        wording = await Wording.load("report", language, self._wallboard.timezone())
        await self._audit.note(identity, "report.export", "report", query.by, remote=remote)
        tables = await asyncio.to_thread(
            report_tables,
            wording,
            query.by,
            report.now,
            report.before,
            organization=self._organization,
            away_reasons=report.away_reasons,
        )
        return await as_file(tables, form, f"report-{query.begin}-{query.end}")

    def _span(self, query: ReportQuery) -> tuple[datetime, datetime]:
        return days_between(query.begin, query.end, ZoneInfo(self._wallboard.timezone()))

    async def _figures(self, identity: Identity, query: ReportQuery) -> Figures:
        begin, end = self._span(query)
        sums = Sums(query, ZoneInfo(self._wallboard.timezone()), await memberships(query.by))
        now = self._clock.now()
        try:
            async for cases in read_past_cases(begin, end, most=MOST_CASES):
                seen = {case.work_id: case for case in cases if _is_asked(identity, query, case.queue_id, case.channel)}
                for case in seen.values():
                    if query.agent_id in ("", case.agent_id):
                        targets = self._wallboard.targets(case.queue_id)
                        for line in sums.lines(case.offered_at, case.queue_id, case.agent_id or "", case.channel):
                            line.count(case, targets, now)
                await _count_offers(query, sums, seen)
                _check(sums)
            async for calls in read_past_calls(begin, end, most=MOST_CASES):
                for call in calls:
                    is_asked = _is_asked(identity, query, call.queue_id, call.channel)
                    if is_asked and query.agent_id in ("", call.agent_id):
                        for line in sums.lines(call.arrived_at, call.queue_id, call.agent_id, call.channel):
                            line.calls.count(call)
                _check(sums)
            if query.by in OF_PEOPLE:
                agent_ids = await _agents(identity, query)
                async for stretches in read_stretches(begin, end, agent_ids, most=MOST_STRETCHES):
                    for one in stretches:
                        sums.count_time(one.agent_id, one.activity, one.reason, one.begun_at, one.ended_at or now)
                    _check(sums)
        except OverflowError:
            raise ApiError(422, "too_many", "too much came; ask for a shorter time") from None
        return await asyncio.to_thread(sums.figures, self._wallboard.setup.settings.rules)


def _check(sums: Sums) -> None:
    if len(sums) > MOST_LINES:
        raise OverflowError


def _is_asked(identity: Identity, query: ReportQuery, queue_id: str, channel: str) -> bool:
    is_seen = identity.sees_queue(queue_id) if queue_id else identity.may("queue.all")
    return is_seen and query.queue_id in ("", queue_id) and query.channel in ("", channel)


async def _agents(identity: Identity, query: ReportQuery) -> set[str]:
    """Return whose times are asked for and may be seen: who serves a queue that is, or anybody for who sees all."""
    agents = User.filter(user_id=query.agent_id) if query.agent_id else User.all()
    return {
        user_id
        for user_id, queue_ids in await agents.values_list("user_id", "queue_ids")
        if (identity.may("queue.all") or any(map(identity.sees_queue, queue_ids)))
        and (not query.queue_id or query.queue_id in queue_ids)
    }


async def _count_offers(query: ReportQuery, sums: Sums, cases: Mapping[str, Case]) -> None:
    """Count the offers of these cases that expired and that were declined, for those who were asked."""
    offers = Offer.filter(work_id__in=list(cases), outcome__in=("expired", "declined"))
    for work_id, agent_id, outcome in await offers.values_list("work_id", "agent_id", "outcome"):
        if query.agent_id in ("", agent_id):
            case = cases[work_id]
            for line in sums.lines(case.offered_at, case.queue_id, agent_id, case.channel):
                line.missed += outcome == "expired"
                line.declined += outcome == "declined"
