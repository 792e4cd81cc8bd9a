"""What a user may do now, whether they are logged in or not."""

from hub.accounts.identity import Identity
from hub.accounts.permissions import effective
from hub.store.models import Role, User


async def identity_of(user: User) -> Identity:
    """Return a user's identity, without a session."""
    roles = await Role.filter(role_id__in=user.role_ids)
    return Identity(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        work_number=user.work_number,
        permissions=effective([role.permissions for role in roles], user.granted, user.denied),
        queue_ids=frozenset(user.queue_ids),
        department_id=user.department_id,
        must_change_password=user.must_change_password,
    )
