"""Orders that what was said in a recording, voice message or voice note be written down; transcribers work it off."""

from collections.abc import Sequence
from typing import Final

from core.events import Attachment
from core.ids import new_id
from hub.store.models import Conversation, Entry, Transcript
from hub.units import Unit

RECORDINGS: Final = ("recording", "recording_cut")
WAITED_FOR: Final = 100  # somebody is to answer what was left or sent; a recorded talk is over
URGENT: Final = 50
COMPLAINT_TAGS: Final = frozenset({"complaint", "投诉"})
URGENT_TAGS: Final = COMPLAINT_TAGS | {"alarm", "报警"}


def order_transcripts(unit: Unit, conversation: Conversation, entry: Entry, files: Sequence[Attachment]) -> None:
    """Order a transcript of each of ``entry``'s ``files`` in which somebody speaks."""
    for file in files:
        kind = _kind(entry, file)
        if kind is None:
            continue
        transcript = Transcript(
            transcript_id=new_id(),
            conversation_id=conversation.conversation_id,
            entry_id=entry.entry_id,
            media_id=file.media_id,
            kind=kind,
            state="waiting",
            priority=_priority(conversation, kind),
            language=conversation.language,
            queue_id=conversation.queue_id,
            user_id=conversation.agent_id,
            dialled=(conversation.call or {}).get("dialled", ""),
            created_at=unit.now,
        )
        unit.add(transcript)


def _kind(entry: Entry, file: Attachment) -> str | None:
    if entry.code in RECORDINGS:
        return "recording"
    if entry.code == "voice_message":
        return "voice_message"
    return "voice_note" if file.is_voice else None


def _priority(conversation: Conversation, kind: str) -> int:
    priority = conversation.priority
    if kind != "recording":
        priority += WAITED_FOR
    if not URGENT_TAGS.isdisjoint(conversation.tags):
        priority += URGENT
    return priority
