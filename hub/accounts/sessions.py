"""Server-side sessions: an opaque token in the cookie, its hash in the store; idle and old ones end."""

import dataclasses
import hashlib
import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.clock import Clock
from hub.accounts.identities import identity_of
from hub.accounts.identity import Identity
from hub.accounts.passwords import hash_password, verify_password, weakness
from hub.audit import Audit
from hub.errors import ApiError
from hub.settings import LimitSettings
from hub.store.engine import Store
from hub.store.models import Session, User

log = logging.getLogger(__name__)

SEEN_EVERY: Final = timedelta(minutes=5)  # last_seen_at is not worth a write at each call
LOG_IN: Final = "session.log_in"  # in the audit log
CACHED: Final = 2_000  # sessions
# verified when the user does not exist, so that the answer takes as long
_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$xTmnJ9kqTQyRmCEXDBEKzcC/Oi3bUwr4nVXrIrTWgyc"


@dataclass(slots=True)
class _Known:
    identity: Identity
    created_at: datetime
    expires_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who is behind a token; ``renewed_s`` is the cookie's new age in seconds when this call has prolonged it."""

    identity: Identity
    renewed_s: float | None = None


class Sessions:
    """Logs users in and out and tells who is behind a token."""

    def __init__(self, store: Store, clock: Clock, audit: Audit, limits: LimitSettings) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._limits = limits
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._changes = 0  # of rights; what was read before one is not kept after it

    async def log_in(self, username: str, password: str, *, remote: str) -> tuple[str, Identity]:
        """Return a new session's token and who it is; 401 ``bad_credentials`` or 423 ``locked``."""
        user = await User.get_or_none(username=username)
        now = self._clock.now()
        if user is not None and user.locked_until is not None and user.locked_until > now:
            wait_s = (user.locked_until - now).total_seconds()
            raise ApiError(423, "locked", "too many failed log-ins", retry_after_s=wait_s)
        is_right = await verify_password(password, user.password_hash if user else _NOBODY)
        if user is None or not user.is_active or not is_right:
            if user is not None:
                await self._count_failure(user.user_id, remote)
            raise ApiError(401, "bad_credentials", "user name or password is wrong")
        token = secrets.token_urlsafe(32)
        async with self._store.work():
            same = User.filter(user_id=user.user_id, password_hash=user.password_hash, is_active=True)
            if not await same.update(failed_logins=0, locked_until=None):
                raise ApiError(401, "bad_credentials", "the password was changed a moment ago")
            await Session.create(
                token_hash=_hash(token),
                user_id=user.user_id,
                created_at=now,
                expires_at=self._expiry(now, now),
                last_seen_at=now,
                csrf=secrets.token_urlsafe(24),
            )
            identity = await self._identity(_hash(token))
            assert identity is not None
            await self._audit.record(identity, LOG_IN, "user", user.user_id, remote=remote)
        return token, identity

    async def log_out(self, token: str, identity: Identity, *, remote: str) -> None:
        """End the session behind ``token``."""
        async with self._store.work():
            await Session.filter(token_hash=_hash(token)).delete()
            await self._audit.record(identity, "session.log_out", "user", identity.user_id, remote=remote)
        self._known.pop(_hash(token), None)

    async def end_all(self, user_id: str) -> None:
        """End every session of a user, who has to log in again."""
        async with self._store.work():
            await Session.filter(user_id=user_id).delete()
        self.forget_user(user_id)

    async def identify(self, token: str) -> LoggedIn | None:
        """Return who is behind ``token``, or None when the session is unknown or has ended."""
        if not token or len(token) > 128:
            return None
        key, now = _hash(token), self._clock.now()
        known = await self._find(key)
        if known is None:
            return None
        if now - known.seen_at <= SEEN_EVERY:
            return LoggedIn(known.identity)
        known.seen_at, known.expires_at = now, self._expiry(known.created_at, now)
        async with self._store.work():
            await Session.filter(token_hash=key).update(last_seen_at=now, expires_at=known.expires_at)
        return LoggedIn(known.identity, (known.expires_at - now).total_seconds())

    async def lasts(self, session_id: str) -> bool:
        """Whether the session has not ended by now, for connections that outlive a call."""
        return await self._find(session_id) is not None

    async def change_password(self, identity: Identity, current: str, new: str, *, remote: str) -> None:
        """Set a new password and end the user's other sessions; 422 ``weak_password``, 401 ``bad_credentials``."""
        user = await User.get(user_id=identity.user_id)
        if not await verify_password(current, user.password_hash):
            await self._count_failure(user.user_id, remote)
            raise ApiError(401, "bad_credentials", "the current password is wrong")
        if current == new:
            raise ApiError(422, "weak_password", "the new password is the old one", fields={"new": "unchanged"})
        if why := weakness(new, user.username):
            raise ApiError(422, "weak_password", why, fields={"new": why})
        phc = await hash_password(new)
        async with self._store.work():
            await User.filter(user_id=user.user_id).update(password_hash=phc, must_change_password=False)
            await Session.filter(user_id=user.user_id).exclude(token_hash=identity.session_id).delete()
            await self._audit.record(identity, "password.change", "user", user.user_id, remote=remote)
        self.forget_user(user.user_id)

    def forget_user(self, user_id: str) -> None:
        """Read the user's rights afresh at the next call: they were changed, or sessions ended."""
        self._changes += 1
        for key in [key for key, known in self._known.items() if known.identity.user_id == user_id]:
            del self._known[key]

    def forget_all(self) -> None:
        """Read everybody's rights afresh: a role was changed."""
        self._changes += 1
        self._known.clear()

    async def _find(self, key: str) -> _Known | None:
        known = self._known.get(key)
        if known is None:
            changes = self._changes
            identity = await self._identity(key)
            session = await Session.get_or_none(token_hash=key)
            if identity is None or session is None:
                return None
            known = _Known(identity, session.created_at, session.expires_at, session.last_seen_at)
            if changes == self._changes:
                self._known[key] = known
            if len(self._known) > CACHED:
                self._known.popitem(last=False)
        if known.expires_at <= self._clock.now():
            self._known.pop(key, None)
            return None
        return known

    def _expiry(self, created_at: datetime, now: datetime) -> datetime:
        """Return when a session ends that is used ``now`` for the last time."""
        limits = self._limits
        return min(now + timedelta(seconds=limits.session_idle_s), created_at + timedelta(seconds=limits.session_s))

    async def _identity(self, key: str) -> Identity | None:
        session = await Session.get_or_none(token_hash=key)
        if session is None:
            return None
        user = await User.get(user_id=session.user_id)
        if not user.is_active:
            return None
        return dataclasses.replace(await identity_of(user), session_id=key, csrf=session.csrf)

    async def _count_failure(self, user_id: str, remote: str) -> None:
        async with self._store.work():
            user = await User.get(user_id=user_id)
            user.failed_logins += 1
            if user.failed_logins >= self._limits.failed_logins:
                user.failed_logins = 0
                user.locked_until = self._clock.now() + timedelta(seconds=self._limits.lock_s)
                await self._audit.record(
                    Identity(username=user.username), "session.locked", "user", user_id, remote=remote
                )
                log.warning("user %s is locked after failed log-ins", user_id)
            await user.save(update_fields=["failed_logins", "locked_until"])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
