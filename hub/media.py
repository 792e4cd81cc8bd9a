"""Files that were exchanged: bytes in the data folder by their hash, a row for each, chunks from and to channels."""

import asyncio
import hashlib
import logging
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import IO, Any, Final, Self

from core.clock import Clock
from core.events import Attachment
from core.ids import new_id
from hub.errors import ApiError, not_found
from hub.sealed_files import FileKey, SealedFile, is_sealed
from hub.settings import HubSettings
from hub.store.models import Media, MediaUse, PromptSound, Transcript
from hub.units import Unit, Units

log = logging.getLogger(__name__)

# what a browser may show inside the desk's own page; everything else is a download
INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# what its players may play; as any other type browsers refuse to
AUDIBLE: Final = frozenset({"audio/ogg", "audio/mpeg", "audio/mp4", "audio/wav", "audio/webm"})
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
_MIME: Final = re.compile(r"[a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it lies on the disk; what it holds is read alike, sealed or not. Reading waits for the disk."""

    path: Path
    key: FileKey | None = None  # of one that is sealed

    def open(self) -> IO[bytes]:
        """Return the file, open at its beginning."""
        return self.path.open("rb") if self.key is None else BufferedReader(SealedFile(self.path, self.key))

    def read_bytes(self) -> bytes:
        """Return all it holds."""
        with self.open() as file:
            return file.read()

    def read_part(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from ``offset`` on."""
        with self.open() as file:
            file.seek(offset)
            return file.read(size)


class MediaStore:
    """Keeps files, sealed when there is a ``key``; the same bytes are kept once."""

    def __init__(self, folder: Path, units: Units, clock: Clock, *, max_bytes: int, key: FileKey | None = None) -> None:
        self._folder = folder
        self._units = units
        self._clock = clock
        self._max_bytes = max_bytes
        self._key = key

    @classmethod
    def of(cls, settings: HubSettings, units: Units, clock: Clock) -> Self:
        """Return the store of a hub with these settings."""
        key = FileKey.load(Path(settings.media_key)) if settings.media_key else None
        return cls(settings.data_dir / "media", units, clock, max_bytes=settings.limits.attachment_bytes, key=key)

    async def keep(
        self, data: bytes, *, mime: str, name: str, instance: str, media_id: str = "", uploader_id: str | None = None
    ) -> Attachment:
        """Return ``data``, from a channel's ``instance`` or a user, as an attachment; 413 ``too_large``.

        A repeated ``media_id`` answers the same again, 409 ``conflict`` when it is another instance's.
        """
        if len(data) > self._max_bytes:
            raise ApiError(413, "too_large", f"at most {self._max_bytes} bytes")
        if (there := await self._there(media_id, instance)) is not None:
            return there
        digest = await asyncio.to_thread(_write, self._folder, data, self._key)
        return await self._note(
            media_id=media_id or new_id(),
            sha256=digest,
            size_bytes=len(data),
            mime=_true_mime(data, mime),
            name=_safe_name(name),
            instance=instance,
            uploader_id=uploader_id,
        )

    async def keep_sound(self, path: Path, *, mime: str, name: str, instance: str, media_id: str) -> Attachment:
        """Return the sound at ``path``, which is taken away from there, as an attachment; repeated as for ``keep``."""
        if (there := await self._there(media_id, instance)) is not None:
            return there
        digest, size_bytes = await asyncio.to_thread(_take, self._folder, path, self._key)
        return await self._note(
            media_id=media_id,
            sha256=digest,
            size_bytes=size_bytes,
            mime=mime.lower(),
            name=_safe_name(name),
            instance=instance,
        )

    def draft(self) -> Path:
        """Return a new empty file for a sound that is coming in."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix="draft-", delete=False) as file:
            return Path(file.name)

    async def _there(self, media_id: str, instance: str) -> Attachment | None:
        row = await Media.get_or_none(media_id=media_id) if media_id else None
        if row is None:
            return None
        if row.instance != instance:
            raise ApiError(409, "conflict", "another instance's file has this id")
        return _attachment(row)

    async def _note(self, **values: Any) -> Attachment:
        async with self._units.open():
            return _attachment(await Media.create(created_at=self._clock.now(), **values))

    async def attachment(self, media_id: str) -> tuple[Attachment, str]:
        """Return a file to be sent and the instance it came over ("" from an agent); 422 when there is none."""
        row = await Media.get_or_none(media_id=media_id)
        if row is None:
            raise ApiError(422, "invalid", "no such file", fields={"attachments": "unknown"})
        return _attachment(row), row.instance

    async def find(self, media_id: str) -> tuple[StoredFile, Attachment]:
        """Return the file and what it is; 404 when there is none, 503 ``media_key_missing`` when it is sealed to us."""
        row = await Media.get_or_none(media_id=media_id)
        if row is None:
            raise not_found("file")
        path = _path(self._folder, row.sha256)
        try:
            sealed = await asyncio.to_thread(is_sealed, path)
        except FileNotFoundError:
            raise not_found("file") from None
        if sealed and self._key is None:
            raise ApiError(503, "media_key_missing", "the file is sealed, and media_key is not set")
        return StoredFile(path, self._key if sealed else None), _attachment(row)

    async def remove(self, unit: Unit, media_id: str) -> None:
        """Forget a file; once ``unit`` is committed its bytes go, unless another file has the same."""
        row = await Media.get_or_none(media_id=media_id)
        if row is None:
            return
        await MediaUse.filter(media_id=media_id).delete()
        await row.delete()
        unit.after(partial(self._drop_bytes, row.sha256))

    async def _drop_bytes(self, digest: str) -> None:
        if not await Media.filter(sha256=digest).exists():
            await asyncio.to_thread(_path(self._folder, digest).unlink, missing_ok=True)

    async def foreign(self, media_ids: Iterable[str], instance: str) -> set[str]:
        """Return those of ``media_ids`` that another instance or a user has sent in."""
        found = Media.filter(media_id__in=set(media_ids)).exclude(instance=instance)
        return {row.media_id for row in await found}

    async def is_for(self, media_id: str, instance: str) -> bool:
        """Whether ``instance`` may have the file: it came from or goes there, is written down there, or is a prompt."""
        return (
            await Media.filter(media_id=media_id, instance=instance).exists()
            or await MediaUse.filter(media_id=media_id, instance=instance).exists()
            or await Transcript.filter(media_id=media_id, instance=instance, state="waiting").exists()
            or await PromptSound.filter(media_id=media_id).exists()
        )


def _attachment(row: Media) -> Attachment:
    return Attachment(
        media_id=row.media_id,
        mime=row.mime,
        name=row.name,
        size_bytes=row.size_bytes,
        width=row.width,
        height=row.height,
    )


def _path(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest


def _write(folder: Path, data: bytes, key: FileKey | None) -> str:
    """Write ``data`` whole or not at all; return its SHA-256."""
    digest = hashlib.sha256(data).hexdigest()
    path = _path(folder, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            if key is None:
                file.write(data)
            else:
                key.seal(BytesIO(data), file.file)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    return digest


def _take(folder: Path, source: Path, key: FileKey | None) -> tuple[str, int]:
    """Bring the file at ``source`` to its place; return its SHA-256 and its size."""
    with source.open("rb+") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size_bytes = file.tell()
        path = _path(folder, digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        if key is None:
            os.fsync(file.fileno())
            source.replace(path)
            return digest, size_bytes
        file.seek(0)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as sealed:
            key.seal(file, sealed.file)
            sealed.flush()
            os.fsync(sealed.fileno())
    Path(sealed.name).replace(path)
    source.unlink()
    return digest, size_bytes


def _true_mime(data: bytes, claimed: str) -> str:
    """Return what the first bytes say; a picture that is none is a mere download."""
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return mime
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    claimed = claimed.lower()
    if claimed in INLINE or _MIME.fullmatch(claimed) is None:
        return "application/octet-stream"
    return claimed


def _safe_name(name: str) -> str:
    return _UNSAFE.sub("_", name).strip(" .")[-120:]
