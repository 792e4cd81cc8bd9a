"""Logging in and out."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.accounts.identity import Identity
from hub.errors import ApiError
from hub.http.endpoints import PUBLIC, SESSION, VISITOR, Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()

Password = Annotated[str, Meta(max_length=256)]


class LogIn(Settings, frozen=True, kw_only=True):
    """Who wants in."""

    username: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Password


class NewPassword(Settings, frozen=True, kw_only=True):
    """The old password and the new one."""

    current: Password
    new: Password


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who is logged in and what they may do."""

    user_id: str
    username: str
    display_name: str
    work_number: str
    permissions: list[str]
    csrf: str
    must_change_password: bool
    is_agent: bool
    hub_version: str


@api.add("POST", "/api/v1/session", PUBLIC, body=LogIn, answer=Me, problems=(401, 423))
async def log_in(services: Services, call: Call[LogIn]) -> Me:
    """Log in; the answer sets the session cookie."""
    if wait_s := services.login_limiter.wait_s(call.remote):
        raise ApiError(429, "rate_limited", "too many log-ins from this address", retry_after_s=wait_s)
    token, identity = await services.sessions.log_in(call.body.username, call.body.password, remote=call.remote)
    limits = services.settings.limits
    call.cookies.append((token, min(limits.session_idle_s, limits.session_s)))
    return _me(services, identity)


@api.add("GET", "/api/v1/session", VISITOR, answer=Me)
async def who_am_i(services: Services, call: Call[NoBody]) -> Me | None:
    """Return who is logged in; 204 when nobody is, which is no failure of a browser that asks for the first time."""
    return _me(services, call.identity) if call.identity.user_id else None


@api.add("DELETE", "/api/v1/session", SESSION)
async def log_out(services: Services, call: Call[NoBody]) -> None:
    """Log out: the session's browsers are sent away; with the last that shows the desk the agent goes offline."""
    user_id, session_id = call.identity.user_id, call.identity.session_id
    if not services.desk.is_connected(user_id, besides=session_id):
        await services.presence.log_out(user_id)
    await services.phones.revoke_browser(user_id, session_id)
    await services.sessions.log_out(call.token, call.identity, remote=call.remote)
    services.desk.end_session(user_id, session_id)
    call.cookies.append(("", 0.0))


@api.add("PUT", "/api/v1/session/password", SESSION, body=NewPassword)
async def change_password(services: Services, call: Call[NewPassword]) -> None:
    """Set a new password; the user's other sessions end."""
    await services.sessions.change_password(call.identity, call.body.current, call.body.new, remote=call.remote)
    await services.phones.revoke_browsers(call.identity.user_id, besides=call.identity.session_id)
    services.desk.end(call.identity.user_id, "replaced")  # sockets of ended sessions; the others come again


def _me(services: Services, identity: Identity) -> Me:
    return Me(
        user_id=identity.user_id,
        username=identity.username,
        display_name=identity.display_name,
        work_number=identity.work_number,
        permissions=sorted(identity.permissions),
        csrf=identity.csrf,
        must_change_password=identity.must_change_password,
        is_agent=identity.may("desk.use"),
        hub_version=services.version,
    )
