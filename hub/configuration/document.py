"""The language of the configuration file (JSON): docs/configuration.md."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.ids import TOKEN
from hub.accounts.users import Capacity, DepartmentId, GroupIds, Name, Username, WorkNumber
from hub.calls.recordings import RecordingRules
from hub.dispatch.queues import QueueSettings, Title
from hub.figures.settings import WallboardSettings
from hub.outreach.consent import TopicEdit
from hub.outreach.settings import OutreachSettings
from hub.outreach.templates import KindEdit, TemplateEdit
from hub.quality.sampling import SamplingPlan
from hub.quality.sheets import ScoreSheet
from hub.service_rules.rules import Rule
from hub.setup.away_reasons import ReasonEdit
from hub.setup.calendars import CalendarSettings
from hub.setup.forms import Form
from hub.setup.named_numbers import NamedNumber
from hub.setup.organization import AgentGroup, Department, Level, Skill
from hub.setup.tags import Tag
from hub.setup.wrap_up_codes import CodeEdit
from hub.work_orders.settings import WorkOrderSettings

Id = Annotated[str, Meta(pattern=rf"^(?:{TOKEN.pattern})\Z")]
UserTitle = dict[str, Annotated[str, Meta(min_length=1, max_length=64)]]


class QueuePart(Settings, frozen=True, kw_only=True):
    """A queue."""

    title: Title
    rules: QueueSettings = QueueSettings()
    is_active: bool = True


class CalendarPart(Settings, frozen=True, kw_only=True):
    """A calendar."""

    title: Title
    rules: CalendarSettings = CalendarSettings()


class RolePart(Settings, frozen=True, kw_only=True):
    """A role and what it permits."""

    title: UserTitle
    permissions: tuple[str, ...] = ()


class UserPart(Settings, frozen=True, kw_only=True):
    """An account by its user name; passwords are never in the file."""

    display_name: Name
    work_number: WorkNumber
    role_ids: tuple[str, ...] = ("agent",)
    department_id: DepartmentId = ""
    group_ids: GroupIds = ()
    queue_ids: tuple[str, ...] = ()
    skills: dict[str, Level] = {}
    capacities: dict[str, Capacity] = {}
    granted: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    language: Annotated[str, Meta(max_length=35)] = ""
    is_active: bool = True


class InstancePart(Settings, frozen=True, kw_only=True):
    """A configured plugin; a secret that reads ``***`` stays what it is."""

    plugin: Id
    is_enabled: bool = False
    settings: dict[str, Any] = {}


class ConnectorPart(Settings, frozen=True, kw_only=True):
    """An outside system that flows ask; a secret that reads ``***`` stays what it is."""

    settings: dict[str, Any]


class SettingsPart(Settings, frozen=True, kw_only=True):
    """What there is one of; what is null is left alone."""

    wallboard: WallboardSettings | None = None
    outreach: OutreachSettings | None = None
    recordings: RecordingRules | None = None
    work_orders: WorkOrderSettings | None = None


class BeginningPart(Settings, frozen=True, kw_only=True):
    """Where contacts of a channel begin."""

    flow: str = ""
    queue: str = ""


class Configuration(Settings, frozen=True, kw_only=True):
    """Everything administrators decide, by section and id; what is not named is left alone."""

    format: Literal[1] = 1
    calendars: dict[Id, CalendarPart] = {}
    queues: dict[Id, QueuePart] = {}
    wrap_up_codes: dict[Id, CodeEdit] = {}
    away_reasons: dict[Id, ReasonEdit] = {}
    tags: dict[Id, Tag] = {}
    forms: dict[Id, Form] = {}
    template_kinds: dict[Id, KindEdit] = {}
    templates: dict[Id, TemplateEdit] = {}
    topics: dict[Id, TopicEdit] = {}
    departments: dict[Id, Department] = {}
    skills: dict[Id, Skill] = {}
    agent_groups: dict[Id, AgentGroup] = {}
    named_numbers: dict[Id, NamedNumber] = {}
    roles: dict[Id, RolePart] = {}
    users: dict[Username, UserPart] = {}
    connectors: dict[Id, ConnectorPart] = {}
    flows: dict[Id, dict[str, Any]] = {}
    service_rules: dict[Id, Rule] = {}
    score_sheets: dict[Id, ScoreSheet] = {}
    sampling_plans: dict[Id, SamplingPlan] = {}
    instances: dict[Id, InstancePart] = {}
    entries: dict[Annotated[str, Meta(min_length=1, max_length=200)], BeginningPart] = {}
    settings: SettingsPart = SettingsPart()


SECTIONS: Final = tuple(name for name in Configuration.__struct_fields__ if name != "format")


class FieldChange(msgspec.Struct, frozen=True):
    """One value that differs, as JSON; empty where there is none."""

    path: str
    before: str
    after: str


class Change(msgspec.Struct, frozen=True):
    """What becomes of one object."""

    section: str
    id: str
    is_new: bool
    fields: list[FieldChange]


def compare(before: Configuration, after: Configuration) -> list[Change]:
    """Return what applying ``after`` changes of ``before``."""
    changes = []
    for section in SECTIONS:
        old, new = objects(before, section), objects(after, section)
        for one, wanted in new.items():
            known = msgspec.to_builtins(old[one]) if one in old else {}
            fields = _differences(known, msgspec.to_builtins(wanted), "")
            if fields or one not in old:
                changes.append(Change(section, one, one not in old, fields))
    return changes


def objects(configuration: Configuration, section: str) -> dict[str, Any]:
    """Return what a section names, by id."""
    part = getattr(configuration, section)
    if isinstance(part, SettingsPart):
        named = {name: getattr(part, name) for name in part.__struct_fields__}
        return {name: settings for name, settings in named.items() if settings is not None}
    return dict(part)


def _differences(before: Any, after: Any, path: str) -> list[FieldChange]:
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*after, *(name for name in before if name not in after)]
        return [
            change
            for name in names
            for change in _differences(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
        ]
    return [
        FieldChange(path, *("" if one is None else msgspec.json.encode(one).decode()[:500] for one in (before, after)))
    ]
