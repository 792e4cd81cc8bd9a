"""Forms that agents fill in for a conversation, defined as data: fields, what may stand in them, what must."""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import FilledForm, FormValue
from core.ids import TOKEN
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.queues import Queues, Title
from hub.errors import ApiError
from hub.setup.definitions import Definitions, check_references, refuse
from hub.store.fields import SLUG_LENGTH
from hub.units import Units

FieldKind = Literal["text", "long_text", "number", "date", "time", "yes_no", "choice", "choices"]
Slug = Annotated[str, Meta(pattern=rf"^(?:{TOKEN.pattern})\Z", max_length=SLUG_LENGTH)]
QueueId = Annotated[str, Meta(max_length=SLUG_LENGTH, extra_json_schema={"x-ref": "queue"})]
Hint = Annotated[
    dict[Literal["zh", "en"], Annotated[str, Meta(max_length=300)]], Meta(extra_json_schema={"x-localized": True})
]

MAX_FIELDS: Final = 50
MAX_OPTIONS: Final = 100
TEXT_CHARS: Final = {"text": 500, "long_text": 4_000}
NUMBER: Final = re.compile(r"-?\d{1,15}([.]\d{1,6})?\Z")


class FormOption(Settings, frozen=True, kw_only=True):
    """One of the answers to choose from."""

    value: Slug
    title: Title


class FormField(Settings, frozen=True, kw_only=True):
    """One question; ``options`` belong to the kinds ``choice`` and ``choices``."""

    name: Slug
    title: Title
    kind: FieldKind = "text"
    hint: Hint = {}
    options: Annotated[tuple[FormOption, ...], Meta(max_length=MAX_OPTIONS)] = ()
    is_required: bool = False


class Form(Settings, frozen=True, kw_only=True):
    """A form; without ``queue_ids`` every queue offers it. Where one ``is_required``, no wrap-up goes without.

    The first that ``opens`` is before the agent as soon as they have a conversation of its queues.
    """

    title: Title
    queue_ids: Annotated[tuple[QueueId, ...], Meta(max_length=200)] = ()
    fields: Annotated[tuple[FormField, ...], Meta(min_length=1, max_length=MAX_FIELDS)]
    is_required: bool = False
    opens: bool = False
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    is_active: bool = True

    def __post_init__(self) -> None:
        faults = _repeated("fields", "name", [field.name for field in self.fields])
        for at, field in enumerate(self.fields):
            if field.kind in ("choice", "choices"):
                if not field.options:
                    faults[f"fields[{at}].options"] = "empty"
                faults |= _repeated(f"fields[{at}].options", "value", [option.value for option in field.options])
            elif field.options:
                faults[f"fields[{at}].options"] = "not of this kind"
        refuse(faults)

    def is_offered(self, queue_id: str | None) -> bool:
        """Whether agents fill it in for conversations of this queue."""
        return self.is_active and (not self.queue_ids or queue_id in self.queue_ids)


class FormAnswers(Settings, frozen=True, kw_only=True):
    """What an agent has filled in, by the names of fields; an empty value is none."""

    form_id: Annotated[str, Meta(max_length=SLUG_LENGTH)]
    values: Annotated[
        dict[
            Annotated[str, Meta(max_length=SLUG_LENGTH)],
            Annotated[str, Meta(max_length=4_000)]
            | Annotated[tuple[Annotated[str, Meta(max_length=SLUG_LENGTH)], ...], Meta(max_length=MAX_OPTIONS)],
        ],
        Meta(max_length=MAX_FIELDS),
    ] = {}


class FormView(msgspec.Struct, frozen=True, kw_only=True):
    """A form in force."""

    form_id: str
    version: int
    form: Form


class Forms:
    """The forms of this hub, and what agents fill in."""

    def __init__(self, units: Units, audit: Audit, queues: Queues) -> None:
        self.definitions = Definitions("form", Form, units, audit)
        self._queues = queues

    def all(self) -> list[FormView]:
        """Return every form in the order of the desk, those that are off too."""
        views = [
            FormView(form_id=form_id, version=version, form=form)
            for form_id, (version, form) in self.definitions.current.items()
        ]
        return sorted(views, key=lambda view: (view.form.position, view.form_id))

    async def save(self, identity: Identity, form_id: str, form: Form, *, remote: str = "") -> FormView:
        """Put a form in force; what was filled in before keeps the version it had."""
        refuse(check_references("queue_ids", form.queue_ids, self._queues))
        version, saved = await self.definitions.save(identity, form_id, form, remote=remote)
        return FormView(form_id=form_id, version=version, form=saved)

    def fill_in(self, queue_id: str | None, answers: FormAnswers, *, is_whole: bool) -> FilledForm | None:
        """Return what is to be stored, None when nothing is filled in; 422 names every value that cannot stand.

        Unless it ``is_whole`` an agent is still at it, and nothing is missed.
        """
        if not answers.form_id:
            return None
        version, form = self.definitions.current.get(answers.form_id, (0, None))
        if form is None or not form.is_offered(queue_id):
            raise ApiError(422, "invalid", "no such form here", fields={"form.form_id": "unknown"})
        values = {name: value for name, value in answers.values.items() if value}
        faults = faults_of(form, values, is_whole=is_whole)
        if faults:
            fields = {f"form.values.{name}": fault for name, fault in faults.items()}
            raise ApiError(422, "invalid", "the form cannot stand like this", fields=fields)
        return FilledForm(form_id=answers.form_id, version=version, values=values) if values or is_whole else None

    def check_end(self, queue_id: str | None, filled: dict[str, Any] | None) -> None:
        """Raise 422 when a conversation of this queue may not be closed with what is ``filled`` in."""
        offered = {view.form_id: view.form for view in self.all() if view.form.is_offered(queue_id)}
        required = {form_id for form_id, form in offered.items() if form.is_required}
        form = None if filled is None else offered.get(filled["form_id"])
        if filled is None or form is None:  # what is not asked for here any more is neither checked nor enough
            faults = {"form.form_id": "missing"} if required else {}
        else:
            missing = faults_of(form, filled["values"], is_whole=True)
            faults = {f"form.values.{name}": fault for name, fault in missing.items()}
            if required and filled["form_id"] not in required:
                faults["form.form_id"] = "missing"
        if faults:
            raise ApiError(422, "invalid", "a form is not filled in", fields=faults)


def faults_of(form: Form, values: Mapping[str, FormValue], *, is_whole: bool) -> dict[str, str]:
    """Return what is wrong with ``values`` by field; with ``is_whole`` also what is missing."""
    fields = {field.name: field for field in form.fields}
    faults = dict.fromkeys(values.keys() - fields.keys(), "unknown")
    for name, field in fields.items():
        if name in values:
            if fault := _fault(field, values[name]):
                faults[name] = fault
        elif is_whole and field.is_required:
            faults[name] = "missing"
    return faults


def _fault(field: FormField, value: FormValue) -> str:
    known = {option.value for option in field.options} if field.options else {"yes", "no"}
    if field.kind == "choices" or not isinstance(value, str):
        is_choice = field.kind == "choices" and not isinstance(value, str) and known.issuperset(value)
        return "" if is_choice else "unknown"
    match field.kind:
        case "text" | "long_text":
            return "too_long" if len(value) > TEXT_CHARS[field.kind] else ""
        case "number":
            return "" if NUMBER.match(value) else "not a number"
        case "date" | "time":
            return _unreadable(date.fromisoformat if field.kind == "date" else time.fromisoformat, value)
        case "yes_no" | "choice":
            return "" if value in known else "unknown"


def _unreadable(read: Callable[[str], object], value: str) -> str:
    try:
        read(value)
    except ValueError:
        return "not a date or time"
    return ""


def _repeated(path: str, field: str, names: list[str]) -> dict[str, str]:
    return {f"{path}[{at}].{field}": "duplicate" for at, name in enumerate(names) if name in names[:at]}
