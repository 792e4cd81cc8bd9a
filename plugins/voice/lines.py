"""Trunks and phones: brought to the engine as they are wanted, and whether they can be reached."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from core.backoff import Backoff
from core.channel import Link
from core.errors import BusUnavailable
from core.events import EngineChanged, Event, PhoneChanged, PhonesPlan, TrunkChanged
from plugins.voice.accounts import (
    QUALIFY_S,
    ConfigObject,
    engine_name,
    engine_objects,
    keep_accounts,
    phone_objects,
    put_objects,
    remove_account,
    trunk_objects,
)  # fmt: skip
from plugins.voice.ari import Ari, Gone, Refused
from plugins.voice.ari.events import ContactStatusChange, EndpointStateChange
from plugins.voice.ari.model import Endpoint
from plugins.voice.config import VoiceConfig
from plugins.voice.numbers import ways
from plugins.voice.together import together

log = logging.getLogger(__name__)

DUTY: Final = "LIANXIN_DUTY"  # what the engine's fall-back rings: docs/engine.md
GONE: Final = frozenset({"Removed", "Unreachable"})
SIP_PORT: Final = 5_060
EVERYWHERE: Final = ("", "0.0.0.0", "[::]")  # noqa: S104 - recognized, not bound
LOAD_S: Final = 2.0  # how often the trunks' load is looked at
ROUND_TRIP_S: Final = QUALIFY_S / 2  # how often it is asked how long they took to answer


class Lines:
    """What can be called; ``run`` brings the engine to it and reports, until cancelled."""

    def __init__(self, ari: Ari, link: Link, config: VoiceConfig, trunks_down: set[str]) -> None:
        self._ari = ari
        self._link = link
        self._config = config
        self._trunks_down = trunks_down
        self._trunks = {trunk.name: trunk for trunk in config.trunks}
        self._phones: PhonesPlan | None = None
        self._wanted = asyncio.Event()
        self._made: dict[str, tuple[ConfigObject, ...]] | None = None  # by name, once the engine was brought to it
        self._reachable: dict[str, bool] = {}
        self._looking = asyncio.Lock()
        self._changed: set[str] = set()  # what events told of since the last look began
        self._round_trips_ms: dict[str, float | None] = {}
        self._came = asyncio.Event()  # a trunk can be reached that could not
        self._told: dict[str, tuple[bool, int, float | None]] = {}
        self._reports: asyncio.Queue[Event] = asyncio.Queue()

    def provision(self, phones: PhonesPlan) -> None:
        """Let exactly these phones register, from soon on."""
        self._phones = phones
        self._wanted.set()

    async def take_stock(self) -> None:
        """Bring the engine its trunks, and note what can be reached."""
        await put_objects(self._ari, [item for trunk in self._trunks.values() for item in trunk_objects(trunk)])
        duty = ways(self._config.duty_number, self._config) if self._config.duty_number else ()
        await self._ari.set_global_variable(DUTY, duty[0].endpoint if duty else "")
        await self._look()
        await self._tell_engine()

    def take(self, event: ContactStatusChange | EndpointStateChange) -> None:
        """Note that something came or went."""
        match event:
            case ContactStatusChange():
                name, is_reachable = event.contact_info.aor, event.contact_info.contact_status not in GONE
            case EndpointStateChange():
                name, is_reachable = event.endpoint.resource, event.endpoint.state == "online"
        self._changed.add(name)
        self._note(name, is_reachable=is_reachable)

    async def run(self) -> None:
        """Work until cancelled."""
        await together(self._keep(), self._send(), self._watch_load(), self._watch_round_trips())

    async def _keep(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            assert self._phones is not None
            wanted = {trunk.name: trunk_objects(trunk) for trunk in self._trunks.values()}
            wanted |= {phone.phone_id: phone_objects(phone) for phone in self._phones.phones}
            own = self._link.instance
            wanted |= {engine_name(peer.instance): engine_objects(peer, own=own) for peer in self._phones.engines}
            try:
                await self._bring(wanted)
            except Refused as error:
                log.error("the engine does not take a trunk or phone: %s", error)
                self._made = None
            else:
                self._made = wanted
            await self._look()
            for phone in self._phones.phones:
                self._tell_phone(phone.phone_id)

    async def _bring(self, wanted: dict[str, tuple[ConfigObject, ...]]) -> None:
        if self._made is None:
            await keep_accounts(self._ari, [item for items in wanted.values() for item in items])
            return
        for name in self._made.keys() - wanted.keys():
            await remove_account(self._ari, name)
            self._reachable.pop(name, None)
        for name, items in wanted.items():
            if self._made.get(name) != items:
                await put_objects(self._ari, items)

    # what can be reached

    async def _look(self) -> None:
        """Note what can be reached now, and hear of changes from now on."""
        # it has neither trunks nor phones, or does not know us yet: then taking stock looks once more
        with suppress(Refused, Gone):
            await self._ari.watch_lines()
        await self._endpoints()

    async def _endpoints(self) -> list[Endpoint]:
        """Return trunks and phones, and note which can be reached: no event tells of one that was made anew."""
        async with self._looking:
            self._changed.clear()
            endpoints = [one for one in await self._ari.endpoints() if one.technology == "PJSIP"]
            for endpoint in endpoints:
                if endpoint.resource not in self._changed:  # else the answer is older
                    self._note(endpoint.resource, is_reachable=endpoint.state == "online")
        return endpoints

    def _note(self, name: str, *, is_reachable: bool) -> None:
        if self._reachable.get(name) == is_reachable:
            return
        self._reachable[name] = is_reachable
        if name not in self._trunks:
            self._tell_phone(name)
        elif is_reachable:
            self._trunks_down.discard(name)
            self._came.set()
        else:
            self._trunks_down.add(name)

    def _tell_phone(self, phone_id: str) -> None:
        if self._phones is not None and any(phone.phone_id == phone_id for phone in self._phones.phones):
            is_reachable = self._reachable.get(phone_id, False)
            self._reports.put_nowait(PhoneChanged(phone_id=phone_id, is_reachable=is_reachable, at=datetime.now(UTC)))

    async def _tell_engine(self) -> None:
        """Tell the hub which engine this is, and where others reach it."""
        bound, own_port = await self._bound("transport-udp")
        _, tls_port = await self._bound("transport-tls")
        host, _, port = self._config.sip_address.partition(":")
        host = host or ("127.0.0.1" if bound in EVERYWHERE else bound)
        address = f"{host}:{port or own_port or SIP_PORT}"
        version = await self._ari.version()
        trunks = tuple(self._trunks)
        at = datetime.now(UTC)
        self._reports.put_nowait(
            EngineChanged(version=version, address=address, tls_port=int(tls_port or 0), trunks=trunks, at=at)
        )

    async def _bound(self, transport: str) -> tuple[str, str]:
        """Return host and port of a transport, empty when there is none: an Asterisk that somebody else configured."""
        try:
            fields = await self._ari.object_fields("res_pjsip", "transport", transport)
        except (Gone, Refused):
            return "", ""
        host, _, port = fields.get("bind", "").rpartition(":")
        return host, port

    async def _watch_load(self) -> None:
        while True:
            calls = dict.fromkeys(self._trunks, 0)
            for endpoint in await self._endpoints():
                if endpoint.resource in calls:
                    calls[endpoint.resource] = len(endpoint.channel_ids)
            for name, count in calls.items():
                is_up = self._reachable.get(name, False)
                round_trip_ms = self._round_trips_ms.get(name) if is_up else None
                now = (is_up, count, round_trip_ms)
                if self._told.get(name) != now:
                    self._told[name] = now
                    self._reports.put_nowait(
                        TrunkChanged(
                            trunk=name,
                            is_up=is_up,
                            calls=count,
                            max_calls=self._trunks[name].max_calls,
                            round_trip_ms=round_trip_ms,
                            at=datetime.now(UTC),
                        )
                    )
            await asyncio.sleep(LOAD_S)

    async def _watch_round_trips(self) -> None:
        while True:
            self._came.clear()
            for name in self._trunks:
                if self._reachable.get(name, False):
                    self._round_trips_ms[name] = await self._ari.round_trip_ms(name)
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_TRIP_S):
                    await self._came.wait()

    async def _send(self) -> None:
        backoff = Backoff(first_s=0.1, limit_s=3.0)
        while True:
            event = await self._reports.get()
            while True:
                try:
                    await self._link.emit(event)
                except BusUnavailable:
                    await asyncio.sleep(backoff.next_s())
                else:
                    backoff.reset()
                    break
