"""Forgets what is no longer needed, so that neither the database nor the bus grows for ever."""

import asyncio
import logging
from typing import Final

from core.bus import Bus
from core.clock import Clock
from core.errors import LianxinError
from core.streams import IN, hub_consumer
from hub.store.engine import Store
from hub.store.housekeeping import forget_utterances, prune_inbox, prune_sessions, prune_stretches

log = logging.getLogger(__name__)

EVERY_S: Final = 86_400.0
LOOK_S: Final = 60.0


async def keep_house(store: Store, clock: Clock) -> None:
    """Prune once a day until cancelled."""
    while True:
        now = clock.now()
        envelopes, sessions = await prune_inbox(store, now), await prune_sessions(store, now)
        utterances = await forget_utterances(store, now)
        stretches = await prune_stretches(store, now)
        log.info(
            "forgot %d handled envelopes, %d ended sessions, %d utterances of calls, %d stretches of agents' time",
            envelopes,
            sessions,
            utterances,
            stretches,
        )
        await asyncio.sleep(EVERY_S)


async def keep_room(bus: Bus) -> None:
    """Keep stream IN at most half full, until cancelled: only what was handled gives way, never what waits."""
    while True:
        try:
            if await bus.trim(IN, hub_consumer(), above_bytes=IN.max_bytes // 2):
                log.info("forgot what had been handled of stream %s", IN.name)
        except LianxinError as error:
            log.debug("stream %s was not looked at: %s", IN.name, error)
        await asyncio.sleep(LOOK_S)
