"""Departments, skills and groups of agents."""

import msgspec

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.setup.organization import AgentGroup, Department, DepartmentView, GroupView, Skill, SkillView

api = Endpoints()


class DepartmentList(msgspec.Struct, frozen=True):
    """Every department, closed ones too."""

    items: list[DepartmentView]


class SkillList(msgspec.Struct, frozen=True):
    """Every skill, retired ones too."""

    items: list[SkillView]


class GroupList(msgspec.Struct, frozen=True):
    """Every group and its members, retired ones too."""

    items: list[GroupView]


@api.add("GET", "/api/v1/departments", "admin.users", answer=DepartmentList)
async def list_departments(services: Services, call: Call[NoBody]) -> DepartmentList:
    """List every department."""
    return DepartmentList(services.organization.all_departments())


@api.add("PUT", "/api/v1/departments/{department_id}", "admin.users", body=Department, answer=DepartmentView)
async def save_department(services: Services, call: Call[Department]) -> DepartmentView:
    """Make, change or close a department."""
    saved = await services.organization_editor.save_department(
        call.identity, call.path["department_id"], call.body, remote=call.remote
    )
    await services.desk.renew_setup()
    return saved


@api.add("GET", "/api/v1/skills", "admin.users", answer=SkillList)
async def list_skills(services: Services, call: Call[NoBody]) -> SkillList:
    """List every skill."""
    return SkillList(services.organization.all_skills())


@api.add("PUT", "/api/v1/skills/{skill_id}", "admin.users", body=Skill, answer=SkillView)
async def save_skill(services: Services, call: Call[Skill]) -> SkillView:
    """Make, change or retire a skill."""
    return await services.organization_editor.save_skill(
        call.identity, call.path["skill_id"], call.body, remote=call.remote
    )


@api.add("GET", "/api/v1/agent-groups", "admin.users", answer=GroupList)
async def list_groups(services: Services, call: Call[NoBody]) -> GroupList:
    """List every group of agents."""
    return GroupList(await services.organization.all_groups())


@api.add("PUT", "/api/v1/agent-groups/{group_id}", "admin.users", body=AgentGroup, answer=GroupView)
async def save_group(services: Services, call: Call[AgentGroup]) -> GroupView:
    """Make, change or retire a group; its members serve what it serves from now on."""
    group = await services.organization_editor.save_group(
        call.identity, call.path["group_id"], call.body, remote=call.remote
    )
    services.sessions.forget_all()
    services.desk.refresh()
    return group
