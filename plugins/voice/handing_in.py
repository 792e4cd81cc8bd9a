"""Hands recordings and voice messages to the hub as often as it takes: engine, bus and hub may be away or fail."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.backoff import Backoff
from core.errors import RefusedForNow, TryLater
from plugins.voice.ari import AriUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")


async def until_taken(hand_in: Callable[[], Awaitable[T]], name: str) -> T:
    """Return what ``hand_in`` returns once it succeeds; RequestFailed when the hub refuses the file for good."""
    backoff = Backoff(first_s=0.5, limit_s=20.0)
    while True:
        try:
            return await hand_in()
        except (AriUnavailable, TryLater) as error:
            level = logging.WARNING if isinstance(error, RefusedForNow) else logging.DEBUG
            log.log(level, "%s waits: %s", name, error)
        await asyncio.sleep(backoff.next_s())
