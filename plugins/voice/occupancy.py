"""How full trunks are, at the moment when one more call is to go over them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from plugins.voice.accounts import Trunk
from plugins.voice.ari import Ari, Gone


class Occupancy:
    """Knows the trunks that carry only so many calls at once; what comes from the carrier is counted, not refused."""

    def __init__(self, ari: Ari, trunks: Iterable[Trunk]) -> None:
        self._ari = ari
        self._limits = {trunk.name: trunk.max_calls for trunk in trunks if trunk.max_calls}
        self._turns = {name: asyncio.Lock() for name in self._limits}

    @asynccontextmanager
    async def room(self, trunk: str, channel_id: str) -> AsyncIterator[bool]:
        """Yield whether ``trunk`` has room for this channel; no other call is placed on it until the block ends."""
        limit = self._limits.get(trunk)
        if limit is None:
            yield True
            return
        async with self._turns[trunk]:
            yield await self._has_room(trunk, limit, channel_id)

    async def _has_room(self, trunk: str, limit: int, channel_id: str) -> bool:
        try:
            channel_ids = (await self._ari.endpoint(trunk)).channel_ids
        except Gone:
            return True  # it is not made yet: whoever calls over it hears that
        return channel_id in channel_ids or len(channel_ids) < limit
