"""Gives a user a random password: asked for by an administrator on the desk, or from the command line."""

import asyncio
from collections.abc import Callable

from core.bus import Bus
from core.errors import RequestFailed
from core.events import PasswordReset, PasswordResetRequest
from core.subjects import ASK_PASSWORD
from hub.accounts.identity import Identity
from hub.accounts.passwords import hash_password, random_password
from hub.accounts.sessions import Sessions
from hub.audit import Audit
from hub.calls.phones import Phones
from hub.errors import not_found
from hub.store.models import Session, User
from hub.units import Units

COMMAND_LINE = Identity(username="command line")


class PasswordResets:
    """Every session of the user ends, a lock is lifted, the new password is to be changed at the first log-in.

    With ``phones`` those of the user's browsers end with them. ``ended`` is told whose sessions ended, to close what
    they have open.
    """

    def __init__(
        self,
        units: Units,
        audit: Audit,
        sessions: Sessions,
        *,
        phones: Phones | None = None,
        ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._units = units
        self._audit = audit
        self._sessions = sessions
        self._phones = phones
        self._ended = ended

    async def serve(self, bus: Bus) -> None:
        """Answer the command line until cancelled."""
        await bus.respond(ASK_PASSWORD, self._answer, request=PasswordResetRequest)
        await asyncio.Event().wait()

    async def reset(self, identity: Identity, user_id: str, *, remote: str = "") -> str:
        """Set and return a random password; 404 when there is no such user."""
        password = random_password()
        phc = await hash_password(password)
        async with self._units.open():
            values = {"password_hash": phc, "must_change_password": True, "failed_logins": 0, "locked_until": None}
            if not await User.filter(user_id=user_id).update(**values):
                raise not_found("user")
            await Session.filter(user_id=user_id).delete()
            await self._audit.record(identity, "password.reset", "user", user_id, remote=remote)
        self._sessions.forget_user(user_id)
        if self._phones is not None:
            await self._phones.revoke_browsers(user_id)
        self._ended(user_id)
        return password

    async def reset_by_name(self, username: str) -> str:
        """Do the same for whoever sits at the hub's own terminal; RequestFailed ``no_such_user``."""
        user = await User.get_or_none(username=username)
        if user is None:
            raise RequestFailed("no_such_user", f"no user is named {username!r}")
        return await self.reset(COMMAND_LINE, user.user_id)

    async def _answer(self, _: str, question: PasswordResetRequest) -> PasswordReset:
        return PasswordReset(password=await self.reset_by_name(question.username))
