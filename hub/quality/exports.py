"""Scores to take away: one score sheet, all that match a search, and the figures of a time, as Excel or CSV."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError
from hub.i18n import text
from hub.quality.cases import Cases, FullCase
from hub.quality.results import CasesQuery, ResultLine, ResultsQuery, find_cases, results
from hub.quality.sheets import Answer, SheetItem
from hub.service_rules.book import RuleBook
from hub.setup.organization import Organization
from hub.store.models import Queue, User
from hub.tables import CSV, XLSX, Cell, Download, FileFormat, Table, csv_file, workbook

MAX_CASES: Final = 2_000
PAGE: Final = 200
_FIGURES: Final = ("scored", "mean", "passed", "fatal", "appealed", "upheld", "checked", "findings", "kept")

Words = Mapping[Any, str]  # by language


class QualityExports:
    """Writes what quality staff take away; every time stands in the audit log."""

    def __init__(
        self, audit: Audit, cases: Cases, book: RuleBook, organization: Organization, timezone: Callable[[], str]
    ) -> None:
        self._audit = audit
        self._cases = cases
        self._book = book
        self._organization = organization
        self._timezone = timezone

    async def case(self, identity: Identity, case_id: str, language: str, *, remote: str) -> Download:
        """Return one score sheet, filled in, with each reviewer's own; 404 when there is no such case."""
        full = await self._cases.full(case_id)
        page = await self._page(language)
        await self._audit.note(identity, "case.export", "case", case_id, remote=remote)
        reviews = [page.judged(full, one.answers, page.agent(one.reviewer_id)) for one in full.reviews]
        tables = [page.summary([full]), page.judged(full, full.answers), *(reviews if len(reviews) > 1 else [])]
        return Download(await asyncio.to_thread(workbook, tables), XLSX, f"score-{case_id[:8]}.xlsx")

    async def cases(
        self, identity: Identity, query: CasesQuery, form: FileFormat, language: str, *, remote: str
    ) -> Download:
        """Return all that ``find_cases`` finds: a line each and, in Excel, every item; 422 ``too_many``."""
        found: list[FullCase] = []
        while views := await find_cases(msgspec.structs.replace(query, offset=len(found), limit=PAGE)):
            found += [await self._cases.full(view.case_id) for view in views]
            if len(found) > MAX_CASES:
                raise ApiError(422, "too_many", f"more than {MAX_CASES} scores; ask for a shorter time")
        page = await self._page(language)
        await self._audit.note(identity, "case.export", "case", "", remote=remote)
        if form == "csv":
            return Download(await asyncio.to_thread(csv_file, page.summary(found)), CSV, "scores.csv")
        tables = [page.summary(found), page.items(found)]
        return Download(await asyncio.to_thread(workbook, tables), XLSX, "scores.xlsx")

    async def results(
        self, identity: Identity, query: ResultsQuery, form: FileFormat, language: str, *, remote: str
    ) -> Download:
        """Return the figures by group and period and, in Excel, the totals and which rules were not kept."""
        figures = await results(query, self._timezone())
        page = await self._page(language)
        group = {
            "agent": page.agent,
            "department": page.department,
            "agent_group": page.agent_group,
            "queue": page.queue,
        }[query.by]
        lines = page.figures("results", query.by, figures.lines, group)
        await self._audit.note(identity, "results.export", "results", query.by, remote=remote)
        if form == "csv":
            return Download(await asyncio.to_thread(csv_file, lines), CSV, "quality.csv")
        rules = page.table("rules", (query.by, "rule", "count"))
        rules.rows.extend(
            (group(one.group_id), page.named(self._book.title(one.rule_id)), one.count) for one in figures.rules
        )
        tables = [lines, page.figures("totals", query.by, figures.totals, group), rules]
        return Download(await asyncio.to_thread(workbook, tables), XLSX, "quality.xlsx")

    async def _page(self, language: str) -> "_Page":
        people = {row.user_id: f"{row.work_number} {row.display_name or row.username}" async for row in User.all()}
        queues = {row.queue_id: row.title async for row in Queue.all()}
        departments = {one: made.title for one, (_, made) in self._organization.departments.current.items()}
        groups = {one: made.title for one, made in self._organization.current_groups.items()}
        return _Page(language, ZoneInfo(self._timezone()), people, queues, departments, groups)


@dataclass(frozen=True, slots=True)
class _Page:
    """Writes tables in one language, times in one zone."""

    language: str
    zone: ZoneInfo
    people: Mapping[str, str]
    queues: Mapping[str, Words]
    departments: Mapping[str, Words]
    groups: Mapping[str, Words]

    def table(self, title: str, columns: Iterable[str]) -> Table:
        return Table(self._word(title), [self._word(column) for column in columns])

    def summary(self, cases: Iterable[FullCase]) -> Table:
        table = self.table(
            "scores",
            ("agent", "queue", "channel", "ended_at", "sheet", "state", "score", "is_passed", "is_fatal", "remark",
             "scored_at", "conversation"),
        )  # fmt: skip
        for full in cases:
            case = full.case
            is_scored = case.score is not None
            table.rows.append((
                self.agent(case.agent_id), self.queue(case.queue_id or ""), case.channel, self._at(case.ended_at),
                self.named(full.sheet.title), self._word(f"state.{case.state}"), case.score,
                self._yes(case.is_passed) if is_scored else "", self._yes(case.is_fatal) if is_scored else "",
                full.remark, self._at(case.scored_at), case.conversation_id,
            ))  # fmt: skip
        return table

    def items(self, cases: Iterable[FullCase]) -> Table:
        columns = ("agent", "ended_at", "section", "item", "points", "given", "note", "conversation")
        table = self.table("items", columns)
        for full in cases:
            head = (self.agent(full.case.agent_id), self._at(full.case.ended_at))
            judged = self._judged(full, full.answers) if full.answers else []
            table.rows.extend((*head, *row, full.case.conversation_id) for row in judged)
        return table

    def judged(self, full: FullCase, answers: Mapping[str, Answer], title: str = "") -> Table:
        table = self.table("sheet", ("section", "item", "points", "given", "note"))
        table.rows.extend(self._judged(full, answers))
        return Table(title, table.headings, table.rows) if title else table

    def figures(self, title: str, by: str, lines: Iterable[ResultLine], group: Callable[[str], str]) -> Table:
        table = self.table(title, (by, "period", *_FIGURES))
        table.rows.extend((group(one.group_id), one.day, *(getattr(one, name) for name in _FIGURES)) for one in lines)
        return table

    def agent(self, user_id: str) -> str:
        return self.people.get(user_id, user_id)

    def department(self, department_id: str) -> str:
        return self.named(self.departments.get(department_id, {})) or department_id

    def agent_group(self, group_id: str) -> str:
        return self.named(self.groups.get(group_id, {})) or group_id

    def queue(self, queue_id: str) -> str:
        return self.named(self.queues.get(queue_id, {})) or queue_id

    def named(self, title: Words) -> str:
        return title.get(self.language) or next(iter(title.values()), "")

    def _judged(self, full: FullCase, answers: Mapping[str, Answer]) -> list[tuple[Cell, ...]]:
        return [
            (self.named(section.title), self._item(item), item.points, *self._given(item, answers.get(item.item_id)))
            for section in full.sheet.sections
            for item in section.items
        ]

    def _item(self, item: SheetItem) -> str:
        return f"{self.named(item.title)} ({self._word('is_fatal')})" if item.is_fatal else self.named(item.title)

    def _given(self, item: SheetItem, answer: Answer | None) -> tuple[Cell, str]:
        if answer is None:
            return None, ""
        if answer.share is None:
            return self._word("does_not_apply"), answer.note
        return round(item.points * answer.share, 2), answer.note

    def _at(self, at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(self.zone)

    def _yes(self, value: bool) -> str:
        return self._word("yes" if value else "no")

    def _word(self, key: str) -> str:
        return text(f"quality.{key}", self.language)
