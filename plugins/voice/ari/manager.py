"""Requests to Asterisk's manager interface over HTTP, for what ARI cannot do: recording both sides of a leg in place,
and telling how long a far end takes to answer.

For recording, ARI would want a listening channel for each side, which costs as much again as the call itself.
"""

from typing import Final

import aiohttp

from core.errors import ChannelAuthFailed
from plugins.voice.ari.errors import AriUnavailable, Gone, Refused
from plugins.voice.ari.http import AriHttp, words

COOKIE: Final = "mansession_id"
STORED: Final = "../recording"  # where ARI keeps recordings, as seen from where monitors write
_DENIED: Final = "Permission denied"  # to whom has not logged in, or not for long enough
_MISSING: Final = ("No such channel", "Could not stop monitoring channel")


class Manager(AriHttp):
    """What is asked of the manager; it knows the same user and password as ARI."""

    _cookie = ""

    async def log_in(self) -> None:
        """Begin a session; ChannelAuthFailed when the manager is not there over HTTP or does not know us."""
        secret = self._password.reveal()
        answer, cookie = await self._ask({"Action": "Login", "Username": self._username, "Secret": secret})
        if answer.get("Response") != "Success" or not cookie:
            raise ChannelAuthFailed("Asterisk's manager over HTTP refuses the user name or the password of ARI")
        self._cookie = cookie

    async def monitor(self, channel_id: str, *, says: str, hears: str, variable: str) -> None:
        """Record what a leg says and what it hears under two names among the stored recordings, until it ends.

        The names end in the format. Where one side is silent, silence is written: both stay of one length.
        ``variable`` of the channel becomes the id for ``stop_monitor``. Gone when there is no such channel.
        """
        options = f"r({STORED}/{says})t({STORED}/{hears})Si({variable})"
        await self._act({"Action": "MixMonitor", "Channel": channel_id, "Options": options})

    async def stop_monitor(self, channel_id: str, monitor_id: str) -> bool:
        """End it, with everything written to the files; False: channel or monitor was gone."""
        try:
            await self._act({"Action": "StopMixMonitor", "Channel": channel_id, "MixMonitorID": monitor_id})
        except Gone:
            return False
        return True

    async def round_trip_ms(self, endpoint: str) -> float | None:
        """Return how long the far end took to answer the last OPTIONS; None: it did not, or was not asked yet."""
        try:
            answer = await self._act({"Action": "PJSIPShowEndpoint", "Endpoint": endpoint})
        except Refused:  # no such endpoint yet, or somebody else's Asterisk that does not let us look
            return None
        microseconds = answer.get("RoundtripUsec", "")
        if answer.get("Status") != "Reachable" or not microseconds.isdecimal():
            return None
        return round(int(microseconds) / 1_000, 1)

    async def _act(self, action: dict[str, str]) -> dict[str, str]:
        try:
            if not self._cookie:
                await self.log_in()
            answer, _ = await self._ask(action)
            if answer.get("Message") == _DENIED:
                await self.log_in()
                answer, _ = await self._ask(action)
        except ChannelAuthFailed as error:  # it was there when we began
            raise Refused(403, str(error)) from error
        if answer.get("Response") != "Success":
            text = answer.get("Message", "no reason given")
            raise Gone(404, text) if text in _MISSING else Refused(400, text)
        return answer

    async def _ask(self, action: dict[str, str]) -> tuple[dict[str, str], str]:
        """Return the fields of the answer, and the cookie of a session that was begun."""
        headers = {"Cookie": f"{COOKIE}={self._cookie}"} if self._cookie else {}
        try:
            async with self.session.post(f"{self.base_url}/rawman", data=action, headers=headers) as response:
                if response.status == 404:
                    raise ChannelAuthFailed("Asterisk offers no manager over HTTP: see webenabled in manager.conf")
                text = await response.text(errors="replace")
                cookie = response.cookies.get(COOKIE)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AriUnavailable(f"Asterisk's manager does not answer {action['Action']}: {words(error)}") from error
        fields = (line.partition(": ") for line in text.splitlines())
        return {name: value.strip() for name, _, value in fields}, cookie.value if cookie else ""
