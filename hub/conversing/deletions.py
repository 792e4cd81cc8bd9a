"""Deletes what citizens sent: words and files are gone, that there was a message stays on the timeline."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import EntryView, Mail
from core.flow.state import MAX_VALUE_CHARS
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.conversing import mails, timeline
from hub.conversing.access import visible
from hub.errors import not_found
from hub.flows.flows import given_variables
from hub.media import MediaStore
from hub.service_rules.ordering import forget_quotes
from hub.store.fields import ID_LENGTH
from hub.store.models import Conversation, Entry, MediaUse
from hub.store.views import entry_view
from hub.transcripts.transcripts import forget_transcripts
from hub.units import Unit, Units


class Deletion(Settings, frozen=True, kw_only=True):
    """Which messages of a conversation are deleted, and why."""

    entry_ids: Annotated[tuple[Annotated[str, Meta(max_length=ID_LENGTH)], ...], Meta(min_length=1, max_length=200)]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class Deletions:
    """One unit of work for each; the audit log says who deleted what, and why."""

    def __init__(self, units: Units, audit: Audit, media: MediaStore) -> None:
        self._units = units
        self._audit = audit
        self._media = media

    async def delete(
        self, identity: Identity, conversation_id: str, deletion: Deletion, *, remote: str
    ) -> list[EntryView]:
        """Return what is left of the messages; deleting one again changes nothing."""
        async with self._units.open() as unit:
            conversation = await visible(unit, identity, conversation_id)
            entries = [await unit.entry(entry_id) for entry_id in dict.fromkeys(deletion.entry_ids)]
            for entry in entries:
                if entry.conversation_id != conversation_id or entry.kind != "message" or entry.direction != "in":
                    raise not_found("message")
            for entry in entries:
                if entry.code == "deleted":
                    continue
                await self._empty(unit, conversation, entry, by=identity.display_name)
                await self._audit.record(
                    identity, "message.delete", "entry", entry.entry_id, remote=remote, reason=deletion.reason
                )
            return [entry_view(entry) for entry in entries]

    async def _empty(self, unit: Unit, conversation: Conversation, entry: Entry, *, by: str) -> None:
        mail = msgspec.convert(entry.mail, Mail | None)
        for media_id in (*(file["media_id"] for file in entry.attachments), *mails.media_ids(mail)):
            await self._drop_file(unit, entry, media_id)
        await forget_quotes(entry.entry_id)
        _forget_answer(unit, conversation, entry.text)
        if conversation.last_author == "contact" and conversation.last_text == timeline.preview(entry):
            conversation.last_text = ""
            timeline.record_change(unit, conversation, "edited")
        entry.text = ""
        entry.attachments = []
        if mail is not None:  # answers still refer to it
            entry.mail = msgspec.to_builtins(Mail(message_id=mail.message_id, references=mail.references))
        entry.code, entry.params = "deleted", {"by": by}
        unit.change_entry(entry, conversation)

    async def _drop_file(self, unit: Unit, entry: Entry, media_id: str) -> None:
        """Forget a file, unless an answer has passed it on: then this message's use of it."""
        await forget_transcripts(unit, media_id, entry_id=entry.entry_id)
        uses = await MediaUse.filter(media_id=media_id)
        if len(uses) > 1:
            place = entry.conversation_id, entry.instance
            own = next((use for use in uses if (use.conversation_id, use.instance) == place), None)
            if own is not None:
                await own.delete()
            return
        await forget_transcripts(unit, media_id)
        await self._media.remove(unit, media_id)


def _forget_answer(unit: Unit, conversation: Conversation, text: str) -> None:
    """Take what a citizen wrote out of the flow that still runs."""
    said = text.strip()[:MAX_VALUE_CHARS]
    if not said or conversation.flow_state is None:
        return
    given = given_variables(conversation)
    state = {name: value for name, value in conversation.flow_state.items() if (name, value) != ("reworded", said)}
    kept = {name: value for name, value in state.get("variables", {}).items() if name in given or value != said}
    conversation.flow_state = {**state, "variables": kept}
    unit.touch(conversation)
