"""Endpoints as data: path, permission, body and answer types, from which calls are checked and OpenAPI is made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec

from hub.accounts.identity import Identity

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
PUBLIC: Final = "public"  # nobody needs to be logged in
VISITOR: Final = "visitor"  # anybody, logged in or not; the handler is told who, and answers nobody with 204
SESSION: Final = "session"  # whoever is logged in, even before the first password change

BodyT = TypeVar("BodyT")


class NoBody(msgspec.Struct, frozen=True):
    """The body of calls that have none."""


@dataclass(frozen=True, slots=True)
class Call(Generic[BodyT]):
    """One checked call: who, on what, with which body; ``query`` holds decoded parameters."""

    identity: Identity
    path: dict[str, str]
    query: Any
    body: BodyT
    remote: str  # the caller's network address
    user_agent: str = ""
    token: str = ""  # the session cookie as it came
    cookies: list[tuple[str, float]] = field(default_factory=list)  # session token to set and its age in seconds


Handler = Callable[[Any, Any], Awaitable[Any]]  # (services, Call) → answer struct or None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint; ``answer`` None means 204 without a body."""

    method: Method
    path: str
    permission: str
    handler: Handler
    body: type[Any] = NoBody
    query: type[Any] = NoBody
    answer: Any = None
    status: int = 200
    problems: tuple[int, ...] = ()  # further statuses a caller must expect

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]


class Endpoints:
    """A module's endpoints, collected by decorating their handlers."""

    def __init__(self) -> None:
        self._all: list[Endpoint] = []

    def add(self, method: Method, path: str, permission: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare the decorated function as an endpoint; ``options`` as in ``Endpoint``."""

        def declare(handler: Handler) -> Handler:
            if options.get("answer") is None:
                options["status"] = 204
            self._all.append(Endpoint(method, path, permission, handler, **options))
            return handler

        return declare

    def __iter__(self) -> Any:
        return iter(self._all)
