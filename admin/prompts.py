"""Prompts: what flows say on the phone, hear it, record it."""

from typing import Annotated

from msgspec import Meta

from core.config import Settings
from hub.calls.prompt_editor import PromptList, SoundView
from hub.calls.utterances import Piece
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()

Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z")]


class NewRecording(Settings, frozen=True, kw_only=True):
    """An uploaded WAV file for a named prompt, or for exactly these words."""

    language: Language
    text: Annotated[str, Meta(max_length=4_000)]
    prompt: Annotated[str, Meta(max_length=100)] = ""
    media_id: Annotated[str, Meta(min_length=1, max_length=36)]

    def __post_init__(self) -> None:
        if not (self.text.strip() or self.prompt):
            raise ValueError("words or the name of a prompt are needed")


class Words(Settings, frozen=True, kw_only=True):
    """Words to hear."""

    language: Language
    text: Annotated[str, Meta(min_length=1, max_length=500)]


@api.add("GET", "/api/v1/prompts", "admin.flows", answer=PromptList)
async def list_prompts(services: Services, call: Call[NoBody]) -> PromptList:
    """List what published flows say, and where its sounds come from."""
    return services.prompt_editor.all()


@api.add(
    "POST", "/api/v1/prompt-recordings", "admin.flows", body=NewRecording, answer=SoundView, status=201, problems=(404,)
)
async def add_recording(services: Services, call: Call[NewRecording]) -> SoundView:
    """Play a recording in place of words from now on."""
    body = call.body
    piece = Piece(text=body.text, language=body.language, prompt=body.prompt)
    return await services.prompt_editor.record(call.identity, piece, body.media_id, remote=call.remote)


@api.add("POST", "/api/v1/prompt-trials", "admin.flows", body=Words, answer=SoundView)
async def try_words(services: Services, call: Call[Words]) -> SoundView:
    """Have words spoken, to hear how a voice says them."""
    return await services.prompt_editor.speak(Piece(text=call.body.text, language=call.body.language))


@api.add("DELETE", "/api/v1/prompt-recordings/{recording_id}", "admin.flows")
async def delete_recording(services: Services, call: Call[NoBody]) -> None:
    """Forget a recording: its words are synthesised again."""
    await services.prompt_editor.delete(call.identity, call.path["recording_id"], remote=call.remote)
