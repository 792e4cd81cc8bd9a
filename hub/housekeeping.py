"""Once a day: forgets what is no longer needed, so that the database does not grow for ever."""

import asyncio
import logging
from typing import Final

from core.clock import Clock
from hub.store.engine import Store
from hub.store.housekeeping import prune_inbox, prune_sessions

log = logging.getLogger(__name__)

EVERY_S: Final = 86_400.0


async def keep_house(store: Store, clock: Clock) -> None:
    """Prune once a day until cancelled."""
    while True:
        now = clock.now()
        envelopes, sessions = await prune_inbox(store, now), await prune_sessions(store, now)
        log.info("forgot %d handled envelopes and %d ended sessions", envelopes, sessions)
        await asyncio.sleep(EVERY_S)
