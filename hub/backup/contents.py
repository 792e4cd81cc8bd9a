"""What lies in a backup: a gzipped tar whose last member, the manifest, has every other one's size and SHA-256."""

import pkgutil
import re
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from core.errors import LianxinError
from hub.store import migrations

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "hub.db"  # a SQLite file, under the name that it has in the data directory
DUMP: Final = "database.dump"  # what pg_dump writes, in its own format
SEALED: Final = "keys.sealed"
MAX_MANIFEST_BYTES: Final = 256 << 20  # a million files

DAILY: Final = "-daily"
FILE_NAME: Final = re.compile(rf"lianxin-[0-9]{{8}}T[0-9]{{6}}Z({DAILY})?\.tar\.gz")
_MEMBER: Final = re.compile(
    r"media/[0-9a-f]{2}/[0-9a-f]{64}|plugins(/[^/\0]{1,255}){2,20}|lookups/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}"
)


class BackupFailed(LianxinError):
    """No backup was made; the text says why."""

    code = "backup_failed"


class BackupDamaged(LianxinError):
    """The file is no backup, was cut off, or is not what was written; nothing was changed."""

    code = "backup_damaged"


class BackupTooNew(LianxinError):
    """A newer program made the backup; nothing was changed."""

    code = "backup_too_new"


class Member(msgspec.Struct, frozen=True):
    """One file of a backup."""

    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds; ``migrations`` are those that its database has been through."""

    format: int
    program: str
    made_at: datetime
    migrations: list[str]
    members: dict[str, Member]


def is_member(name: str) -> bool:
    """Whether a file of this name belongs into a backup: no other one is ever written to the disk."""
    return name in (DATABASE, DUMP, SEALED) or (
        _MEMBER.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))
    )


def file_name(made_at: datetime, *, is_daily: bool = False) -> str:
    """Return the name of a backup; those made by the timetable are told by it from those somebody made."""
    return f"lianxin-{made_at:%Y%m%dT%H%M%SZ}{DAILY if is_daily else ''}.tar.gz"


def made_at(name: str) -> datetime:
    """Return when the backup of this name was made."""
    return datetime.strptime(f"{name[8:23]}+0000", "%Y%m%dT%H%M%S%z")


def known_migrations() -> frozenset[str]:
    """Return every migration of this program."""
    return frozenset(one.name for one in pkgutil.iter_modules([str(Path(migrations.__file__).parent)]))
