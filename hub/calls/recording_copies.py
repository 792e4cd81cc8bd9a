"""Recordings as plain files in a folder that other programs read, such as a mounted server's: WAV, or GSM 06.10."""

import asyncio
import errno
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, Literal

from core.errors import ConfigInvalid
from hub.errors import ApiError
from hub.media import MediaStore
from hub.store.models import Recording
from hub.units import Units

log = logging.getLogger(__name__)

EVERY_S: Final = 10.0
AT_ONCE: Final = 20
LIMIT_S: Final = 600.0  # for one file: beyond it the folder hangs
MOST_FAILED: Final = 10_000
BLOCK: Final = 65_536  # samples
GSM_HZ: Final = 8_000
FORMATS: Final = ("wav", "gsm")
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)

Format = Literal["wav", "gsm"]


class RecordingCopies:
    """Copies every recording once, those from before the folder was set included; without a folder does nothing.

    The copy of a deleted recording goes too, however often that must be tried: its row says that a copy may be there
    (``copied_at``) until there is none. The folder has one thread of its own: when its server hangs, only that waits.
    """

    def __init__(self, units: Units, media: MediaStore, folder: str, kind: Format) -> None:
        if folder and kind == "gsm" and not (find_spec("soundfile") and find_spec("numpy")):
            raise ConfigInvalid({"recordings_format": "gsm needs soundfile and numpy, of the extra asr"})
        self._units = units
        self._media = media
        self._folder = Path(folder) if folder else None
        self._kind = kind
        self._thread = ThreadPoolExecutor(1, "recording-copies")
        self._is_away = False
        self._uncopied: set[str] = set()  # recordings that failed, not tried again before the next start
        self._unremoved: set[str] = set()
        self._is_to_remove = True

    async def run(self) -> None:
        """Copy what is new and remove what was deleted until cancelled."""
        try:
            while self._folder is not None:
                while await self.copy_some() == AT_ONCE:
                    pass
                while await self.remove_some() == AT_ONCE:
                    pass
                await asyncio.sleep(EVERY_S)
            await asyncio.Event().wait()
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def deleted(self) -> None:
        """Hear that recordings were deleted, whose copies are to be removed soon."""
        self._is_to_remove = True

    async def copy_some(self) -> int:
        """Copy the next few recordings; return how many were tried. A folder that is away is tried again later."""
        if self._folder is None or len(self._uncopied) >= MOST_FAILED:
            return 0
        rows = Recording.filter(copied_at=None, deleted_at=None, media_id__isnull=False)
        found = await rows.exclude(recording_id__in=self._uncopied).order_by("recording_id").limit(AT_ONCE)
        return await self._each(found, partial(self._copy, self._folder), "copied", self._uncopied)

    async def remove_some(self) -> int:
        """Remove the copies of the next few deleted recordings; return how many were tried."""
        if self._folder is None or not self._is_to_remove or len(self._unremoved) >= MOST_FAILED:
            return 0
        self._is_to_remove = False
        rows = Recording.filter(copied_at__isnull=False, deleted_at__isnull=False)
        found = await rows.exclude(recording_id__in=self._unremoved).order_by("recording_id").limit(AT_ONCE)
        self._is_to_remove = self._is_to_remove or bool(found)
        return await self._each(found, partial(self._remove, self._folder), "removed", self._unremoved)

    async def _each(
        self, rows: Sequence[Recording], act: Callable[[Recording], Awaitable[None]], done: str, failed: set[str]
    ) -> int:
        """Do ``act`` with each row; one that fails is put into ``failed``, a folder that is away ends it with 0."""
        for row in rows:
            try:
                await act(row)
            except (ApiError, OSError) as error:
                if await self._is_of_folder(error):
                    if not self._is_away:
                        log.warning("recordings cannot be %s for now: %s", done, error)
                    self._is_away = True
                    return 0
                log.warning("recording %s cannot be %s before the next start: %s", row.recording_id, done, error)
                failed.add(row.recording_id)
                if len(failed) == MOST_FAILED:
                    log.error("%d recordings failed: none is %s before the next start", MOST_FAILED, done)
            else:
                if self._is_away:
                    self._is_away = False
                    log.info("recordings are %s again", done)
        return len(rows)

    async def _is_of_folder(self, error: ApiError | OSError) -> bool:
        """Whether it is the folder that ``error`` comes from, not the one recording."""
        assert self._folder is not None
        if isinstance(error, ApiError):
            return False
        if isinstance(error, TimeoutError) or error.errno in _FULL:
            return True
        try:
            await self._in_thread(_probe, self._folder)
        except OSError:
            return True
        return False

    async def _in_thread(self, act: Callable[..., None], *arguments: object) -> None:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.get_running_loop().run_in_executor(self._thread, act, *arguments)

    async def _remove(self, folder: Path, row: Recording) -> None:
        await self._in_thread(_unlink, [_target(folder, row.recording_id, row.started_at, kind) for kind in FORMATS])
        async with self._units.open():
            await Recording.filter(recording_id=row.recording_id).update(copied_at=None)

    async def _copy(self, folder: Path, row: Recording) -> None:
        try:
            file, _ = await self._media.find(row.media_id or "")
        except ApiError as error:
            if error.status != 404:
                raise
            log.warning("recording %s has no file to be copied", row.recording_id)
        else:
            target = _target(folder, row.recording_id, row.started_at, self._kind)
            try:
                await self._in_thread(_write, file.open, target, self._kind)
            except RuntimeError:  # what the library says of a sound it cannot read
                log.warning("recording %s is no sound that can be converted; it is copied as it is", row.recording_id)
                target = _target(folder, row.recording_id, row.started_at, "wav")
                await self._in_thread(_write, file.open, target, "wav")
        async with self._units.open() as unit:  # one that was deleted meanwhile is marked already
            await Recording.filter(recording_id=row.recording_id, deleted_at=None).update(copied_at=unit.now)


def plain_name(recording_id: str, started_at: datetime) -> str:
    """Return what a recording is called outside: its time and id, nothing of the citizen."""
    return f"{started_at:%Y%m%d-%H%M%S}-{recording_id[:8]}"


def _target(folder: Path, recording_id: str, started_at: datetime, kind: str) -> Path:
    return folder / f"{started_at:%Y-%m-%d}" / f"{plain_name(recording_id, started_at)}.{kind}"


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def _unlink(targets: Iterable[Path]) -> None:
    """Delete files, and what a kill may have left of writing them; there need be none."""
    for target in targets:
        target.unlink(missing_ok=True)
        _draft(target).unlink(missing_ok=True)


def _probe(folder: Path) -> None:
    """Raise OSError when nothing can be written into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as file:
        file.write(b"probe")


def _write(opened: Callable[[], IO[bytes]], target: Path, kind: Format) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(target)
    try:
        with opened() as source, draft.open("wb") as file:
            if kind == "gsm":
                _encode(source, file)
            else:
                shutil.copyfileobj(source, file)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _encode(source: IO[bytes], target: IO[bytes]) -> None:
    """Write a WAV file as GSM frames at 8 kHz, both sides together."""
    import soundfile  # type: ignore[import-untyped]  # noqa: PLC0415 - of an extra, and only here

    with (
        soundfile.SoundFile(source) as heard,
        soundfile.SoundFile(
            target, "w", samplerate=GSM_HZ, channels=1, format="RAW", subtype="GSM610", endian="FILE"
        ) as made,
    ):
        step = heard.samplerate // GSM_HZ
        for block in heard.blocks(BLOCK, dtype="float32", always_2d=True):
            mono = block.mean(axis=1)
            whole = len(mono) - len(mono) % step
            made.write(mono[:whole].reshape(-1, step).mean(axis=1))
