"""The ARI client: one method for each request that is made, typed answers, and one stream of events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from core.errors import ChannelAuthFailed
from plugins.voice.ari.bridges import Bridges
from plugins.voice.ari.channels import Channels
from plugins.voice.ari.engine import EngineRequests
from plugins.voice.ari.errors import AriUnavailable
from plugins.voice.ari.events import ChannelDestroyed, ContactStatusChange, EndpointStateChange
from plugins.voice.ari.http import words
from plugins.voice.ari.manager import Manager
from plugins.voice.ari.media import Media
from plugins.voice.ari.model import Application
from plugins.voice.ari.stream import EventStream


class Ari(Channels, Media, Bridges, EngineRequests, Manager):
    """Speaks to one Asterisk as application ``app``; use it as an async context manager.

    Any method raises AriUnavailable when there is no answer within ``timeout_s``, ChannelAuthFailed when the
    password is wrong, and one of Gone, Conflict, Refused for what Asterisk says. Ids are the caller's to choose,
    so that a request whose answer was lost can be asked about.
    """

    def events(self) -> EventStream:
        """Return the stream of what happens to our channels, and to lines once ``watch_lines`` was called."""
        return EventStream(self)

    @asynccontextmanager
    async def open_events(
        self, *, heartbeat_s: float, max_bytes: int
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Yield the connection on which Asterisk sends events; opening it makes the application known."""
        try:
            socket = await self.session.ws_connect(
                f"{self.url}/events",
                params={"app": f"{self.app},{self._lines_app}", "subscribeAll": "false"},
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

    async def subscribe(self, channel_id: str) -> None:
        """Have events of a channel that is not in our hands sent to us; Refused when there is no such channel."""
        await self.do("POST", f"applications/{self.app}/subscription", {"eventSource": f"channel:{channel_id}"})

    async def leave_out(self, *kinds: str) -> None:
        """Have events of these kinds not sent to us, until the application is connected to anew."""
        await self.do(
            "PUT", f"applications/{self.app}/eventFilter", body={"disallowed": [{"type": kind} for kind in kinds]}
        )

    async def watch_lines(self) -> None:
        """Have changes of trunks and phones sent to us, and the end of their channels, which have left us by then.

        An endpoint tells of everything that happens to its channels. An application that is told of the channels too
        hears every key twice: so this is another one, and most of it is left out. Refused while there is no endpoint.
        """
        allowed = [{"type": kind.__name__} for kind in (ChannelDestroyed, ContactStatusChange, EndpointStateChange)]
        await self.do("PUT", f"applications/{self._lines_app}/eventFilter", body={"allowed": allowed})
        await self.do("POST", f"applications/{self._lines_app}/subscription", {"eventSource": "endpoint:PJSIP"})

    async def application(self) -> Application:
        """Return what our application is told of; Gone before the first connection for events."""
        return await self.get(f"applications/{self.app}", Application)

    @property
    def _lines_app(self) -> str:
        return f"{self.app}-lines"
