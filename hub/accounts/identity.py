"""The person behind a call, as far as permissions go."""

from dataclasses import dataclass

from hub.errors import ApiError


@dataclass(frozen=True, slots=True)
class Identity:
    """A logged-in user, or nobody (``user_id`` empty) on public endpoints."""

    user_id: str = ""
    username: str = ""
    display_name: str = ""
    work_number: str = ""
    permissions: frozenset[str] = frozenset()
    queue_ids: frozenset[str] = frozenset()
    department_id: str = ""
    must_change_password: bool = False
    session_id: str = ""
    csrf: str = ""

    def may(self, permission: str) -> bool:
        """Whether this user has ``permission``."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise 403 ``forbidden`` unless this user has ``permission``."""
        if not self.may(permission):
            raise ApiError(403, "forbidden", f"needs permission {permission}")

    def sees_queue(self, queue_id: str | None) -> bool:
        """Whether work of this queue is this user's to see."""
        return self.may("queue.all") or (queue_id is not None and queue_id in self.queue_ids)
