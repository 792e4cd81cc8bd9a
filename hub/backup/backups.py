"""The backups of a running hub: made now or by the timetable, listed, deleted; one at a time."""

import asyncio
import logging
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Annotated, Final, Self

import msgspec
from msgspec import Meta

from core.config import Settings
from core.errors import LianxinError
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.backup.contents import DAILY, FILE_NAME, BackupFailed, made_at
from hub.backup.offsite import Offsite, OffsiteView
from hub.backup.writing import Source, write_backup
from hub.errors import ApiError, not_found
from hub.settings import HubSettings, backup_folder, store_url
from hub.store.address import locate
from hub.store.models import Setting
from hub.store.secrets import Sealer
from hub.units import Units

log = logging.getLogger(__name__)

TIMETABLE_KEY: Final = "backups"
LOOK_S: Final = 60.0
RETRY: Final = timedelta(hours=1)


class Timetable(Settings, frozen=True, kw_only=True):
    """Whether a backup is made each day at ``hour`` of the machine's own time, and how many of those are kept."""

    is_enabled: bool = False
    hour: Annotated[int, Meta(ge=0, le=23)] = 3
    keep: Annotated[int, Meta(ge=1, le=365)] = 7


class BackupView(msgspec.Struct, frozen=True, kw_only=True):
    """One finished backup."""

    name: str
    made_at: datetime
    size_bytes: int
    is_daily: bool


class BackupProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the one being made has come; ``total_bytes`` is 0 while the database is copied."""

    done_bytes: int = 0
    total_bytes: int = 0


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The backups, newest first; ``fault`` says why the last attempt failed."""

    folder: str
    timetable: Timetable
    running: BackupProgress | None
    fault: str
    offsite: OffsiteView
    items: list[BackupView]


class Backups:
    """Makes backups of ``source`` in ``folder``."""

    def __init__(self, units: Units, audit: Audit, source: Source, folder: Path, offsite: Offsite) -> None:
        self.offsite = offsite
        self._units = units
        self._audit = audit
        self._source = source
        self._folder = folder
        self._wanted = asyncio.Event()
        self._running: BackupProgress | None = None
        self._fault = ""
        self._tried_at: datetime | None = None
        self._copied_at: datetime | None = None  # when a copy was last tried
        self._is_stopped = False

    @classmethod
    def of(cls, settings: HubSettings, units: Units, audit: Audit, sealer: Sealer) -> Self:
        """Return the backups of the hub that has ``settings``."""
        address = locate(store_url(settings.database_url, settings.data_dir))
        source = Source(settings.data_dir, address, metadata.version("lianxin"))
        folder = backup_folder(settings.backup_dir, settings.data_dir)
        return cls(units, audit, source, folder, Offsite(units, audit, sealer))

    async def overview(self) -> Overview:
        """Return everything an administrator sees."""
        return Overview(
            folder=str(self._folder.absolute()),
            timetable=await self._timetable(),
            running=self._running,
            fault=self._fault,
            offsite=await self.offsite.view(),
            items=await asyncio.to_thread(_finished, self._folder),
        )

    @property
    def is_idle(self) -> bool:
        """Whether none is being made."""
        return self._running is None

    async def begin(self, identity: Identity, *, remote: str) -> None:
        """Have a backup made; 409 ``backup_running`` while one is."""
        if self._running is not None:
            raise ApiError(409, "backup_running", "a backup is being made")
        self._running = BackupProgress()
        self._wanted.set()
        await self._audit.note(identity, "backup.make", "backup", "", remote=remote)

    async def schedule(self, identity: Identity, timetable: Timetable, *, remote: str) -> None:
        """Go by another timetable from now on."""
        async with self._units.open():
            value = msgspec.to_builtins(timetable)
            await Setting.update_or_create({"value": value}, key=TIMETABLE_KEY)
            await self._audit.record(identity, "backup.schedule", "backup", remote=remote, **value)

    async def path(self, name: str) -> Path:
        """Return where the backup of this name lies; 404 when there is none."""
        path = self._folder / name
        if FILE_NAME.fullmatch(name) is None or not await asyncio.to_thread(path.is_file):
            raise not_found("backup")
        return path

    async def delete(self, identity: Identity, name: str, *, remote: str) -> None:
        """Delete a backup; 404 when there is none."""
        path = await self.path(name)
        await self._audit.note(identity, "backup.delete", "backup", name, remote=remote)
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def code(self, identity: Identity, *, remote: str) -> str:
        """Return the recovery code, which is noted in the audit log."""
        await self._audit.note(identity, "backup.code", "backup", "", remote=remote)
        return await asyncio.to_thread(lambda: self._source.code)

    async def run(self) -> None:
        """Make what is wanted and what is due until cancelled."""
        self._is_stopped = False
        try:
            while True:
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._wanted.wait()
                except TimeoutError:
                    await self.make_if_due()
                    await self.copy_if_wanted()
                else:
                    self._wanted.clear()
                    if self._running is not None and await self._make(is_daily=False):
                        self._copied_at = None
                    await self.copy_if_wanted()
        finally:
            self._is_stopped = True
            self._running = None

    async def make_if_due(self) -> None:
        """Make what the timetable wants by now, and delete daily ones that are too many."""
        timetable, now = await self._timetable(), self._units.now()
        if not timetable.is_enabled or (self._tried_at is not None and now - self._tried_at < RETRY):
            return
        daily = [one for one in await asyncio.to_thread(_finished, self._folder) if one.is_daily]
        if daily and daily[0].made_at >= _last_time(now, timetable.hour):
            return
        self._tried_at = now
        self._running = BackupProgress()
        if await self._make(is_daily=True):
            for one in daily[timetable.keep - 1 :]:
                await asyncio.to_thread((self._folder / one.name).unlink, missing_ok=True)

    def look_again(self) -> None:
        """Try to copy the newest backup at once, for instance because copies shall go elsewhere."""
        self._copied_at = None
        self._wanted.set()

    async def copy_if_wanted(self) -> None:
        """Copy the newest backup when it has no copy; what fails is tried again an hour later."""
        now = self._units.now()
        if self._copied_at is not None and now - self._copied_at < RETRY:
            return
        finished = await asyncio.to_thread(_finished, self._folder)
        newest = max(finished, key=lambda one: one.made_at).name if finished else ""
        if not await self.offsite.is_wanting(newest):
            return
        self._copied_at = now
        try:
            await self.offsite.copy(self._folder / newest, (await self._timetable()).keep)
        except LianxinError as error:
            log.warning("backup %s was not copied: %s", newest, error)
            return
        self._copied_at = None
        log.info("backup %s was copied", newest)

    async def _make(self, *, is_daily: bool) -> bool:
        try:
            path = await asyncio.to_thread(
                write_backup, self._source, self._folder, self._units.now(), self._tell, is_daily=is_daily
            )
        except LianxinError as error:
            self._fault = str(error)
            log.warning("no backup was made: %s", error)
            return False
        finally:
            self._running = None
        self._fault = ""
        log.info("backup %s is complete", path.name)
        return True

    def _tell(self, done_bytes: int, total_bytes: int) -> None:
        """Keep the progress; called in the thread that writes, which ends here when the hub does."""
        if self._is_stopped:
            raise BackupFailed("the hub was stopped")
        self._running = BackupProgress(done_bytes=done_bytes, total_bytes=total_bytes)

    async def _timetable(self) -> Timetable:
        row = await Setting.get_or_none(key=TIMETABLE_KEY)
        return msgspec.convert(row.value, Timetable) if row else Timetable()


def _finished(folder: Path) -> list[BackupView]:
    if not folder.is_dir():
        return []
    names = sorted((path.name for path in folder.iterdir() if FILE_NAME.fullmatch(path.name)), reverse=True)
    return [
        BackupView(
            name=name,
            made_at=made_at(name),
            size_bytes=(folder / name).stat().st_size,
            is_daily=DAILY in name,
        )
        for name in names
    ]


def _last_time(now: datetime, hour: int) -> datetime:
    """Return when it was last ``hour`` o'clock here."""
    local = now.astimezone()
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= local else today - timedelta(days=1)
