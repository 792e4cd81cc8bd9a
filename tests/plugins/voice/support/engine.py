"""The real Asterisk for tests: installed once for this user, started once for a whole run of tests."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from core.config import decode_settings
from hub.engine.binary import Asterisk, EngineMissing, find_system
from hub.engine.install import install
from hub.engine.layout import Layout
from hub.engine.process import Engine, start
from hub.engine.settings import EngineSettings
from plugins.voice.ari import Ari
from plugins.voice.tapes import SIDES
from tests.certificates import make_certificate
from tests.plugins.voice.support.phone import Phone

# 2,000 calls' worth of ports that the kernel does not give away by itself
RTP_FIRST, RTP_LAST = 20_000, 24_000


def cache() -> Path:
    """Return where an engine of our own is kept from run to run."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home, "lianxin", "engine")


def engine_settings(**more: object) -> EngineSettings:
    """Return settings with which several engines can run on one machine, on the loopback only."""
    ports = {"sip_port": 0, "tls_port": 0, "rtp_first": RTP_FIRST, "rtp_last": RTP_LAST}
    plain = {"sip_host": "127.0.0.1", **ports, **more}
    return decode_settings(EngineSettings, plain)


@pytest.fixture(scope="session")
def asterisk() -> Asterisk:
    """Return an Asterisk; skips the test where none is installed and none can be fetched."""
    try:
        return find_system()
    except EngineMissing:
        pass
    try:
        return asyncio.run(install(cache(), lambda percent, text: None))
    except EngineMissing as error:
        pytest.skip(f"needs Asterisk: {error}")


@pytest.fixture(scope="session")
def shared_engine(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Yield an engine for all tests that leave nothing behind in it."""
    with running_engine(asterisk, tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@contextmanager
def running_engine(asterisk: Asterisk, folder: Path) -> Iterator[Engine]:
    """Yield a new engine whose files lie in ``folder``; it has a certificate."""
    certificate, key = make_certificate(folder)
    settings = engine_settings(tls_certificate=str(certificate), tls_key=str(key))
    engine = asyncio.run(start(settings, asterisk, Layout(folder)))
    try:
        yield engine
    finally:
        asyncio.run(engine.kill())


class Board:
    """Everything a test about calls wants: the engine, ARI to it, and telephones."""

    def __init__(self, engine: Engine, ari: Ari) -> None:
        self.engine = engine
        self.ari = ari
        self.phones: list[Phone] = []
        self._objects: list[tuple[str, str, str]] = []

    @property
    def sip(self) -> tuple[str, int]:
        """Return where SIP is spoken."""
        return ("127.0.0.1", self.engine.note.sip_port)

    async def phone(self, name: str, *, context: str = "phones", password: str = "secret") -> Phone:
        """Return the registered telephone of a new account."""
        await self.put("auth", name, {"auth_type": "userpass", "username": name, "password": password})
        await self.put("aor", name, {"max_contacts": "1", "remove_existing": "yes"})
        await self.put(
            "endpoint",
            name,
            {"transport": "transport-udp", "context": context, "aors": name, "auth": name, **MEDIA},
        )
        phone = await Phone(self.sip, name, password=password).__aenter__()
        self.phones.append(phone)
        assert await phone.register() == 200
        return phone

    async def trunk(self, name: str = "trunk") -> Phone:
        """Return a carrier's line: calls from it arrive as from outside, ``PJSIP/<number>@<name>`` rings it."""
        phone = await Phone(self.sip, name).__aenter__()
        self.phones.append(phone)
        await self.put("aor", name, {"contact": f"sip:127.0.0.1:{phone.port}"})
        outside = {"context": "inbound", "trust_id_inbound": "yes", "callerid": "-", "identify_by": "username"}
        await self.put("endpoint", name, {"transport": "transport-udp", "aors": name, **outside, **MEDIA})
        return phone

    async def put(self, kind: str, name: str, fields: dict[str, str]) -> None:
        await self.ari.put_object("res_pjsip", kind, name, fields)
        self._objects.append(("res_pjsip", kind, name))

    async def close(self) -> None:
        for channel in await self.ari.channels():
            await self.ari.hang_up(channel.id)
        await self.unplug()
        for bridge in await self.ari.bridges():
            await self.ari.destroy_bridge(bridge.id)
        for stored in await self.ari.stored_recordings():  # else the next plugin hands them in as its own
            await self.ari.delete_recording(stored.name)
        for module, kind, name in reversed(self._objects):
            await self.ari.delete_object(module, kind, name)

    async def restart(self, asterisk: Asterisk) -> None:
        """Stop the engine and start it again with the same files; the telephones stay."""
        await self.engine.stop()
        self.engine = await start(engine_settings(), asterisk, self.engine.layout)

    async def is_taped(self, *, stretches: int = 1) -> None:
        """Return when both sides of the only talk are being recorded, for the so-manieth time."""
        async with asyncio.timeout(30):
            while True:
                stored = [one.name for one in await self.ari.stored_recordings()]
                if len([name for name in stored if name.startswith("tape~")]) == stretches * len(SIDES):
                    return
                await asyncio.sleep(0.02)

    async def unplug(self) -> None:
        """Hang up every telephone."""
        for phone in self.phones:
            await phone.__aexit__()


MEDIA = {"disallow": "all", "allow": "ulaw", "direct_media": "no", "dtmf_mode": "rfc4733", "rtp_symmetric": "yes"}


@asynccontextmanager
async def board_of(engine: Engine) -> AsyncIterator[Board]:
    """Yield telephones and ARI on an engine."""
    access = engine.access
    async with Ari(access.url, access.username, access.password, app="lianxin") as ari:
        board = Board(engine, ari)
        yield board
        await board.close()


@pytest.fixture
async def board(shared_engine: Engine) -> AsyncIterator[Board]:
    """Yield telephones and ARI on the shared engine."""
    async with board_of(shared_engine) as board:
        yield board
