"""Recordings taken away as files: one by one, or many in a ZIP. Every time stands in the audit log."""

import asyncio
import csv
import io
import logging
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec

from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.calls.recording_copies import plain_name
from hub.calls.recordings import RecordingQuery, Recordings, RecordingView
from hub.errors import ApiError, not_found
from hub.media import MediaStore, StoredFile
from hub.units import Units

log = logging.getLogger(__name__)

MAX_RECORDINGS: Final = 10_000
PAGE: Final = 200
KEPT: Final = timedelta(hours=24)
CHUNK_BYTES: Final = 1_048_576
HEADINGS: Final = ("file", "recording_id", "conversation_id", "number", "user_id", "queue_id", "started_at", "length_s")

State = Literal["running", "done", "cancelled", "failed"]


class ExportView(msgspec.Struct, frozen=True, kw_only=True):
    """How far an export has come; its file is there while it is ``done``, for a day."""

    export_id: str
    state: State
    done: int
    total: int
    began_at: datetime


class RecordingExports:
    """Writes one export at a time into ``folder``; a user sees and fetches their own."""

    def __init__(self, units: Units, audit: Audit, recordings: Recordings, media: MediaStore, folder: Path) -> None:
        self._units = units
        self._audit = audit
        self._recordings = recordings
        self._media = media
        self._folder = folder
        self._views: dict[str, ExportView] = {}  # by user, their last
        self._running: tuple[str, asyncio.Task[None]] | None = None

    async def one(self, identity: Identity, recording_id: str, *, remote: str) -> tuple[StoredFile, RecordingView]:
        """Return a recording to be taken away; 404 when it is gone, or in no queue of theirs."""
        view = await self._recordings.view(identity, recording_id)
        if view.file is None:
            raise not_found("recording")
        file, _ = await self._media.find(view.file.media_id)
        await self._audit.note(identity, "recording.download", "recording", recording_id, remote=remote)
        return file, view

    async def begin(self, identity: Identity, query: RecordingQuery, *, remote: str) -> ExportView:
        """Begin to put everything that is found into a file; 409 ``export_running``, 422 when it is too much."""
        if self._running is not None:
            raise ApiError(409, "export_running", "another export is being written")
        found = await self._found(identity, query)
        view = ExportView(export_id=new_id(), state="running", done=0, total=len(found), began_at=self._units.now())
        async with self._units.open():
            await self._audit.record(
                identity, "recording.export", "recording", view.export_id, remote=remote, recordings=len(found)
            )
        self._forget(identity.user_id)
        self._views[identity.user_id] = view
        task = asyncio.create_task(self._write(identity.user_id, found))
        self._running = (identity.user_id, task)
        task.add_done_callback(self._ended)
        return view

    def of(self, identity: Identity) -> ExportView | None:
        """Return the user's last export, None when there is none."""
        view = self._views.get(identity.user_id)
        if view is not None and self._units.now() - view.began_at > KEPT:
            self._forget(identity.user_id)
            return None
        return view

    def cancel(self, identity: Identity) -> None:
        """Give the user's export up, or throw its file away."""
        if self._running is not None and self._running[0] == identity.user_id:
            self._running[1].cancel()
        else:
            self._forget(identity.user_id)

    async def file(self, identity: Identity, export_id: str, *, remote: str) -> Path:
        """Return a finished export of the user's; 404 when there is none."""
        view = self.of(identity)
        if view is None or view.export_id != export_id or view.state != "done":
            raise not_found("export")
        await self._audit.note(identity, "recording.fetch_export", "recording", export_id, remote=remote)
        return self._path(export_id)

    async def run(self) -> None:
        """Keep house until cancelled; exports of an earlier run go, nobody knows whose they are."""
        for path in await asyncio.to_thread(lambda: list(self._folder.glob("*"))):
            path.unlink(missing_ok=True)
        try:
            await asyncio.Event().wait()
        finally:
            if self._running is not None:
                self._running[1].cancel()
                await asyncio.wait({self._running[1]})

    async def _found(self, identity: Identity, query: RecordingQuery) -> list[RecordingView]:
        found: list[RecordingView] = []
        while True:
            page = msgspec.structs.replace(query, offset=query.offset + len(found), limit=PAGE)
            views = await self._recordings.find(identity, page)
            found += views
            if len(found) > MAX_RECORDINGS:
                raise ApiError(422, "too_many", f"more than {MAX_RECORDINGS} recordings; ask for a shorter time")
            if len(views) < PAGE:
                return [view for view in found if view.file is not None]

    async def _write(self, user_id: str, found: list[RecordingView]) -> None:
        view = self._views[user_id]
        draft = self._path(view.export_id).with_suffix(".part")
        try:
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
                for done, one in enumerate(found, 1):
                    assert one.file is not None
                    with suppress(ApiError):  # deleted meanwhile
                        file, _ = await self._media.find(one.file.media_id)
                        await asyncio.to_thread(_add, archive, _name(one), file)
                    self._views[user_id] = msgspec.structs.replace(view, done=done)
                await asyncio.to_thread(archive.writestr, "index.csv", "".join(_index(found)))
            await asyncio.to_thread(draft.replace, self._path(view.export_id))
        finally:
            draft.unlink(missing_ok=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        assert self._running is not None
        user_id, self._running = self._running[0], None
        state: State = "cancelled" if task.cancelled() else "failed" if task.exception() else "done"
        if state == "failed":
            log.error("an export of recordings failed", exc_info=task.exception())
        self._views[user_id] = msgspec.structs.replace(self._views[user_id], state=state)

    def _forget(self, user_id: str) -> None:
        if (view := self._views.pop(user_id, None)) is not None:
            self._path(view.export_id).unlink(missing_ok=True)

    def _path(self, export_id: str) -> Path:
        return self._folder / f"{export_id}.zip"


def file_name(view: RecordingView) -> str:
    """Return what a recording is called when it is taken away."""
    return f"{plain_name(view.recording_id, view.started_at)}.wav"


def _name(view: RecordingView) -> str:
    return f"{view.started_at:%Y-%m-%d}/{file_name(view)}"


def _add(archive: zipfile.ZipFile, name: str, file: StoredFile) -> None:
    with file.open() as source, archive.open(name, "w", force_zip64=True) as target:
        while data := source.read(CHUNK_BYTES):
            target.write(data)


def _index(found: list[RecordingView]) -> Iterator[str]:
    yield "\ufeff"  # spreadsheets take it for UTF-8 then
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(HEADINGS)
    for one in found:
        rows.writerow((
            _name(one), one.recording_id, one.conversation_id, one.number, one.user_id or "", one.queue_id or "",
            one.started_at.isoformat(), f"{one.length_s:.1f}",
        ))  # fmt: skip
    yield out.getvalue()
