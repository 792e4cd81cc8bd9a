"""Bridges: channels that hear each other."""

from plugins.voice.ari.errors import Conflict
from plugins.voice.ari.http import AriHttp, token
from plugins.voice.ari.model import Bridge


class Bridges(AriHttp):
    """What can be asked of bridges."""

    async def bridges(self) -> tuple[Bridge, ...]:
        """Return every bridge of the engine."""
        return await self.get("bridges", tuple[Bridge, ...])

    async def bridge(self, bridge_id: str) -> Bridge:
        """Return one bridge."""
        return await self.get(f"bridges/{token(bridge_id)}", Bridge)

    async def create_bridge(self, bridge_id: str, *, kind: str = "mixing", name: str = "") -> Bridge:
        """Make a bridge, or do nothing when it is there; ``kind`` ``mixing,dtmf_events`` reports keys pressed in it."""
        return await self.post(f"bridges/{token(bridge_id)}", Bridge, {"type": kind, "name": name})

    async def destroy_bridge(self, bridge_id: str) -> bool:
        """Remove a bridge; its channels stay with us. False: it was gone, or is about to be."""
        try:
            return await self.delete(f"bridges/{token(bridge_id)}")
        except Conflict:
            return False

    async def add(self, bridge_id: str, *channel_ids: str, mute: bool = False, absorb_dtmf: bool = False) -> None:
        """Put channels into a bridge, taking them out of another."""
        query = {
            "channel": ",".join(channel_ids),
            "mute": str(mute).lower(),
            "absorbDTMF": str(absorb_dtmf).lower(),
        }
        await self.do("POST", f"bridges/{token(bridge_id)}/addChannel", query)

    async def remove(self, bridge_id: str, *channel_ids: str) -> None:
        """Take channels out of a bridge; Conflict or Refused when one is not in it."""
        await self.do("POST", f"bridges/{token(bridge_id)}/removeChannel", {"channel": ",".join(channel_ids)})
