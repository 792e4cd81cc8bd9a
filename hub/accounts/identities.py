"""What a user may do now, whether they are logged in or not."""

from collections.abc import Iterable, Mapping

from hub.accounts.identity import Identity
from hub.accounts.permissions import effective
from hub.store.models import Role, User


async def identity_of(user: User) -> Identity:
    """Return a user's identity, without a session."""
    return _identity(user, {role.role_id: role async for role in Role.filter(role_id__in=user.role_ids)})


async def identities_of(users: Iterable[User]) -> list[Identity]:
    """Return the users' identities, without sessions; the roles are read once."""
    roles = {role.role_id: role async for role in Role.all()}
    return [_identity(user, roles) for user in users]


def _identity(user: User, roles: Mapping[str, Role]) -> Identity:
    own = [roles[role_id].permissions for role_id in user.role_ids if role_id in roles]
    return Identity(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        work_number=user.work_number,
        permissions=effective(own, user.granted, user.denied),
        queue_ids=frozenset(user.queue_ids),
        department_id=user.department_id,
        must_change_password=user.must_change_password,
    )
