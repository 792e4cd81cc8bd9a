"""How recordings are written down: look, try again, take corrections out."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.transcripts.figures import CorrectionView, TranscriptionView, corrections, transcription

api = Endpoints()


class CorrectionsQuery(msgspec.Struct, frozen=True):
    """A page, in the order of the utterances, from the one after ``after`` on."""

    after: Annotated[str, Meta(max_length=36)] = ""
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 500


class CorrectionPage(msgspec.Struct, frozen=True):
    """What agents corrected."""

    items: list[CorrectionView]


@api.add("GET", "/api/v1/transcription", "admin.system", answer=TranscriptionView)
async def show_transcription(services: Services, call: Call[NoBody]) -> TranscriptionView:
    """Return who listens, what is in work, what waits and what failed."""
    return await transcription(services.transcribers, services.clock.now())


@api.add("POST", "/api/v1/transcripts/{transcript_id}/retry", "admin.system", problems=(409,))
async def retry_transcript(services: Services, call: Call[NoBody]) -> None:
    """Try again to write down a sound that could not be."""
    await services.transcripts.retry(call.identity, call.path["transcript_id"], remote=call.remote)


@api.add("GET", "/api/v1/transcription/corrections", "admin.system", query=CorrectionsQuery, answer=CorrectionPage)
async def export_corrections(services: Services, call: Call[NoBody]) -> CorrectionPage:
    """Return what agents corrected, as training data: where it was said, what was recognised, what was said."""
    query: CorrectionsQuery = call.query
    items = await corrections(query.after, query.limit)
    await services.audit.note(call.identity, "transcription.export", "transcription", "corrections", remote=call.remote)
    return CorrectionPage(items)
