"""The phone engines of this machine: the one of the settings, and others that instances name."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from core.errors import TryLater
from core.ids import check_token
from hub.engine.process import Access
from hub.engine.settings import EngineSettings
from hub.supervisor.phone_engine import PhoneEngine


class EngineTaken(TryLater):
    """Call control of another instance has the engine, until that gives it up: two would take it from each other."""

    code = "engine_taken"


class PhoneEngines:
    """Engines by name; the one without a name is that of ``lianxin.toml``, others differ from it by their ports."""

    def __init__(self, settings: EngineSettings, data_dir: Path, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._say = say
        self._engines = {"": PhoneEngine(settings, data_dir, say)}
        self._made: asyncio.Queue[PhoneEngine] = asyncio.Queue()

    def access(self, instance: str, *, name: str = "", sip_port: int = 0) -> Access:
        """Return how ``instance`` reaches the engine ``name``, which runs from now on; EngineNotReady until it does.

        One with a name speaks SIP on ``sip_port``, 0: a free one; another port than before counts once no call is left.
        EngineTaken while another instance uses it; ValueError when a folder cannot have this name.
        """
        own = msgspec.structs.replace(self._settings, sip_port=sip_port, http_port=0, tls_port=0, mode=self._mode())
        if name not in self._engines:
            engine = self._engines[name] = PhoneEngine(own, self._data_dir, self._say, check_token(name))
            self._made.put_nowait(engine)
        self.release(instance, but=name)
        if self._engines[name].is_used_without(instance):
            raise EngineTaken("another instance uses this phone engine: name one of its own in the setting engine")
        if name:
            self._engines[name].configure(own)
        return self._engines[name].access(instance)

    def release(self, instance: str, *, but: str | None = None) -> None:
        """Note that ``instance`` does not need any engine any more ``but`` one."""
        for name, engine in self._engines.items():
            if name != but:
                engine.release(instance)

    async def run(self) -> None:
        """Keep each as it is needed until cancelled; calls under way are left to them even then."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._engines[""].run())
            while True:
                tasks.create_task((await self._made.get()).run())

    def _mode(self) -> str:
        return "off" if self._settings.mode == "off" else "auto"
