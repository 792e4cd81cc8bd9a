"""Recordings: found, held, deleted; how long they are kept."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.calls.recording_exports import ExportView
from hub.calls.recordings import RecordingQuery, RecordingRules, RecordingView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()
EXPORTS = "/api/v1/recording-exports"
ONE = "/api/v1/recordings/{recording_id}"

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class RecordingList(msgspec.Struct, frozen=True):
    """A page, newest first."""

    items: list[RecordingView]


class LastExport(msgspec.Struct, frozen=True):
    """One's last export, if there is one."""

    export: ExportView | None


class Hold(Settings, frozen=True, kw_only=True):
    """Whether a recording is kept whatever the rules say, and why."""

    is_held: bool
    reason: Reason


class Deletion(Settings, frozen=True, kw_only=True):
    """Why a recording is deleted."""

    reason: Reason


@api.add("GET", "/api/v1/recordings", "recording.find", query=RecordingQuery, answer=RecordingList)
async def find_recordings(services: Services, call: Call[NoBody]) -> RecordingList:
    """Find recordings by time, number, agent, queue and length."""
    query: RecordingQuery = call.query
    return RecordingList(await services.recordings.find(call.identity, query))


@api.add("PUT", f"{ONE}/hold", "recording.manage", body=Hold, answer=RecordingView, problems=(404, 409))
async def hold_recording(services: Services, call: Call[Hold]) -> RecordingView:
    """Keep a recording for a dispute, or release it."""
    return await services.recordings.hold(
        call.identity,
        call.path["recording_id"],
        is_held=call.body.is_held,
        reason=call.body.reason,
        remote=call.remote,
    )


@api.add("POST", f"{ONE}/delete", "recording.manage", body=Deletion, problems=(404, 409))
async def delete_recording(services: Services, call: Call[Deletion]) -> None:
    """Delete a recording's sound."""
    await services.recordings.delete(
        call.identity, call.path["recording_id"], reason=call.body.reason, remote=call.remote
    )


@api.add("POST", EXPORTS, "recording.download", body=RecordingQuery, answer=ExportView, status=201, problems=(409, 422))
async def begin_export(services: Services, call: Call[RecordingQuery]) -> ExportView:
    """Put every recording that is found into one file."""
    return await services.recording_exports.begin(call.identity, call.body, remote=call.remote)


@api.add("GET", EXPORTS, "recording.download", answer=LastExport)
async def show_export(services: Services, call: Call[NoBody]) -> LastExport:
    """Return one's last export."""
    return LastExport(services.recording_exports.of(call.identity))


@api.add("DELETE", EXPORTS, "recording.download")
async def cancel_export(services: Services, call: Call[NoBody]) -> None:
    """Give one's export up, or throw its file away."""
    services.recording_exports.cancel(call.identity)


@api.add("GET", "/api/v1/recording-rules", "recording.manage", answer=RecordingRules)
async def read_rules(services: Services, call: Call[NoBody]) -> RecordingRules:
    """Tell how long recordings are kept."""
    return services.recordings.rules.settings


@api.add("PUT", "/api/v1/recording-rules", "recording.manage", body=RecordingRules, answer=RecordingRules)
async def change_rules(services: Services, call: Call[RecordingRules]) -> RecordingRules:
    """Change how long recordings are kept."""
    return await services.recordings.rules.save(call.identity, call.body, remote=call.remote)
