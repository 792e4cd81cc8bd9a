"""Telephone calls: Asterisk carries them, the hub plans them, this makes the one be like the other (docs/calls.md)."""

import asyncio
from contextlib import aclosing

from core.channel import CarriesCalls, Channel, Link, ServesHttp, TapsCalls
from core.errors import ChannelNotReady, SendRejected
from core.events import CallPlan, ChannelState, PhonesPlan, SendMessage, TapsPlan
from core.webhooks import Route, Routes
from plugins.voice import numbers
from plugins.voice.ari import Ari, Lost, Replaced, Snapshot
from plugins.voice.config import VoiceConfig
from plugins.voice.context import Context
from plugins.voice.dialled import DialledLegs
from plugins.voice.lines import Lines
from plugins.voice.occupancy import Occupancy
from plugins.voice.prompts import Prompts
from plugins.voice.sip_socket import SipSockets
from plugins.voice.switchboard import Switchboard
from plugins.voice.taps import Taps
from plugins.voice.together import together

APP = "lianxin"  # the Stasis application that the dial plan hands calls to


class Voice(Channel[VoiceConfig], CarriesCalls, TapsCalls, ServesHttp):
    """One engine; every connection to it begins with taking stock, so a crash is nothing special."""

    config_type = VoiceConfig

    def __init__(self, config: VoiceConfig, link: Link) -> None:
        super().__init__(config, link)
        self._prompts = Prompts(link, link.data_dir.resolve() / "prompts")
        self._dialled = DialledLegs(link.data_dir / "dialled")
        self._sip = SipSockets(config.ari_url)
        self._phones: PhonesPlan | None = None
        self._lines: Lines | None = None
        self._switchboard: Switchboard | None = None
        self._taps: Taps | None = None

    async def run(self) -> None:
        await asyncio.to_thread(self._dialled.load)
        async with self._ari() as ari:
            occupancy = Occupancy(ari, self.config.trunks)
            context = Context(ari, self.link, self.config, self._prompts, self._dialled, occupancy)
            lines = self._lines = Lines(ari, self.link, self.config, context.trunks_down)
            if self._phones is not None:
                lines.provision(self._phones)
            switchboard = self._switchboard = Switchboard(context, lines)
            taps = self._taps = Taps(ari, switchboard.channel_of)
            try:
                await together(self._follow(ari, switchboard, taps), lines.run())
            finally:
                self._switchboard = self._taps = self._lines = None
                await taps.close()
                await switchboard.close()

    async def probe(self) -> None:
        if self.config.ari_url:
            async with self._ari() as ari:
                await ari.version()
                await ari.log_in()

    async def send(self, message: SendMessage) -> str:
        raise SendRejected("no_text", "a telephone call carries no text")

    def normalize(self, address: str) -> str:
        return numbers.address(address, country=self.config.country_code, area=self.config.area_code)

    async def arrange(self, plan: CallPlan) -> None:
        if self._switchboard is None or not self._switchboard.has_stock:
            raise ChannelNotReady("it is not known what the engine has")
        self._switchboard.arrange(plan)

    async def provision(self, phones: PhonesPlan) -> None:
        self._phones = phones
        if self._lines is not None:
            self._lines.provision(phones)

    def carried(self) -> dict[str, int]:
        return {} if self._switchboard is None else self._switchboard.carried()

    async def tap(self, plan: TapsPlan) -> None:
        if self._taps is not None:
            self._taps.follow(plan)

    def routes(self) -> Routes:
        return (Route("GET", "/sip", self._sip.serve, self._sip.verify, max_bytes=1_024),)

    def _ari(self) -> Ari:
        return Ari(self.config.ari_url, self.config.ari_username, self.config.ari_password, app=APP)

    async def _follow(self, ari: Ari, switchboard: Switchboard, taps: Taps) -> None:
        try:
            async with aclosing(aiter(ari.events())) as stream:
                async for item in stream:
                    match item:
                        case Snapshot():
                            await ari.log_in()
                            await switchboard.take_stock(item)
                            await taps.clear(item)
                            await self.emit(ChannelState(state="ready"))
                        case Lost():
                            raise ChannelNotReady(f"the engine does not answer: {item.reason}")
                        case _ if not taps.take(item):
                            switchboard.take(item)
        except Replaced as error:
            raise ChannelNotReady(str(error)) from error
