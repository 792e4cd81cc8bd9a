"""Unsent words: one draft per agent and conversation, so that nothing typed is lost or goes to the wrong person."""

from typing import Annotated, Any

from msgspec import Meta

from core.config import Settings
from core.events import DraftChanged
from core.ids import new_id
from hub.store.models import Draft
from hub.units import Unit


class NewDraft(Settings, frozen=True, kw_only=True):
    """Unsent words."""

    text: Annotated[str, Meta(max_length=20_000)]  # the operator's own limit is lower
    is_note: bool = False


async def save_draft(unit: Unit, conversation_id: str, agent_id: str, draft: NewDraft) -> None:
    """Keep unsent words; empty ones forget them."""
    if not draft.text:
        await drop_draft(unit, conversation_id, agent_id)
        return
    values: dict[str, Any] = {"text": draft.text, "is_note": draft.is_note, "saved_at": unit.now}
    whose: dict[str, Any] = {"conversation_id": conversation_id, "agent_id": agent_id}
    if not await Draft.filter(**whose).update(**values):
        await Draft(draft_id=new_id(), **whose, **values).save()
    unit.know_draft(conversation_id, agent_id, exists=True)
    _record(unit, conversation_id, agent_id, draft)


async def drop_draft(unit: Unit, conversation_id: str, agent_id: str) -> None:
    """Forget unsent words, if there are any."""
    if await unit.has_draft(conversation_id, agent_id):
        await Draft.filter(conversation_id=conversation_id, agent_id=agent_id).delete()
        unit.know_draft(conversation_id, agent_id, exists=False)
        _record(unit, conversation_id, agent_id, NewDraft(text=""))


def _record(unit: Unit, conversation_id: str, agent_id: str, draft: NewDraft) -> None:
    event = DraftChanged(
        conversation_id=conversation_id,
        agent_id=agent_id,
        text=draft.text,
        is_note=draft.is_note,
        saved_at=unit.now,
    )
    unit.record(event, conversation_id, conversation_id=conversation_id)
