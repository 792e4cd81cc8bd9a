"""What was said in recordings and voice messages, beside them on the desk."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.store.fields import ID_LENGTH
from hub.transcripts.live import SpokenLines
from hub.transcripts.reading import TranscriptView, UtteranceView

api = Endpoints()


class TranscriptList(msgspec.Struct, frozen=True):
    """In the order of the timeline."""

    items: list[TranscriptView]


class TranscriptsQuery(msgspec.Struct, frozen=True):
    """Of one sound alone, when named."""

    media_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""


class Correction(Settings, frozen=True, kw_only=True):
    """What was really said."""

    text: Annotated[str, Meta(max_length=2_000)]


@api.add(
    "GET",
    "/api/v1/conversations/{conversation_id}/transcripts",
    "desk.use",
    query=TranscriptsQuery,
    answer=TranscriptList,
)
async def list_transcripts(services: Services, call: Call[NoBody]) -> TranscriptList:
    """Return what was said in a conversation's recordings and voice messages."""
    conversation_id, media_id = call.path["conversation_id"], call.query.media_id
    return TranscriptList(await services.transcripts.of_conversation(call.identity, conversation_id, media_id=media_id))


@api.add("GET", "/api/v1/conversations/{conversation_id}/speech", "desk.use", answer=SpokenLines)
async def list_speech(services: Services, call: Call[NoBody]) -> SpokenLines:
    """Return what has been said so far in the conversation's call in progress, or was in its last one."""
    return await services.live_transcripts.of_conversation(call.identity, call.path["conversation_id"])


@api.add(
    "PUT", "/api/v1/utterances/{utterance_id}", "desk.use", body=Correction, answer=UtteranceView, problems=(409, 422)
)
async def correct_utterance(services: Services, call: Call[Correction]) -> UtteranceView:
    """Correct what was recognised."""
    return await services.transcripts.correct(call.identity, call.path["utterance_id"], call.body.text)
