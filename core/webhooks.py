"""HTTP routes of a channel, described without a web server; the host serves them (the one place with aiohttp).

A webhook without a check cannot be written by omission: every route names its ``verify``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

Handler = Callable[[Any], Awaitable[Any]]  # aiohttp: Request → StreamResponse
Verify = Callable[[Any], Awaitable[None]]  # raises Refused unless the request may pass


class Refused(Exception):
    """The request is not to be handled; ``status`` and ``code`` go back, the text to the log."""

    def __init__(self, status: int, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Route:
    """One route below the instance's own prefix; ``max_bytes`` bounds the body."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    handler: Handler
    verify: Verify
    max_bytes: int = 1_048_576


Routes = tuple[Route, ...]
