"""Who is told of a work order."""

from collections.abc import Iterable

from hub.accounts.identities import identities_of
from hub.setup.organization import Organization
from hub.store.models import User


async def answering(organization: Organization, department_id: str) -> list[str]:
    """Return who answers the department's orders; where nobody does, who answers for the one above it."""
    for one in organization.with_those_above(department_id):
        members = await User.filter(department_id=one, is_active=True).order_by("work_number")
        found = [member.user_id for member in await identities_of(members) if member.may("work_order.answer")]
        if found:
            return found
    return []


async def with_roles(role_ids: Iterable[str]) -> list[str]:
    """Return everybody who has one of the roles."""
    wanted = set(role_ids)
    active = await User.filter(is_active=True).order_by("work_number")
    return [user.user_id for user in active if not wanted.isdisjoint(user.role_ids)]
