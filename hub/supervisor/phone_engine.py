"""Keeps the phone engine running while somebody needs it: found again, or started; left alone while calls go on."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from core.errors import TryLater
from hub.engine.binary import EngineMissing
from hub.engine.install import InstallFailed
from hub.engine.layout import Layout, layout_of
from hub.engine.process import Access, Engine, EngineAway, EngineFailed, find, start
from hub.engine.provide import provide
from hub.engine.settings import EngineSettings
from hub.supervisor.child import Ending, Report
from hub.supervisor.keeper import Keeper, Policy, Status

log = logging.getLogger(__name__)

CHECK_S: Final = 0.5
ASK_EVERY: Final = 10  # checks
MAX_MISSED: Final = 6  # half a minute of silence: killing it ends every call
POLICY: Final = Policy(limit_s=30.0, fence_after=None, fence_after_hourly=None)

OnStatus = Callable[[Status], None]


class EngineNotReady(TryLater):
    """The engine is being fetched or started."""

    code = "engine_not_ready"


class PhoneEngine:
    """An engine of this machine; it runs while an instance uses it, or always when the settings say so."""

    def __init__(
        self, settings: EngineSettings, data_dir: Path, say: Callable[[str], None], engine_name: str = ""
    ) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._layout = layout_of(data_dir, engine_name)
        self._title = f"the phone engine {engine_name}".rstrip()
        self._say = say
        self._users: set[str] = set()
        self._changed = asyncio.Event()
        self._is_stale = False  # what runs was made for other settings
        self._engine: Engine | None = None
        self._listeners: list[OnStatus] = []
        self.status = Status("stopped")

    def listen(self, listener: OnStatus) -> None:
        """Call ``listener`` with every new status."""
        self._listeners.append(listener)

    def access(self, instance: str) -> Access:
        """Return how ``instance`` reaches the engine, which runs from now on; EngineNotReady until it does."""
        if instance not in self._users or self.status.process == "fenced":
            self._users.add(instance)
            self._changed.set()
        if self._engine is None:
            raise EngineNotReady(f"the phone engine is not ready: {self.status.detail or self.status.process}")
        return self._engine.access

    def configure(self, settings: EngineSettings) -> None:
        """Have other settings take effect: at once where that can be, ports and the like once no call is left."""
        if settings != self._settings:
            self._settings = settings
            self._is_stale = True
            self._changed.set()

    def is_used_without(self, instance: str) -> bool:
        """Tell whether anybody else uses the engine."""
        return bool(self._users - {instance})

    def release(self, instance: str) -> None:
        """Note that ``instance`` does not need the engine any more."""
        if instance in self._users:
            self._users.discard(instance)
            self._changed.set()

    async def run(self) -> None:
        """Keep it as it is needed until cancelled; calls under way are left to it even then."""
        while True:
            self._changed.clear()
            if not self._is_wanted():
                self._show(Status("stopped"))
                await self._changed.wait()
                continue
            self._is_stale = False
            keeping = asyncio.create_task(self._keep())
            try:
                # once it is fenced off, being asked for again is a reason to try again
                while self._is_wanted() and not self._is_stale and not (keeping.done() and self._changed.is_set()):
                    self._changed.clear()
                    await self._changed.wait()
            finally:
                keeping.cancel()
                await asyncio.wait({keeping})

    def _is_wanted(self) -> bool:
        mode = self._settings.mode
        return mode == "on" or (mode == "auto" and bool(self._users))

    async def _keep(self) -> None:
        await Keeper(self._title, self._run, self._show, POLICY).run()

    def _run(self, on_report: Callable[[Report], None]) -> "EngineRun":
        return EngineRun(
            self._settings, self._data_dir, self._layout, on_report, hold=self._hold, progress=self._progress
        )

    def _hold(self, engine: Engine | None) -> None:
        self._engine = engine

    def _progress(self, percent: int, text: str) -> None:
        detail = f"{text} ({percent} %)"
        if detail != self.status.detail:
            self._show(Status("starting", reason="install", detail=detail))

    def _show(self, status: Status) -> None:
        before, self.status = self.status, status
        if status.detail != before.detail and status.detail:
            self._say(f"{self._title}: {status.detail}")
        for listener in self._listeners:
            listener(status)


class EngineRun:
    """One run of the engine, or what is left of one that was found."""

    def __init__(
        self,
        settings: EngineSettings,
        data_dir: Path,
        layout: Layout,
        on_report: Callable[[Report], None],
        *,
        hold: Callable[[Engine | None], None],
        progress: Callable[[int, str], None],
    ) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._layout = layout
        self._on_report = on_report
        self._hold = hold
        self._progress = progress
        self._stale: tuple[str, ...] = ()
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id once there is one."""
        return self._pid

    async def run(self) -> Ending:
        """Return how it ended; cancelled, the engine is stopped unless it has calls."""
        try:
            while True:
                engine = await self._up()
                self._pid = engine.note.pid
                self._hold(engine)
                self._on_report({"event": "started", "version": engine.note.version})
                ending = await self._watch(engine)
                if ending is not None:
                    return ending
        except InstallFailed as error:
            return Ending("crash", str(error))
        except EngineMissing as error:
            return Ending("refused", str(error))
        except (EngineFailed, EngineAway) as error:
            return Ending("crash", str(error))
        except Exception as error:  # a bug here must not take plugins and hub along
            log.exception("the phone engine's keeper failed")
            return Ending("crash", repr(error))
        except asyncio.CancelledError:
            if left := find(self._layout):
                await _let_go(left)
            raise
        finally:
            self._hold(None)

    async def _up(self) -> Engine:
        self._stale = ()
        asterisk = await provide(self._settings, self._data_dir, self._progress)
        engine = find(self._layout)
        if engine is None:
            return await start(self._settings, asterisk, self._layout)
        if not await engine.answers():
            log.warning("the phone engine that runs does not answer; it is ended and started anew")
            await engine.kill()
            return await start(self._settings, asterisk, self._layout)
        self._stale = await engine.apply(self._settings, asterisk)
        if self._stale:
            log.warning("the phone engine is started anew for %s once no call is left", ", ".join(self._stale))
        return engine

    async def _watch(self, engine: Engine) -> Ending | None:
        """Return how the engine ended, or None when it was stopped to be started with other settings."""
        missed = checks = 0
        while engine.is_alive():
            await asyncio.sleep(CHECK_S)
            checks += 1
            if checks % ASK_EVERY:
                continue
            try:
                calls = await engine.calls()
            except EngineAway:
                missed += 1
                if missed == MAX_MISSED:
                    await engine.kill()
                    return Ending("hang", f"{MAX_MISSED} questions were not answered")
                continue
            missed = 0
            if self._stale and calls == 0:
                await engine.stop()
                return None
        return Ending("crash", "asterisk ended", engine.last_words())


async def _let_go(engine: Engine) -> None:
    """Stop an idle engine; one with calls goes on, and is found again at the next start."""
    with contextlib.suppress(EngineAway, EngineFailed):
        calls = await engine.calls()
        if calls:
            log.warning("the phone engine goes on with %d channels; `lianxin engine stop` ends it", calls)
        else:
            await engine.stop()
