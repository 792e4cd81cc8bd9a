"""What the forms that agents fill in come to: answers counted field by field, and every form as a line of a table."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from math import isfinite
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from core.events import FormValue
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError, not_found
from hub.exporting import Wording, as_file
from hub.quality.results import Moment
from hub.setup.forms import FieldKind, Form, FormField, Forms
from hub.store.fields import SLUG_LENGTH
from hub.store.models import Conversation
from hub.tables import Cell, Download, FileFormat, Table

MOST_DAYS: Final = 400
MOST_FORMS: Final = 20_000  # in one file
CHUNK: Final = 1_000  # rows read at once
_HEAD: Final = ("closed_at", "agent", "queue", "channel", "code", "conversation")
_YES_NO: Final = ("yes", "no")


class FormFiguresQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of conversations that were closed from ``begin`` on and before ``end``, in one queue or in all one sees."""

    form_id: Annotated[str, Meta(max_length=SLUG_LENGTH)]
    begin: Moment
    end: Moment
    queue_id: Annotated[str, Meta(max_length=SLUG_LENGTH)] = ""


class AnswerCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often one of the answers was chosen; an answer that the form has no more has no title."""

    value: str
    title: dict[str, str] = {}
    count: int = 0


class FieldFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One field: how many answered it, each answer to choose from, and of numbers the least, most and mean."""

    name: str
    title: dict[str, str]
    kind: FieldKind
    answered: int
    answers: list[AnswerCount] = []
    least: float | None = None
    most: float | None = None
    mean: float | None = None


class FormFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A form: how many were filled in, and its fields in their order, those of earlier versions last."""

    form_id: str
    filled: int
    fields: list[FieldFigures]


class FormReports:
    """Counts filled forms, and writes them into a file; every file stands in the audit log."""

    def __init__(self, forms: Forms, audit: Audit, timezone: Callable[[], str]) -> None:
        self._forms = forms
        self._audit = audit
        self._timezone = timezone

    async def figures(self, identity: Identity, query: FormFiguresQuery) -> FormFigures:
        """Return what was filled in; 404 when there is no such form, 422 for more than ``MOST_DAYS`` days."""
        fields = await self._fields(query)
        counts = {name: _Count(field) for name, field in fields.items()}
        filled = 0
        async for _, values in _filled(identity, query):
            filled += 1
            for name in values.keys() & counts.keys():
                counts[name].add(values[name])
        return FormFigures(form_id=query.form_id, filled=filled, fields=[counts[name].figures(name) for name in fields])

    async def export(
        self, identity: Identity, query: FormFiguresQuery, form: FileFormat, language: str, *, remote: str
    ) -> Download:
        """Return every filled form as a line, and in Excel the counts too; 422 ``too_many``."""
        fields = await self._fields(query)
        wording = await Wording.load("form_figures", language, self._timezone())
        headings = [*map(wording.word, _HEAD), *(wording.named(field.title) or name for name, field in fields.items())]
        table = Table(wording.word("forms"), headings)
        async for row, values in _filled(identity, query):
            cells = [_cell(wording, field, values.get(name)) for name, field in fields.items()]
            table.rows.append((*_head(wording, row), *cells))
            if len(table.rows) > MOST_FORMS:
                raise ApiError(422, "too_many", f"more than {MOST_FORMS} forms; ask for a shorter time")
        await self._audit.note(identity, "form.export", "form", query.form_id, remote=remote)
        figures = await self.figures(identity, query)
        return await as_file([table, _counted(wording, figures.fields)], form, f"form-{query.form_id}")

    async def _fields(self, query: FormFiguresQuery) -> dict[str, FormField]:
        """Return the form's fields with all answers they ever had; those of today first."""
        if query.end - query.begin > timedelta(days=MOST_DAYS):
            raise ApiError(422, "invalid", "too long a time", fields={"end": f"at most {MOST_DAYS} days"})
        if query.form_id not in self._forms.definitions.current:
            raise not_found("form")
        found: dict[str, FormField] = {}
        for one in await self._forms.definitions.versions(query.form_id):
            for field in msgspec.convert(one.definition, Form).fields:
                newer = found.get(field.name)
                found[field.name] = field if newer is None else _with_options(newer, field)
        return found


class _Count:
    """Adds up the answers to one field."""

    def __init__(self, field: FormField) -> None:
        self._field = field
        self._answered = 0
        self._chosen: Counter[str] = Counter()
        self._numbers: list[float] = []

    def add(self, value: FormValue) -> None:
        self._answered += 1
        match self._field.kind:
            case "choice" | "yes_no" | "choices":
                self._chosen.update([value] if isinstance(value, str) else value)
            case "number":
                if (number := _number(value)) is not None:
                    self._numbers.append(number)
            case _:
                pass

    def figures(self, name: str) -> FieldFigures:
        numbers = self._numbers
        titles = {option.value: dict[str, str](option.title.items()) for option in self._field.options}
        values = [*titles, *sorted(self._chosen.keys() - titles.keys())]
        if self._field.kind == "yes_no":
            values = list(_YES_NO)
        return FieldFigures(
            name=name,
            title=dict[str, str](self._field.title.items()),
            kind=self._field.kind,
            answered=self._answered,
            answers=[AnswerCount(value=one, title=titles.get(one, {}), count=self._chosen[one]) for one in values],
            least=min(numbers, default=None),
            most=max(numbers, default=None),
            mean=round(sum(numbers) / len(numbers), 3) if numbers else None,
        )


async def _filled(
    identity: Identity, query: FormFiguresQuery
) -> AsyncIterator[tuple[Mapping[str, Any], Mapping[str, FormValue]]]:
    """Yield the conversations of the time with what was filled in, a chunk at a time, in the order they began."""
    rows = Conversation.filter(closed_at__gte=query.begin, closed_at__lt=query.end, form__isnull=False)
    if not identity.may("queue.all"):
        rows = rows.filter(queue_id__in=sorted(identity.queue_ids))
    if query.queue_id:
        rows = rows.filter(queue_id=query.queue_id)
    last = ""
    columns = ("conversation_id", "closed_at", "agent_id", "queue_id", "channel", "wrap_up_code", "form")
    while (
        found := await rows.filter(conversation_id__gt=last).order_by("conversation_id").limit(CHUNK).values(*columns)
    ):
        last = found[-1]["conversation_id"]
        for row in found:
            if row["form"] and row["form"]["form_id"] == query.form_id:
                yield row, row["form"].get("values", {})


def _with_options(newer: FormField, older: FormField) -> FormField:
    known = {option.value for option in newer.options}
    return msgspec.structs.replace(
        newer, options=(*newer.options, *(option for option in older.options if option.value not in known))
    )


def _head(wording: Wording, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        wording.at(row["closed_at"]), wording.agent(row["agent_id"] or ""), wording.queue(row["queue_id"]),
        row["channel"], row["wrap_up_code"] or "", row["conversation_id"],
    )  # fmt: skip


def _cell(wording: Wording, field: FormField, value: FormValue | None) -> Cell:
    if value is None:
        return None
    values = [value] if isinstance(value, str) else value
    if field.kind == "number" and (number := _number(value)) is not None:
        return number
    return ", ".join(map(partial(_title, wording, field), values))


def _number(value: FormValue) -> float | None:
    """Return the number that ``value`` is; an answer from when the field was of another kind may be none."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if isfinite(number) else None


def _title(wording: Wording, field: FormField, value: str) -> str:
    if field.kind == "yes_no":
        return wording.yes(value == "yes")
    option = next((one for one in field.options if one.value == value), None)
    return (wording.named(option.title) or value) if option else value


def _counted(wording: Wording, fields: Iterable[FieldFigures]) -> Table:
    table = Table(wording.word("counts"), [wording.word(one) for one in ("field", "answer", "count")])
    for field in fields:
        title = wording.named(field.title) or field.name
        table.rows.append((title, "", field.answered))
        for one in field.answers:
            name = wording.yes(one.value == "yes") if field.kind == "yes_no" else wording.named(one.title) or one.value
            table.rows.append((title, name, one.count))
        for name in ("least", "most", "mean") if field.mean is not None else ():
            table.rows.append((title, wording.word(name), getattr(field, name)))
    return table
