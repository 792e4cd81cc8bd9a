"""How the staff is organized: departments, skills, and groups that give their members queues and skills."""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.audit import Audit
from hub.dispatch.queues import Title
from hub.setup.definitions import Definitions
from hub.store.fields import SLUG_LENGTH
from hub.store.models import User
from hub.units import Units

QueueId = Annotated[str, Meta(max_length=SLUG_LENGTH, extra_json_schema={"x-ref": "queue"})]
DepartmentId = Annotated[str, Meta(max_length=SLUG_LENGTH, extra_json_schema={"x-ref": "department"})]
SkillId = Annotated[str, Meta(min_length=1, max_length=SLUG_LENGTH)]
Level = Annotated[int, Meta(ge=1, le=5)]

SETTLED: Final = ("queue_ids", "skills", "own_queue_ids", "own_skills")  # columns of a user that ``settle`` sets


class Department(Settings, frozen=True, kw_only=True):
    """A unit of the organization; those below one belong to it. An empty ``parent``: it stands at the top."""

    title: Title
    parent: DepartmentId = ""
    is_active: bool = True


class Skill(Settings, frozen=True, kw_only=True):
    """What agents can do, with a level each; queues ask for it by its id."""

    title: Title
    is_active: bool = True


class AgentGroup(Settings, frozen=True, kw_only=True):
    """Agents who serve the same queues: its members have them, and its skills, beside their own."""

    title: Title
    queue_ids: Annotated[tuple[QueueId, ...], Meta(max_length=200)] = ()
    skills: dict[SkillId, Level] = {}
    is_active: bool = True


class DepartmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A department in force."""

    department_id: str
    version: int
    department: Department


class SkillView(msgspec.Struct, frozen=True, kw_only=True):
    """A skill in force."""

    skill_id: str
    version: int
    skill: Skill


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group in force, and who is in it."""

    group_id: str
    version: int
    group: AgentGroup
    member_ids: list[str]


class Organization:
    """The departments, skills and groups in force."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self.departments = Definitions("department", Department, units, audit)
        self.skills = Definitions("skill", Skill, units, audit)
        self.groups = Definitions("agent_group", AgentGroup, units, audit)

    @property
    def current_groups(self) -> dict[str, AgentGroup]:
        """The groups in force by id."""
        return {group_id: group for group_id, (_, group) in self.groups.current.items()}

    def all_departments(self) -> list[DepartmentView]:
        """Return every department."""
        return [
            DepartmentView(department_id=department_id, version=version, department=department)
            for department_id, (version, department) in sorted(self.departments.current.items())
        ]

    def with_those_above(self, department_id: str) -> tuple[str, ...]:
        """Return a department and those it belongs to, from below; none for an empty id."""
        found: list[str] = []
        while department_id and department_id not in found:
            found.append(department_id)
            _, department = self.departments.current.get(department_id, (0, None))
            department_id = department.parent if department is not None else ""
        return tuple(found)

    def with_those_below(self, department_id: str) -> list[str]:
        """Return a department and all that belong to it; none for an empty id."""
        if not department_id:
            return []
        return [
            department_id,
            *(one for one in self.departments.current if department_id in self.with_those_above(one)[1:]),
        ]

    def all_skills(self) -> list[SkillView]:
        """Return every skill."""
        return [
            SkillView(skill_id=skill_id, version=version, skill=skill)
            for skill_id, (version, skill) in sorted(self.skills.current.items())
        ]

    async def all_groups(self) -> list[GroupView]:
        """Return every group with its members."""
        users = await User.all().order_by("work_number")
        return [
            GroupView(
                group_id=group_id,
                version=version,
                group=group,
                member_ids=[user.user_id for user in users if group_id in (user.group_ids or ())],
            )
            for group_id, (version, group) in sorted(self.groups.current.items())
        ]


def own(user: User) -> tuple[list[str], dict[str, int]]:
    """Return the queues and skills a user has without any group."""
    return (
        user.queue_ids if user.own_queue_ids is None else user.own_queue_ids,
        user.skills if user.own_skills is None else user.own_skills,
    )


def settle(user: User, groups: Mapping[str, AgentGroup]) -> bool:
    """Put together what a user serves, of their own and of their groups; return whether it is something else now."""
    before = user.queue_ids, user.skills
    user.own_queue_ids, user.own_skills = own(user)
    mine = [groups[one] for one in user.group_ids or () if one in groups and groups[one].is_active]
    user.queue_ids = list(dict.fromkeys([*user.own_queue_ids, *(one for group in mine for one in group.queue_ids)]))
    user.skills = dict(user.own_skills)
    for group in mine:
        for skill, level in group.skills.items():
            user.skills[skill] = max(level, user.skills.get(skill, 0))
    return before != (user.queue_ids, user.skills)
