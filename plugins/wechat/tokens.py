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
        self._token = ""
        self._until = 0.0
        self._renewal: asyncio.Task[None] | None = None

    async def get(self) -> str:
        """Return a token that is good for the next call; raises what ``fetch`` raises, to all who wait alike."""
        if not self._token or self._clock.monotonic() >= self._until:
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._renew())
            await asyncio.shield(self._renewal)
        return self._token

    def forget(self, token: str) -> None:
        """Drop ``token``, which was refused, unless a newer one is there already."""
        if token == self._token:
            self._token = ""

    async def close(self) -> None:
        """End a renewal under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    async def _renew(self) -> None:
        self._token = ""
        token, good_s = await self._fetch()
        self._until = self._clock.monotonic() + max(good_s - AHEAD_S, good_s / 2)
        self._token = token
