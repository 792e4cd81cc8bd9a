"""Scores to take away: one score sheet, all that match a search, and the figures of a time, as Excel or CSV."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.exporting import Wording, Words, as_file, every_page
from hub.quality.cases import Cases, FullCase
from hub.quality.results import CasesQuery, ResultLine, ResultsQuery, find_cases, results
from hub.quality.sheets import Answer, SheetItem
from hub.service_rules.book import RuleBook
from hub.setup.organization import Organization
from hub.tables import Cell, Download, FileFormat, Table

MAX_CASES: Final = 2_000
_FIGURES: Final = ("scored", "mean", "passed", "fatal", "appealed", "upheld", "checked", "findings", "kept", "sourced")


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
        return await as_file(tables, "xlsx", f"score-{case_id[:8]}")

    async def cases(
        self, identity: Identity, query: CasesQuery, form: FileFormat, language: str, *, remote: str
    ) -> Download:
        """Return all that ``find_cases`` finds: a line each and, in Excel, every item; 422 ``too_many``."""
        views = await every_page(find_cases, query, most=MAX_CASES, what="scores")
        found = [await self._cases.full(view.case_id) for view in views]
        page = await self._page(language)
        await self._audit.note(identity, "case.export", "case", "", remote=remote)
        return await as_file([page.summary(found), page.items(found)], form, "scores")

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
        rules = page.table("rules", (query.by, "rule", "count"))
        rules.rows.extend(
            (group(one.group_id), page.named(self._book.title(one.rule_id)), one.count) for one in figures.rules
        )
        tables = [lines, page.figures("totals", query.by, figures.totals, group), rules]
        return await as_file(tables, form, "quality")

    async def _page(self, language: str) -> "_Page":
        departments = {one: made.title for one, (_, made) in self._organization.departments.current.items()}
        groups = {one: made.title for one, made in self._organization.current_groups.items()}
        return await _Page.load("quality", language, self._timezone(), departments=departments, groups=groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page(Wording):
    """Writes the tables of scores."""

    departments: Mapping[str, Words]
    groups: Mapping[str, Words]

    def table(self, title: str, columns: Iterable[str]) -> Table:
        return Table(self.word(title), [self.word(column) for column in columns])

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
                self.agent(case.agent_id), self.queue(case.queue_id), case.channel, self.at(case.ended_at),
                self.named(full.sheet.title), self.word(f"state.{case.state}"), case.score,
                self.yes(case.is_passed) if is_scored else "", self.yes(case.is_fatal) if is_scored else "",
                full.remark, self.at(case.scored_at), case.conversation_id,
            ))  # fmt: skip
        return table

    def items(self, cases: Iterable[FullCase]) -> Table:
        columns = ("agent", "ended_at", "section", "item", "points", "given", "note", "conversation")
        table = self.table("items", columns)
        for full in cases:
            head = (self.agent(full.case.agent_id), self.at(full.case.ended_at))
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

    def department(self, department_id: str) -> str:
        return self.named(self.departments.get(department_id, {})) or department_id

    def agent_group(self, group_id: str) -> str:
        return self.named(self.groups.get(group_id, {})) or group_id

    def _judged(self, full: FullCase, answers: Mapping[str, Answer]) -> list[tuple[Cell, ...]]:
        return [
            (self.named(section.title), self._item(item), item.points, *self._given(item, answers.get(item.item_id)))
            for section in full.sheet.sections
            for item in section.items
        ]

    def _item(self, item: SheetItem) -> str:
        return f"{self.named(item.title)} ({self.word('is_fatal')})" if item.is_fatal else self.named(item.title)

    def _given(self, item: SheetItem, answer: Answer | None) -> tuple[Cell, str]:
        if answer is None:
            return None, ""
        if answer.share is None:
            return self.word("does_not_apply"), answer.note
        return round(item.points * answer.share, 2), answer.note
