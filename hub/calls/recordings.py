"""Recordings of talks: found, held for a dispute, deleted by hand or when their time is up."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import Attachment
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.calls.call_filter import CallFilter
from hub.calls.recording_copies import RecordingCopies
from hub.conversing.masking import mask_address
from hub.errors import ApiError, not_found
from hub.media import MediaStore
from hub.setup.kept import Kept
from hub.store.models import Media, Recording
from hub.transcripts.transcripts import forget_transcripts
from hub.units import Unit, Units

log = logging.getLogger(__name__)

EVERY_S: Final = 3_600.0
AT_ONCE: Final = 20  # deleted in one unit of work: others want the database, too


class RecordingQuery(CallFilter, frozen=True, kw_only=True):
    """Which recordings, newest first."""

    least_s: Annotated[float, Meta(ge=0)] = 0.0
    most_s: Annotated[float, Meta(ge=0)] | None = None
    is_held: bool | None = None


class RecordingView(msgspec.Struct, frozen=True, kw_only=True):
    """A recording; ``file`` is missing once it was deleted."""

    recording_id: str
    conversation_id: str
    number: str
    user_id: str | None
    queue_id: str | None
    started_at: datetime
    length_s: float
    is_cut: bool
    is_held: bool
    file: Attachment | None
    deleted_at: datetime | None


class RecordingRules(Settings, frozen=True, kw_only=True):
    """How long recordings are kept; without ``keep_days`` for ever."""

    keep_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None


class Recordings:
    """What is done with recordings once there are some; those on hold outlast every rule and every wish."""

    def __init__(self, units: Units, audit: Audit, media: MediaStore, copies: RecordingCopies) -> None:
        self._units = units
        self._audit = audit
        self._media = media
        self._copies = copies
        self.rules = Kept("recordings", RecordingRules(), units, audit, action="recording.rules")

    async def find(self, identity: Identity, query: RecordingQuery) -> list[RecordingView]:
        """Return those that match, of the queues that ``identity`` sees."""
        rows = Recording.filter(query.of_citizen(identity), length_s__gte=query.least_s, **query.between("started_at"))
        if not identity.may("queue.all"):
            rows = rows.filter(queue_id__in=sorted(identity.queue_ids))
        if query.direction is not None:
            rows = rows.filter(call__direction=query.direction)
        if query.dialled:
            rows = rows.filter(call__dialled__contains=query.dialled)
        if query.most_s is not None:
            rows = rows.filter(length_s__lte=query.most_s)
        if query.is_held is not None:
            rows = rows.filter(is_held=query.is_held)
        if query.user_id:
            rows = rows.filter(user_id=query.user_id)
        if query.queue_id:
            rows = rows.filter(queue_id=query.queue_id)
        found = await rows.order_by("-started_at", "-recording_id").offset(query.offset).limit(query.limit)
        media_ids = [row.media_id for row in found if row.media_id is not None]
        files = {row.media_id: row for row in await Media.filter(media_id__in=media_ids)} if media_ids else {}
        return [_view(row, files.get(row.media_id or ""), identity) for row in found]

    async def view(self, identity: Identity, recording_id: str) -> RecordingView:
        """Return one; 404 when there is none in a queue of theirs."""
        row = await self._row(identity, recording_id)
        return _view(row, await Media.get_or_none(media_id=row.media_id), identity)

    async def hold(
        self, identity: Identity, recording_id: str, *, is_held: bool, reason: str, remote: str
    ) -> RecordingView:
        """Keep a recording whatever the rules say, or let them apply to it again."""
        async with self._units.open():
            row = await self._row(identity, recording_id)
            if row.deleted_at is not None:
                raise ApiError(409, "recording_gone", "the recording was deleted")
            row.is_held = is_held
            await row.save(update_fields=["is_held"])
            verb = "recording.hold" if is_held else "recording.release"
            await self._audit.record(identity, verb, "recording", recording_id, remote=remote, reason=reason)
            return _view(row, await Media.get_or_none(media_id=row.media_id), identity)

    async def delete(self, identity: Identity, recording_id: str, *, reason: str, remote: str) -> None:
        """Delete a recording's sound; 409 ``recording_held`` while it is on hold."""
        async with self._units.open() as unit:
            row = await self._row(identity, recording_id)
            if row.is_held:
                raise ApiError(409, "recording_held", "the recording is on hold")
            if row.deleted_at is None:
                await self._forget(unit, row)
                await self._audit.record(
                    identity, "recording.delete", "recording", recording_id, remote=remote, reason=reason
                )

    async def run(self) -> None:
        """Delete what is too old, once an hour, until cancelled."""
        while True:
            await self.keep_rules()
            await asyncio.sleep(EVERY_S)

    async def keep_rules(self) -> int:
        """Delete what is too old now; return how many that were."""
        keep_days = self.rules.settings.keep_days
        if keep_days is None:
            return 0
        limit = self._units.now() - timedelta(days=keep_days)
        old = Recording.filter(started_at__lt=limit, is_held=False, deleted_at=None)
        count = 0
        is_done = False
        while not is_done:
            async with self._units.open() as unit:
                rows = await old.order_by("started_at").limit(AT_ONCE)
                for row in rows:
                    await self._forget(unit, row)
            count += len(rows)
            is_done = len(rows) < AT_ONCE
        if count:
            log.info("deleted %d recordings older than %d days", count, keep_days)
        return count

    async def _row(self, identity: Identity, recording_id: str) -> Recording:
        row = await Recording.get_or_none(recording_id=recording_id)
        if row is None or not (identity.may("queue.all") or row.queue_id in identity.queue_ids):
            raise not_found("recording")
        return row

    async def _forget(self, unit: Unit, row: Recording) -> None:
        if row.media_id is not None:
            await forget_transcripts(unit, row.media_id)
            await self._media.remove(unit, row.media_id)
        row.media_id = None
        row.deleted_at = unit.now
        row.copied_at = row.copied_at or unit.now  # a copy may be there that was not noted yet
        await row.save(update_fields=["media_id", "deleted_at", "copied_at"])
        unit.after(self._copies.deleted)


def _view(row: Recording, file: Media | None, identity: Identity) -> RecordingView:
    return RecordingView(
        recording_id=row.recording_id,
        conversation_id=row.conversation_id,
        number=row.number if identity.may("address.reveal") else mask_address(row.number),
        user_id=row.user_id,
        queue_id=row.queue_id,
        started_at=row.started_at,
        length_s=row.length_s,
        is_cut=row.is_cut,
        is_held=row.is_held,
        file=None
        if file is None
        else Attachment(media_id=file.media_id, mime=file.mime, name=file.name, size_bytes=file.size_bytes),
        deleted_at=row.deleted_at,
    )
