"""Changes departments, skills and groups; a group's members serve what it serves in the same unit of work."""

from collections.abc import Mapping

from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queues import Queues
from hub.setup.definitions import check_references, refuse
from hub.setup.organization import (
    SETTLED,
    AgentGroup,
    Department,
    DepartmentView,
    GroupView,
    Organization,
    Skill,
    SkillView,
    settle,
)
from hub.setup.slugs import check_slug
from hub.store.models import User
from hub.units import Unit, Units


class OrganizationEditor:
    """What administrators do to departments, skills and groups; none is deleted, for people were in it."""

    def __init__(
        self, units: Units, audit: Audit, organization: Organization, *, queues: Queues, dispatcher: Dispatcher
    ) -> None:
        self._units = units
        self._audit = audit
        self._organization = organization
        self._queues = queues
        self._dispatcher = dispatcher

    async def save_department(
        self, identity: Identity, department_id: str, department: Department, *, remote: str = ""
    ) -> DepartmentView:
        """Put a department in force; ConfigInvalid when it would stand below itself or below nothing."""
        departments = self._organization.departments
        parents = {one: known.parent for one, (_, known) in departments.current.items()}
        refuse(parent_faults({**parents, department_id: department.parent}, department_id))
        version, saved = await departments.save(identity, department_id, department, remote=remote)
        return DepartmentView(department_id=department_id, version=version, department=saved)

    async def save_skill(self, identity: Identity, skill_id: str, skill: Skill, *, remote: str = "") -> SkillView:
        """Put a skill in force."""
        version, saved = await self._organization.skills.save(identity, skill_id, skill, remote=remote)
        return SkillView(skill_id=skill_id, version=version, skill=saved)

    async def save_group(self, identity: Identity, group_id: str, group: AgentGroup, *, remote: str = "") -> GroupView:
        """Put a group in force; ConfigInvalid names queues that there are not."""
        check_slug("id", group_id)
        refuse(check_references("queue_ids", group.queue_ids, self._queues))
        groups = self._organization.groups
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            if changed := await groups.write(unit, identity, {group_id: group}):
                version, _ = changed[group_id]
                await self._audit.record(
                    identity, "agent_group.save", "agent_group", group_id, remote=remote, version=version
                )
                await self.regroup(unit, self._organization.current_groups)
        return next(view for view in await self._organization.all_groups() if view.group_id == group_id)

    async def regroup(self, unit: Unit, groups: Mapping[str, AgentGroup]) -> None:
        """Give everybody the queues and skills of their groups as ``groups`` are now."""
        for user in await User.all():
            if user.group_ids and settle(user, groups):
                await user.save(update_fields=list(SETTLED))
                await self._dispatcher.know_agent(unit, user)


def parent_faults(parents: Mapping[str, str], department_id: str) -> dict[str, str]:
    """Return what is wrong with the place of a department among ``parents``."""
    above, passed = parents[department_id], {department_id}
    if above and above not in parents:
        return {"parent": "unknown"}
    while above:
        if above in passed:
            return {"parent": "below itself"}
        passed.add(above)
        above = parents.get(above, "")
    return {}
