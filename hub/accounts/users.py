"""User accounts and roles, as administrators keep them."""

from collections.abc import Collection, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.clock import Clock
from core.config import Settings
from core.errors import ConfigInvalid
from core.ids import check_token, new_id
from hub.accounts.identity import Identity
from hub.accounts.password_resets import PasswordResets
from hub.accounts.passwords import hash_password, random_password
from hub.accounts.permissions import PERMISSIONS, ROLES
from hub.accounts.sessions import LOG_IN, Sessions
from hub.audit import Audit
from hub.calls.phones import Phones
from hub.dispatch.dispatcher import Dispatcher
from hub.errors import ApiError, not_found
from hub.setup.organization import SETTLED, AgentGroup, Level, Organization, own, settle
from hub.store.fields import SLUG_LENGTH
from hub.store.models import AuditRecord, Role, Session, Setting, User
from hub.units import Units

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Username = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9._-]{1,63}$")]
WorkNumber = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{1,16}$")]
DepartmentId = Annotated[str, Meta(max_length=SLUG_LENGTH)]
GroupIds = Annotated[tuple[Annotated[str, Meta(max_length=SLUG_LENGTH)], ...], Meta(max_length=100)]
Capacity = Annotated[int, Meta(ge=0, le=100)]


KNOWN_KEY: Final = "permissions"  # the setting [every permission there was at the last start]
FIRST_ADMIN: Final = "admin"
OWN: Final = {"queue_ids": "own_queue_ids", "skills": "own_skills"}  # the column of what is not a group's
FIRST_START: Final = Identity(username="first start")


class NewUser(Settings, frozen=True, kw_only=True):
    """An account to make."""

    username: Username
    display_name: Name
    work_number: WorkNumber
    role_ids: tuple[str, ...] = ("agent",)
    department_id: DepartmentId = ""
    group_ids: GroupIds = ()
    queue_ids: tuple[str, ...] = ()
    skills: dict[str, Level] = {}
    capacities: dict[str, Capacity] = {}
    language: Annotated[str, Meta(max_length=35)] = ""


class UserEdit(Settings, frozen=True, kw_only=True):
    """What changes of an account; what is left out stays."""

    display_name: Name | None = None
    work_number: WorkNumber | None = None
    role_ids: tuple[str, ...] | None = None
    department_id: DepartmentId | None = None
    group_ids: GroupIds | None = None
    queue_ids: tuple[str, ...] | None = None
    skills: dict[str, Level] | None = None
    capacities: dict[str, Capacity] | None = None
    granted: tuple[str, ...] | None = None
    denied: tuple[str, ...] | None = None
    language: Annotated[str, Meta(max_length=35)] | None = None
    is_active: bool | None = None


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """An account, without its password; ``queue_ids`` and ``skills`` are its own, without those of its groups."""

    user_id: str
    username: str
    display_name: str
    work_number: str
    role_ids: list[str]
    department_id: str
    group_ids: list[str]
    queue_ids: list[str]
    skills: dict[str, int]
    capacities: dict[str, int]
    granted: list[str]
    denied: list[str]
    language: str
    is_active: bool
    must_change_password: bool


class RoleView(msgspec.Struct, frozen=True, kw_only=True):
    """A role and what it permits."""

    role_id: str
    title: dict[str, str]
    permissions: list[str]


class Users:
    """Makes and changes accounts; the routing core learns of every change at once."""

    def __init__(
        self,
        units: Units,
        clock: Clock,
        audit: Audit,
        *,
        dispatcher: Dispatcher,
        phones: Phones,
        sessions: Sessions,
        resets: PasswordResets,
        organization: Organization,
    ) -> None:
        self._units = units
        self._clock = clock
        self._audit = audit
        self._sessions = sessions
        self._dispatcher = dispatcher
        self._phones = phones
        self._resets = resets
        self._organization = organization

    async def make_first_admin(self) -> tuple[str, str] | None:
        """Make the roles and, when there is no user at all, the administrator; return their name and password.

        An administrator who never logged in gets another one: the first may have been missed, or never shown.
        """
        async with self._units.open():
            await _make_roles()
        if user := await User.get_or_none(username=FIRST_ADMIN):
            log_ins = AuditRecord.filter(action=LOG_IN, object_kind="user", object_id=user.user_id)
            if await log_ins.exists():
                return None
            return FIRST_ADMIN, await self.reset_password(FIRST_START, user.user_id)
        if await User.exists():
            return None
        new = NewUser(
            username=FIRST_ADMIN, display_name=ROLES["admin"][0]["zh"], work_number="0000", role_ids=("admin",)
        )
        _, password = await self.make(FIRST_START, new)
        return FIRST_ADMIN, password

    async def make(
        self, identity: Identity, new: NewUser, *, password: str = "", remote: str = ""
    ) -> tuple[UserView, str]:
        """Make an account; return it and its first password, which is random and to be changed unless given."""
        await self._check(new, username=new.username)
        first = password or random_password()
        phc = await hash_password(first)
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            user = User(
                user_id=new_id(),
                password_hash=phc,
                must_change_password=not password,
                created_at=self._clock.now(),
            )
            values = {name: getattr(new, name) for name in new.__struct_fields__}
            set_values(user, values, self._organization.current_groups)
            await user.save()
            await self._dispatcher.know_agent(unit, user)
            await self._audit.record(identity, "user.make", "user", user.user_id, remote=remote, username=new.username)
        return user_view(user), first

    async def edit(self, identity: Identity, user_id: str, edit: UserEdit, *, remote: str = "") -> UserView:
        """Change an account; its next call sees the new rights."""
        changed = {name: value for name in edit.__struct_fields__ if (value := getattr(edit, name)) is not None}
        await self._check(edit, user_id=user_id)
        if user_id == identity.user_id and edit.is_active is False:
            raise ApiError(422, "invalid", "nobody disables themselves", fields={"is_active": "yourself"})
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            user = await self._find(user_id)
            if changed:
                set_values(user, changed, self._organization.current_groups)
                await user.save(update_fields=[*(changed.keys() - OWN.keys()), *SETTLED])
            if not user.is_active:
                await Session.filter(user_id=user_id).delete()
                await self._phones.remove_registering(unit, user_id)
                await self._dispatcher.return_work(unit, user_id)
                await self._dispatcher.set_state(unit, user_id, "offline", "disabled")
            await self._dispatcher.know_agent(unit, user)
            await self._audit.record(identity, "user.edit", "user", user_id, remote=remote, fields=sorted(changed))
        self._sessions.forget_user(user_id)
        return user_view(user)

    async def reset_password(self, identity: Identity, user_id: str, *, remote: str = "") -> str:
        """Set and return a random password, to be changed; every session of the user ends."""
        return await self._resets.reset(identity, user_id, remote=remote)

    async def all(self) -> list[UserView]:
        """Return every account, by work number."""
        return [user_view(user) for user in await User.all().order_by("work_number")]

    async def roles(self) -> list[RoleView]:
        """Return every role."""
        rows = await Role.all().order_by("role_id")
        return [RoleView(role_id=row.role_id, title=row.title, permissions=row.permissions) for row in rows]

    async def save_role(
        self, identity: Identity, role_id: str, title: dict[str, str], permissions: tuple[str, ...], *, remote: str
    ) -> RoleView:
        """Make or change a role; nobody takes ``admin.users`` from the role of administrators."""
        try:
            check_token(role_id)
        except ValueError as error:
            raise ConfigInvalid({"role_id": str(error)}) from error
        if unknown := sorted(set(permissions) - PERMISSIONS.keys()):
            raise ApiError(422, "invalid", "unknown permission", fields={"permissions": ", ".join(unknown)})
        if role_id == "admin" and "admin.users" not in permissions:
            raise ApiError(422, "invalid", "administrators keep admin.users", fields={"permissions": "admin.users"})
        async with self._units.open():
            values = {"title": title, "permissions": list(permissions)}
            role, _ = await Role.update_or_create(values, role_id=role_id)
            await self._audit.record(
                identity, "role.save", "role", role_id, remote=remote, permissions=list(permissions)
            )
        self._sessions.forget_all()
        return RoleView(role_id=role.role_id, title=role.title, permissions=role.permissions)

    async def _find(self, user_id: str) -> User:
        user = await User.get_or_none(user_id=user_id)
        if user is None:
            raise not_found("user")
        return user

    async def _check(self, wanted: NewUser | UserEdit, *, username: str | None = None, user_id: str = "") -> None:
        """Raise 422 naming every field that another account has, or that names what there is not."""
        faults: dict[str, str] = {}
        known: dict[str, Collection[str]] = {
            "role_ids": [role.role_id for role in await Role.all()],
            "group_ids": self._organization.groups.current,
            "granted": PERMISSIONS,
            "denied": PERMISSIONS,
        }
        for field, names in known.items():
            if unknown := sorted(set(getattr(wanted, field, None) or ()).difference(names)):
                faults[field] = f"unknown: {', '.join(unknown)}"
        if wanted.department_id and wanted.department_id not in self._organization.departments.current:
            faults["department_id"] = "unknown"
        work_number = wanted.work_number
        if username is not None and await User.filter(username=username).exists():
            faults["username"] = "taken"
        if work_number is not None and await User.filter(work_number=work_number).exclude(user_id=user_id).exists():
            faults["work_number"] = "taken"
        if faults:
            raise ApiError(422, "invalid", "the account cannot be like this", fields=faults)


def user_view(user: User) -> UserView:
    """Return an account as administrators see it."""
    queue_ids, skills = own(user)
    values = {name: getattr(user, name) for name in UserView.__struct_fields__}
    return UserView(**{**values, "queue_ids": queue_ids, "skills": skills, "group_ids": user.group_ids or []})


def set_values(user: User, values: Mapping[str, object], groups: Mapping[str, AgentGroup]) -> None:
    """Set what administrators decide of an account, and what follows from its groups."""
    user.own_queue_ids, user.own_skills = own(user)
    for name, value in values.items():
        setattr(user, OWN.get(name, name), list(value) if isinstance(value, tuple) else value)
    settle(user, groups)


async def _make_roles() -> None:
    """Make the roles that are missing; permissions newer than the last start go to the roles meant to have them."""
    setting = await Setting.get_or_none(key=KNOWN_KEY)
    admin = await Role.get_or_none(role_id="admin")  # an older hub kept no list, but gave administrators everything
    known = set(setting.value) if setting is not None else set(admin.permissions if admin else PERMISSIONS)
    for role_id, (title, permissions) in ROLES.items():
        role, is_new = await Role.get_or_create({"title": title, "permissions": list(permissions)}, role_id=role_id)
        added = [one for one in permissions if one not in known and one not in role.permissions]
        if added and not is_new:
            role.permissions = [*role.permissions, *added]
            await role.save(update_fields=["permissions"])
    if setting is None or known != PERMISSIONS.keys():
        await Setting.update_or_create({"value": sorted(PERMISSIONS)}, key=KNOWN_KEY)
