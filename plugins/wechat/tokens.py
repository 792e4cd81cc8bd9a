"""The one owner of an account's access token: fetched once for all who wait, renewed before it expires."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from core.clock import Clock

AHEAD_S: Final = 300.0  # the platforms accept the earlier token for five minutes after a renewal

Fetch = Callable[[], Awaitable[tuple[str, float]]]


class TokenOwner:
    """Hands out the token; ``fetch`` returns a fresh one and for how many seconds it is good."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def get(self) -> str:
        """Return a token that is good for the next call; raises what ``fetch`` raises."""
        async with self._lock:
            if not self._token or self._clock.monotonic() >= self._until:
                self._token = ""
                token, good_s = await self._fetch()
                self._until = self._clock.monotonic() + max(good_s - AHEAD_S, good_s / 2)
                self._token = token
            return self._token

    def forget(self, token: str) -> None:
        """Drop ``token``, which was refused, unless a newer one is there already."""
        if token == self._token:
            self._token = ""
