"""Recordings as plain files in a folder that other programs read, such as a mounted server's: WAV, or GSM 06.10."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final, Literal

from core.errors import ConfigInvalid
from hub.errors import ApiError
from hub.media import MediaStore
from hub.store.models import Recording
from hub.units import Units

log = logging.getLogger(__name__)

EVERY_S: Final = 10.0
AT_ONCE: Final = 20
BLOCK: Final = 65_536  # samples
GSM_HZ: Final = 8_000
FORMATS: Final = ("wav", "gsm")

Format = Literal["wav", "gsm"]


class RecordingCopies:
    """Copies every recording once, those from before the folder was set included; without a folder does nothing."""

    def __init__(self, units: Units, media: MediaStore, folder: str, kind: Format) -> None:
        if folder and kind == "gsm" and not (find_spec("soundfile") and find_spec("numpy")):
            raise ConfigInvalid({"recordings_format": "gsm needs soundfile and numpy, of the extra asr"})
        self._units = units
        self._media = media
        self._folder = Path(folder) if folder else None
        self._kind = kind
        self._is_away = False

    async def run(self) -> None:
        """Copy what is new until cancelled."""
        while self._folder is not None:
            while await self.copy_some() == AT_ONCE:
                pass
            await asyncio.sleep(EVERY_S)
        await asyncio.Event().wait()

    async def copy_some(self) -> int:
        """Copy the next few recordings; return how many there were. A folder that is away is tried again later."""
        rows = await Recording.filter(copied_at=None, deleted_at=None, media_id__isnull=False).limit(AT_ONCE)
        try:
            for row in rows:
                await self._copy(row)
        except (ApiError, OSError) as error:
            if not self._is_away:
                log.warning("recordings cannot be copied for now: %s", error)
            self._is_away = True
            return 0
        if self._is_away and rows:
            self._is_away = False
            log.info("recordings are copied again")
        return len(rows)

    async def remove(self, recording_id: str, started_at: datetime) -> None:
        """Delete the copy of a recording, in whichever form it was made."""
        if self._folder is None:
            return
        try:
            for kind in FORMATS:
                await asyncio.to_thread(_target(self._folder, recording_id, started_at, kind).unlink, missing_ok=True)
        except OSError as error:
            log.warning("the copy of recording %s could not be deleted: %s", recording_id, error)

    async def _copy(self, row: Recording) -> None:
        assert self._folder is not None
        try:
            file, _ = await self._media.find(row.media_id or "")
        except ApiError as error:
            if error.status != 404:
                raise
            log.warning("recording %s has no file to be copied", row.recording_id)
        else:
            target = _target(self._folder, row.recording_id, row.started_at, self._kind)
            try:
                await asyncio.to_thread(_write, file.open, target, self._kind)
            except RuntimeError:  # what the library says of a sound it cannot read
                log.warning("recording %s is no sound that can be converted; it is copied as it is", row.recording_id)
                target = _target(self._folder, row.recording_id, row.started_at, "wav")
                await asyncio.to_thread(_write, file.open, target, "wav")
        async with self._units.open() as unit:
            is_there = await Recording.filter(recording_id=row.recording_id, deleted_at=None).update(copied_at=unit.now)
        if not is_there:  # deleted meanwhile
            await self.remove(row.recording_id, row.started_at)


def plain_name(recording_id: str, started_at: datetime) -> str:
    """Return what a recording is called outside: its time and id, nothing of the citizen."""
    return f"{started_at:%Y%m%d-%H%M%S}-{recording_id[:8]}"


def _target(folder: Path, recording_id: str, started_at: datetime, kind: str) -> Path:
    return folder / f"{started_at:%Y-%m-%d}" / f"{plain_name(recording_id, started_at)}.{kind}"


def _write(opened: Callable[[], IO[bytes]], target: Path, kind: Format) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
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
