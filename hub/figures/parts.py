"""The parts of the floor that are looked at by themselves: sites, groups of agents, departments."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from core.events import AgentView
from hub.dispatch.queues import Title
from hub.figures.settings import Site
from hub.figures.views import PartBoard, PartKind
from hub.setup.organization import Department, Organization


def parts_of(
    sites: Iterable[Site], organization: Organization, queue_ids: Collection[str], agents: Sequence[AgentView]
) -> tuple[PartBoard, ...]:
    """Return the parts of which somebody who sees these queues and agents sees something, still without their sums."""
    return (*_sites(sites, queue_ids, agents), *_staff(organization, queue_ids, agents))


def _sites(sites: Iterable[Site], queue_ids: Collection[str], agents: Sequence[AgentView]) -> Iterator[PartBoard]:
    for site in sites:
        seen = tuple(one for one in site.queue_ids if one in queue_ids)
        if seen:
            here = tuple(one.agent_id for one in agents if _works_at(site, one))
            yield PartBoard(kind="site", part_id=site.site_id, title=site.title, queue_ids=seen, agent_ids=here)


def _works_at(site: Site, agent: AgentView) -> bool:
    if site.work_numbers:
        return agent.work_number in site.work_numbers
    return not set(site.queue_ids).isdisjoint(agent.queue_ids)


def _staff(organization: Organization, queue_ids: Collection[str], agents: Sequence[AgentView]) -> Iterator[PartBoard]:
    """Yield groups and departments with somebody in them; their queues are those that these people serve."""
    for group_id, group in sorted(organization.current_groups.items()):
        if group.is_active and (here := [one for one in agents if group_id in one.group_ids]):
            served = set(group.queue_ids) or _served(here)
            yield _people("group", group_id, group.title, served.intersection(queue_ids), here)
    departments = {name: one for name, (_, one) in organization.departments.current.items()}
    above = {name: _above(name, departments) for name in departments}
    for department_id, department in sorted(departments.items()):
        here = [one for one in agents if department_id in above.get(one.department_id, ())]
        if department.is_active and here:
            served = _served(here).intersection(queue_ids)
            yield _people("department", department_id, department.title, served, here)


def _people(
    kind: PartKind, part_id: str, title: Title, queue_ids: Iterable[str], here: Sequence[AgentView]
) -> PartBoard:
    return PartBoard(
        kind=kind,
        part_id=part_id,
        title=dict[str, str](title.items()),
        queue_ids=tuple(sorted(queue_ids)),
        agent_ids=tuple(one.agent_id for one in here),
    )


def _served(agents: Iterable[AgentView]) -> set[str]:
    return {queue_id for one in agents for queue_id in one.queue_ids}


def _above(department_id: str, departments: Mapping[str, Department]) -> frozenset[str]:
    """Return a department and those it belongs to."""
    found: set[str] = set()
    while department_id in departments and department_id not in found:
        found.add(department_id)
        department_id = departments[department_id].parent
    return frozenset(found)
