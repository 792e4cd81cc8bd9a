"""Brings a backup back into an empty data directory: read whole and checked aside, then moved in."""

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import IO, Final

import msgspec

from core.errors import LianxinError
from hub.backup.contents import (
    DATABASE,
    DUMP,
    FORMAT,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    SEALED,
    BackupDamaged,
    BackupFailed,
    BackupTooNew,
    Manifest,
    Member,
    is_member,
    known_migrations,
)
from hub.backup.databases import check_empty, check_sqlite, load_dump
from hub.backup.sealing import unseal
from hub.store.address import locate
from hub.supervisor.data_dir import DataDir
from hub.supervisor.settings import read_settings

CHUNK: Final = 1 << 20
MARGIN_BYTES: Final = 64 << 20  # of the disk, left free


class DataDirNotEmpty(LianxinError):
    """A backup is only restored where nothing is."""

    code = "data_dir_not_empty"


def restore_backup(file: Path, data_dir: Path, code: str) -> Manifest:
    """Fill ``data_dir``, which must be empty or missing, and return what was restored.

    DataDirBusy, DataDirNotEmpty, BackupDamaged, BackupTooNew, RecoveryCodeWrong, or BackupFailed: then nothing
    was changed.
    """
    data, is_new = DataDir(data_dir), not data_dir.exists()
    data.lock()
    try:
        if {path.name for path in data_dir.iterdir()} - {"lock"}:
            raise DataDirNotEmpty(f"{data_dir} is not empty; restore into a new directory (--data)")
        with tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as folder:
            manifest = _read(file, Path(folder), code)
            _move_in(Path(folder), data_dir)
    except BaseException:
        data.leave()
        (data_dir / "lock").unlink(missing_ok=True)
        if is_new:
            data_dir.rmdir()
        raise
    data.leave()
    return manifest


def _read(file: Path, folder: Path, code: str) -> Manifest:
    """Write the backup's members to ``folder``, checked."""
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(file, mode="r|gz") as tar:
            for info in tar:
                content = tar.extractfile(info) if info.isreg() else None
                if content is None or manifest is not None or info.name in found:
                    raise BackupDamaged(f"{file.name} holds what no backup does: {info.name[:200]!r}")
                if info.name == MANIFEST:
                    manifest = _manifest(content.read(MAX_MANIFEST_BYTES))
                    continue
                found[info.name] = _extract(info, content, folder)
    except (tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        raise BackupDamaged(f"{file.name} is damaged or cut off: {error}") from error
    except OSError as error:  # gzip.BadGzipFile is one of them and has no number
        if error.errno is None:
            raise BackupDamaged(f"{file.name} is damaged or cut off: {error}") from error
        raise BackupFailed(f"{file} cannot be restored: {error.strerror}") from error
    if manifest is None:
        raise BackupDamaged(f"{file.name} is cut off: its list of contents is missing")
    _compare(file, manifest, found)
    if (folder / DATABASE).exists():
        check_sqlite(folder / DATABASE)
    _unpack_keys(folder, code)
    return manifest


def _manifest(encoded: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(encoded, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupDamaged(f"the backup's list of contents cannot be read: {error}") from error
    unknown = sorted(set(manifest.migrations) - known_migrations())
    if manifest.format > FORMAT or unknown:
        raise BackupTooNew(
            f"lianxin {manifest.program} made this backup, which this version cannot read"
            + (f" ({', '.join(unknown)})" if unknown else "")
        )
    return manifest


def _extract(info: tarfile.TarInfo, content: IO[bytes], folder: Path) -> Member:
    if not is_member(info.name):
        raise BackupDamaged(f"the backup holds what no backup does: {info.name[:200]!r}")
    if info.size + MARGIN_BYTES > shutil.disk_usage(folder).free:
        raise BackupFailed("the disk has no room for what the backup holds")
    path = folder / info.name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Member(info.size, digest.hexdigest())


def _compare(file: Path, manifest: Manifest, found: dict[str, Member]) -> None:
    differing = sorted(
        name for name in manifest.members.keys() | found if manifest.members.get(name) != found.get(name)
    )
    if differing:
        raise BackupDamaged(f"{file.name} is damaged: {', '.join(differing[:5])}")
    if SEALED not in found or (DATABASE in found) == (DUMP in found):
        raise BackupDamaged(f"{file.name} is no whole backup")


def _unpack_keys(folder: Path, code: str) -> None:
    sealed = folder / SEALED
    with tarfile.open(fileobj=io.BytesIO(unseal(sealed.read_bytes(), code))) as tar:
        tar.extractall(folder, filter="data")
    sealed.unlink()


def _move_in(folder: Path, data_dir: Path) -> None:
    """Move everything to ``data_dir``; a server's database is filled before, at once or not at all."""
    if (folder / DUMP).exists():
        database = locate(str(read_settings(folder, {}).hub.get("database_url", "")))
        check_empty(database)
        load_dump(database, folder / DUMP)
        (folder / DUMP).unlink()
    for path in sorted(folder.iterdir(), key=lambda one: one.name == DATABASE):  # without it nothing starts on the rest
        path.replace(data_dir / path.name)
