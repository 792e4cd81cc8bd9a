"""Legs of calls: making, answering, ending, hearing."""

from collections.abc import Mapping
from typing import Literal

from plugins.voice.ari.http import AriHttp, token
from plugins.voice.ari.model import Channel

Direction = Literal["in", "out", "both"]
Spy = Literal["none", "in", "out", "both"]
Variables = Mapping[str, str]


class Channels(AriHttp):
    """What can be asked of channels."""

    async def channels(self) -> tuple[Channel, ...]:
        """Return every channel of the engine, ours or not."""
        return await self.get("channels", tuple[Channel, ...])

    async def channel(self, channel_id: str) -> Channel:
        """Return one channel."""
        return await self.get(f"channels/{token(channel_id)}", Channel)

    async def originate(
        self,
        endpoint: str,
        channel_id: str,
        *,
        args: tuple[str, ...] = (),
        caller_id: str = "",
        timeout_s: int = 30,
        variables: Variables | None = None,
        originator: str = "",
        formats: tuple[str, ...] = (),
    ) -> Channel:
        """Dial ``endpoint`` (``PJSIP/<phone>``, ``PJSIP/<number>@<trunk>``); answered, it comes to us with ``args``.

        ``caller_id`` is ``name <number>``. ``originator`` is the channel it is dialled for: its codecs are offered.
        """
        query = {
            "endpoint": endpoint,
            "app": self.app,
            "appArgs": ",".join(args),
            "callerId": caller_id,
            "timeout": timeout_s,
            "originator": originator,
            "formats": ",".join(formats),
        }
        body = {"variables": dict(variables or {})}
        return await self.post(f"channels/{token(channel_id)}", Channel, query, body)

    async def create(
        self,
        endpoint: str,
        channel_id: str,
        *,
        args: tuple[str, ...] = (),
        originator: str = "",
        variables: Variables | None = None,
    ) -> Channel:
        """Make a channel to ``endpoint`` that is ours at once and dials on ``dial`` only: early media can be heard."""
        query = {
            "endpoint": endpoint,
            "app": self.app,
            "appArgs": ",".join(args),
            "channelId": channel_id,
            "originator": originator,
        }
        return await self.post("channels/create", Channel, query, {"variables": dict(variables or {})})

    async def dial(self, channel_id: str, *, caller: str = "", timeout_s: int = 30) -> None:
        """Have a channel made by ``create`` dial."""
        await self.do("POST", f"channels/{token(channel_id)}/dial", {"caller": caller, "timeout": timeout_s})

    async def answer(self, channel_id: str) -> None:
        """Answer an incoming call."""
        await self.do("POST", f"channels/{token(channel_id)}/answer")

    async def ring(self, channel_id: str) -> None:
        """Tell an incoming call that it rings."""
        await self.do("POST", f"channels/{token(channel_id)}/ring")

    async def hang_up(self, channel_id: str, *, cause: int = 16) -> bool:
        """End a channel with a Q.850 cause (16 normal, 17 busy, 19 no answer, 21 rejected …); False: it was gone."""
        return await self.delete(f"channels/{token(channel_id)}", {"reason_code": cause})

    async def continue_in_dialplan(self, channel_id: str, *, context: str, exten: str, priority: int = 1) -> None:
        """Give a channel back to the dial plan."""
        query = {"context": context, "extension": exten, "priority": priority}
        await self.do("POST", f"channels/{token(channel_id)}/continue", query)

    async def redirect(self, channel_id: str, endpoint: str) -> None:
        """Have the far end call ``endpoint`` itself (SIP 302 or REFER)."""
        await self.do("POST", f"channels/{token(channel_id)}/redirect", {"endpoint": endpoint})

    async def hold(self, channel_id: str) -> None:
        """Put the far end on hold by signalling; for music to be heard use ``start_music``."""
        await self.do("POST", f"channels/{token(channel_id)}/hold")

    async def unhold(self, channel_id: str) -> None:
        """Take it back."""
        await self.do("DELETE", f"channels/{token(channel_id)}/hold")

    async def mute(self, channel_id: str, direction: Direction = "both") -> None:
        """Silence a channel: ``in`` is what comes from it, ``out`` what goes to it."""
        await self.do("POST", f"channels/{token(channel_id)}/mute", {"direction": direction})

    async def unmute(self, channel_id: str, direction: Direction = "both") -> None:
        """Let it be heard again."""
        await self.do("DELETE", f"channels/{token(channel_id)}/mute", {"direction": direction})

    async def start_music(self, channel_id: str, music: str = "default") -> None:
        """Play music on hold to a channel that is in no bridge, or in one."""
        await self.do("POST", f"channels/{token(channel_id)}/moh", {"mohClass": music})

    async def stop_music(self, channel_id: str) -> None:
        """End it."""
        await self.do("DELETE", f"channels/{token(channel_id)}/moh")

    async def send_dtmf(self, channel_id: str, digits: str, *, between_ms: int = 100, duration_ms: int = 100) -> None:
        """Press keys towards the far end."""
        query = {"dtmf": digits, "between": between_ms, "duration": duration_ms}
        await self.do("POST", f"channels/{token(channel_id)}/dtmf", query)

    async def variable(self, channel_id: str, name: str) -> str:
        """Return a variable or function of a channel, such as ``PJSIP_HEADER(read,X-Case)``; Gone when it has none."""
        query = {"variable": name}
        return (await self.get(f"channels/{token(channel_id)}/variable", dict[str, str], query)).get("value", "")

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        """Set one."""
        await self.do("POST", f"channels/{token(channel_id)}/variable", {"variable": name, "value": value})

    async def snoop(
        self, channel_id: str, snoop_id: str, *, spy: Spy, whisper: Spy, args: tuple[str, ...] = ()
    ) -> Channel:
        """Return a channel that hears ``channel_id`` (``in``: what it says) and is heard by it (whisper ``out``)."""
        query = {"spy": spy, "whisper": whisper, "app": self.app, "appArgs": ",".join(args)}
        return await self.post(f"channels/{token(channel_id)}/snoop/{token(snoop_id)}", Channel, query)

    async def external_media(
        self,
        channel_id: str,
        host: str,
        *,
        encapsulation: str = "audiosocket",
        transport: str = "tcp",
        audio_format: str = "slin",
        data: str = "",
    ) -> Channel:
        """Return a channel whose audio goes to and comes from ``host``; an AudioSocket's ``data`` is its UUID."""
        query = {
            "app": self.app,
            "channelId": channel_id,
            "external_host": host,
            "encapsulation": encapsulation,
            "transport": transport,
            "format": audio_format,
            "data": data,
        }
        return await self.post("channels/externalMedia", Channel, query)
