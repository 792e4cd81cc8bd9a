"""The ARI client: one method for each request that is made, typed answers, and one stream of events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from core.errors import ChannelAuthFailed
from plugins.voice.ari.bridges import Bridges
from plugins.voice.ari.channels import Channels
from plugins.voice.ari.engine import EngineRequests
from plugins.voice.ari.errors import AriUnavailable
from plugins.voice.ari.http import words
from plugins.voice.ari.media import Media
from plugins.voice.ari.model import Application
from plugins.voice.ari.stream import EventStream


class Ari(Channels, Media, Bridges, EngineRequests):
    """Speaks to one Asterisk as application ``app``; use it as an async context manager.

    Any method raises AriUnavailable when there is no answer within ``timeout_s``, ChannelAuthFailed when the
    password is wrong, and one of Gone, Conflict, Refused for what Asterisk says. Ids are the caller's to choose,
    so that a request whose answer was lost can be asked about.
    """

    def events(self, *sources: str) -> EventStream:
        """Return the stream of everything that happens; ``sources`` such as ``endpoint:PJSIP`` add to our channels'."""
        return EventStream(self, sources)

    @asynccontextmanager
    async def open_events(
        self, *, heartbeat_s: float, max_bytes: int
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Yield the connection on which Asterisk sends events; opening it makes the application known."""
        try:
            socket = await self.session.ws_connect(
                f"{self.url}/events",
                params={"app": self.app, "subscribeAll": "false"},
                heartbeat=heartbeat_s,
                max_msg_size=max_bytes,
                autoping=True,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            )
        except aiohttp.WSServerHandshakeError as error:
            if error.status == 401:
                raise ChannelAuthFailed("Asterisk refuses the user name or the password of ARI") from error
            raise AriUnavailable(f"Asterisk refuses the connection for events ({error.status})") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AriUnavailable(f"Asterisk does not answer: {words(error)}") from error
        try:
            yield socket
        finally:
            await socket.close()

    async def subscribe(self, *sources: str) -> None:
        """Have events of ``sources`` (``channel:``, ``bridge:``, ``endpoint:``, ``deviceState:``) sent to us."""
        if sources:
            await self.do("POST", f"applications/{self.app}/subscription", {"eventSource": ",".join(sources)})

    async def application(self) -> Application:
        """Return what our application is told of; Gone before the first connection for events."""
        return await self.get(f"applications/{self.app}", Application)
