"""Users and roles."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.accounts.permissions import PERMISSIONS
from hub.accounts.users import NewUser, RoleView, UserEdit, UserView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class UserList(msgspec.Struct, frozen=True):
    """Every account."""

    items: list[UserView]


class MadeUser(msgspec.Struct, frozen=True):
    """The new account and its first password, shown this once."""

    user: UserView
    password: str


class FreshPassword(msgspec.Struct, frozen=True):
    """A random password, shown this once and to be changed at the first log-in."""

    password: str


class RoleList(msgspec.Struct, frozen=True):
    """Every role, and everything that a role or a user may be permitted."""

    items: list[RoleView]
    permissions: list[str]


class NewRole(Settings, frozen=True, kw_only=True):
    """A role's name by language and what it permits."""

    title: dict[str, Annotated[str, Meta(min_length=1, max_length=64)]]
    permissions: tuple[str, ...]


@api.add("GET", "/api/v1/users", "admin.users", answer=UserList)
async def list_users(services: Services, call: Call[NoBody]) -> UserList:
    """List every account."""
    return UserList(await services.users.all())


@api.add("POST", "/api/v1/users", "admin.users", body=NewUser, answer=MadeUser, status=201)
async def make_user(services: Services, call: Call[NewUser]) -> MadeUser:
    """Make an account with a random first password."""
    user, password = await services.users.make(call.identity, call.body, remote=call.remote)
    return MadeUser(user, password)


@api.add("PATCH", "/api/v1/users/{user_id}", "admin.users", body=UserEdit, answer=UserView)
async def edit_user(services: Services, call: Call[UserEdit]) -> UserView:
    """Change an account."""
    view = await services.users.edit(call.identity, call.path["user_id"], call.body, remote=call.remote)
    services.desk.end(view.user_id, "replaced" if view.is_active else "logged_out")
    return view


@api.add("POST", "/api/v1/users/{user_id}/password", "admin.users", answer=FreshPassword)
async def reset_password(services: Services, call: Call[NoBody]) -> FreshPassword:
    """Give a user a random password; their sessions end."""
    return FreshPassword(await services.users.reset_password(call.identity, call.path["user_id"], remote=call.remote))


@api.add("GET", "/api/v1/roles", "admin.users", answer=RoleList)
async def list_roles(services: Services, call: Call[NoBody]) -> RoleList:
    """List every role."""
    return RoleList(await services.users.roles(), list(PERMISSIONS))


@api.add("PUT", "/api/v1/roles/{role_id}", "admin.users", body=NewRole, answer=RoleView)
async def save_role(services: Services, call: Call[NewRole]) -> RoleView:
    """Make or change a role."""
    body = call.body
    role = await services.users.save_role(
        call.identity, call.path["role_id"], body.title, body.permissions, remote=call.remote
    )
    services.desk.refresh()
    return role
