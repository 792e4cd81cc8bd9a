"""Copies of backups in another place: a mounted folder, or a bucket of an S3-compatible store."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from core.config import MASK, Settings
from core.errors import ConfigInvalid
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.backup.contents import DAILY, FILE_NAME, BackupFailed
from hub.backup.s3 import Bucket, Keys
from hub.store.models import Setting
from hub.store.secrets import Sealer
from hub.units import Units

OFFSITE_KEY: Final = "backup_offsite"  # the setting {"sealed": OffsiteSettings}
COPIED_KEY: Final = "backup_copied"  # the setting {"name": the newest backup that was copied}
TRIAL: Final = ".lianxin-trial"

Text = Annotated[str, Meta(max_length=500)]


class OffsiteSettings(Settings, frozen=True, kw_only=True):
    """Where copies go; a ``secret_key`` that reads ``***`` stays what it is."""

    kind: Literal["none", "folder", "s3"] = "none"
    folder: Text = ""
    endpoint: Text = ""
    region: Text = "us-east-1"
    bucket: Text = ""
    prefix: Text = ""
    access_key: Text = ""
    secret_key: Text = ""


class OffsiteView(msgspec.Struct, frozen=True, kw_only=True):
    """Where copies go, the secret masked; which backup was copied last, and why the last attempt failed."""

    settings: OffsiteSettings
    copied: str
    fault: str


class Offsite:
    """Copies finished backups to where an administrator wants them too."""

    def __init__(self, units: Units, audit: Audit, box: Sealer) -> None:
        self._units = units
        self._audit = audit
        self._box = box
        self._fault = ""

    async def view(self) -> OffsiteView:
        """Return what an administrator sees."""
        settings = await self._settings()
        masked = msgspec.structs.replace(settings, secret_key=MASK if settings.secret_key else "")
        return OffsiteView(settings=masked, copied=await self._copied(), fault=self._fault)

    async def save(self, identity: Identity, settings: OffsiteSettings, *, remote: str) -> None:
        """Copy there from now on, once writing there was tried; ConfigInvalid names what is wrong."""
        if settings.secret_key == MASK:
            settings = msgspec.structs.replace(settings, secret_key=(await self._settings()).secret_key)
        if faults := _faults(settings):
            raise ConfigInvalid(faults)
        try:
            await self._try_out(settings)
        except BackupFailed as error:
            raise ConfigInvalid({"folder" if settings.kind == "folder" else "endpoint": str(error)}) from error
        async with self._units.open():
            sealed = self._box.seal(msgspec.json.encode(settings).decode())
            await Setting.update_or_create({"value": {"sealed": sealed}}, key=OFFSITE_KEY)
            await self._audit.record(identity, "backup.offsite", "backup", remote=remote, kind=settings.kind)
        self._fault = ""

    async def is_wanting(self, newest: str) -> bool:
        """Whether copies are wanted and the backup of this name has none."""
        return bool(newest) and (await self._settings()).kind != "none" and await self._copied() != newest

    async def copy(self, path: Path, keep: int) -> None:
        """Copy a backup; what fails is kept as the fault. Of daily ones in a folder ``keep`` remain."""
        settings = await self._settings()
        try:
            match settings.kind:
                case "folder":
                    await asyncio.to_thread(_copy_to_folder, path, Path(settings.folder), keep)
                case "s3":
                    await _bucket(settings).put(f"{settings.prefix}{path.name}", path, self._units.now())
                case "none":
                    return
        except BackupFailed as error:
            self._fault = str(error)
            raise
        self._fault = ""
        async with self._units.open():
            await Setting.update_or_create({"value": {"name": path.name}}, key=COPIED_KEY)

    async def _try_out(self, settings: OffsiteSettings) -> None:
        if settings.kind == "folder":
            await asyncio.to_thread(_try_folder, Path(settings.folder))
        elif settings.kind == "s3":
            await _bucket(settings).try_out(f"{settings.prefix}{TRIAL}", self._units.now())

    async def _settings(self) -> OffsiteSettings:
        row = await Setting.get_or_none(key=OFFSITE_KEY)
        return (
            msgspec.json.decode(self._box.open(row.value["sealed"]), type=OffsiteSettings) if row else OffsiteSettings()
        )

    async def _copied(self) -> str:
        row = await Setting.get_or_none(key=COPIED_KEY)
        return str(row.value["name"]) if row else ""


def _faults(settings: OffsiteSettings) -> dict[str, str]:
    faults = {}
    if settings.kind == "folder" and not Path(settings.folder).is_absolute():
        faults["folder"] = "an absolute path is needed"
    if settings.kind == "s3":
        faults = {
            name: "missing" for name in ("bucket", "region", "access_key", "secret_key") if not getattr(settings, name)
        }
        parts = urlsplit(settings.endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            faults["endpoint"] = "an address like https://s3.example.org is needed"
    return faults


def _bucket(settings: OffsiteSettings) -> Bucket:
    keys = Keys(settings.region, settings.access_key, settings.secret_key)
    return Bucket(settings.endpoint, settings.bucket, keys)


def _try_folder(folder: Path) -> None:
    """Write and delete a file; a folder that is not there is not made, for it may be a disk that is not mounted."""
    trial = folder / TRIAL
    try:
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        raise BackupFailed(f"{folder} cannot be written to: {error.strerror or error}") from error


def _copy_to_folder(path: Path, folder: Path, keep: int) -> None:
    unfinished = folder / f"{path.name}.unfinished"
    try:
        try:
            with path.open("rb") as source, unfinished.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
            unfinished.chmod(0o600)
            unfinished.replace(folder / path.name)
        finally:
            unfinished.unlink(missing_ok=True)
        daily = sorted(one.name for one in folder.iterdir() if FILE_NAME.fullmatch(one.name) and DAILY in one.name)
        for name in daily[:-keep]:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise BackupFailed(f"the backup cannot be copied to {folder}: {error.strerror or error}") from error
