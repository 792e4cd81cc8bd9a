"""Writes a backup while the hub goes on: the database first, then the files, of which none is ever changed."""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from hub.backup.contents import (
    DATABASE,
    DUMP,
    FORMAT,
    MANIFEST,
    SEALED,
    BackupFailed,
    Manifest,
    Member,
    file_name,
    is_member,
)
from hub.backup.databases import copy_sqlite, dump, sqlite_migrations
from hub.backup.sealing import recovery_code, seal
from hub.store.address import Database

LEVEL: Final = 4  # most of the bytes are sound and pictures, which get no smaller
CODE_FILE: Final = "keys/recovery.code"
KEY_FILES: Final = ("lianxin.toml", "keys/**/*", "nats/keys/*", "plugins/**/*.key")
SQLITE_MAGIC: Final = b"SQLite format 3\0"

Progress = Callable[[int, int], None]


def silent(_done_bytes: int, _total_bytes: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: a data directory and its database."""

    data_dir: Path
    database: Database
    program: str

    @property
    def code(self) -> str:
        """The recovery code, without which the keys in a backup cannot be used."""
        return recovery_code(self.data_dir / CODE_FILE)


def write_backup(
    source: Source, folder: Path, made_at: datetime, progress: Progress = silent, *, is_daily: bool = False
) -> Path:
    """Return the file written to ``folder``; ``progress`` hears done and total bytes. BackupFailed.

    Blocks for as long as it takes; the file has its name only when it is complete.
    """
    path = folder / file_name(made_at, is_daily=is_daily)
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".lianxin-") as scratch:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    _write(source, Path(scratch), file, made_at, progress)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
    except FileExistsError as error:
        raise BackupFailed(f"another backup is being written to {folder}") from error
    except OSError as error:
        raise BackupFailed(f"the backup cannot be written to {folder}: {error.strerror or error}") from error
    return path


def _write(source: Source, scratch: Path, file: BinaryIO, made_at: datetime, progress: Progress) -> None:
    if source.database.file is not None:
        name, copy = DATABASE, scratch / DATABASE
        copy_sqlite(source.database.file, copy)
        migrations = sqlite_migrations(copy)
    else:
        name, copy = DUMP, scratch / DUMP
        migrations = dump(source.database, copy)
    code = source.code  # made first: it is one of the keys
    media = list(_media(source.data_dir))
    total = copy.stat().st_size + sum(path.stat().st_size for path in media)
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=LEVEL, format=tarfile.PAX_FORMAT) as tar:
        writer = _Writer(tar, progress, total)
        writer.add_file(name, copy)
        copy.unlink()
        writer.add(SEALED, seal(_keys(source.data_dir), code))
        for path in media:
            writer.add_file(path.relative_to(source.data_dir).as_posix(), path)
        for path in _changing_files(source.data_dir):
            _add_changing_file(writer, source.data_dir, path, scratch / "copy.db")
        manifest = Manifest(
            format=FORMAT, program=source.program, made_at=made_at, migrations=migrations, members=writer.members
        )
        encoded = msgspec.json.format(msgspec.json.encode(manifest))
        tar.addfile(_info(MANIFEST, len(encoded)), io.BytesIO(encoded))


@dataclass(slots=True)
class _Writer:
    tar: tarfile.TarFile
    progress: Progress
    total: int
    done: int = 0
    members: dict[str, Member] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        self._add(name, len(data), io.BytesIO(data))

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self._add(name, os.fstat(file.fileno()).st_size, file)

    def _add(self, name: str, size: int, file: BinaryIO) -> None:
        hashed = _Hashed(file, self._tell)
        self.tar.addfile(_info(name, size), hashed)  # type: ignore[arg-type]  # it only reads
        self.members[name] = Member(size, hashed.digest.hexdigest())

    def _tell(self, count: int) -> None:
        self.done += count
        self.progress(min(self.done, self.total), self.total)


class _Hashed:
    """A file that hashes what is read of it."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        self.digest = hashlib.sha256()
        self._file = file
        self._tell = tell

    def read(self, count: int) -> bytes:
        data = self._file.read(count)
        self.digest.update(data)
        self._tell(len(data))
        return data


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def _media(data_dir: Path) -> Iterator[Path]:
    for path in sorted((data_dir / "media").glob("??/*")):
        if is_member(path.relative_to(data_dir).as_posix()):  # not what is being written
            yield path


def _changing_files(data_dir: Path) -> Iterator[Path]:
    """Yield what plugins keep for themselves, and the databases that lookups ask."""
    for path in sorted([*(data_dir / "plugins").rglob("*"), *(data_dir / "lookups").glob("*")]):
        name = path.relative_to(data_dir).as_posix()
        if is_member(name) and not name.endswith((".key", "-wal", "-shm")) and path.is_file() and not path.is_symlink():
            yield path


def _add_changing_file(writer: _Writer, data_dir: Path, path: Path, scratch: Path) -> None:
    """Add what others go on changing meanwhile; what they have just removed is left out."""
    name = path.relative_to(data_dir).as_posix()
    try:
        with path.open("rb") as file:
            is_database = file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
        data = b"" if is_database else path.read_bytes()
    except FileNotFoundError:
        return
    if is_database:
        copy_sqlite(path, scratch)
        writer.add_file(name, scratch)
        scratch.unlink()
    else:
        writer.add(name, data)


def _keys(data_dir: Path) -> bytes:
    """Return a tar of every file that opens something, settings with their passwords among them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted({path for pattern in KEY_FILES for path in data_dir.glob(pattern)}):
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                tar.addfile(_info(path.relative_to(data_dir).as_posix(), len(data)), io.BytesIO(data))
    return buffer.getvalue()
