"""Conversations that are one matter are merged; what is another matter is split off."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ConversationView, Mail
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.conversing import mails, timeline
from hub.conversing.access import owned, visible
from hub.conversing.drafts import drop_draft
from hub.conversing.masking import masked
from hub.dispatch.dispatcher import Dispatcher
from hub.errors import ApiError, not_found
from hub.store.fields import ID_LENGTH
from hub.store.models import Conversation, Draft, Entry, MediaUse
from hub.store.views import conversation_view
from hub.teamwork.notifications import notify
from hub.transcripts.transcripts import move_transcripts
from hub.units import Unit, Units

MAX_MOVED: Final = 1_000  # entries in one step: each is told to every desk

Id = Annotated[str, Meta(max_length=ID_LENGTH)]


class Merge(Settings, frozen=True, kw_only=True):
    """Which conversation is given up."""

    other_id: Id


class Split(Settings, frozen=True, kw_only=True):
    """Which entries are another matter, and what it is about."""

    entry_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_MOVED)]
    topic: Annotated[str, Meta(max_length=200)] = ""


class ConversationMerges:
    """Moves entries between conversations of one contact; each step is one unit of work."""

    def __init__(self, units: Units, audit: Audit, dispatcher: Dispatcher) -> None:
        self._units = units
        self._audit = audit
        self._dispatcher = dispatcher

    async def merge(self, identity: Identity, kept_id: str, merge: Merge, *, remote: str) -> ConversationView:
        """Move everything of another conversation into this one, which goes on for both; the other is closed.

        409 ``other_contact`` when they are of two people (merge the contacts first), 409 ``too_long`` when more would
        move than ``MAX_MOVED`` entries.
        """
        if kept_id == merge.other_id:
            raise ApiError(422, "invalid", "a conversation and itself", fields={"other_id": "same"})
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            kept = await owned(unit, identity, kept_id, "active")
            other = await visible(unit, identity, merge.other_id)
            if other.agent_id not in (None, identity.user_id) and not identity.may("conversation.takeover"):
                raise ApiError(403, "not_owner", "another agent serves the other conversation")
            if other.state == "flow":
                raise ApiError(409, "wrong_state", "the citizen is still with the flow")
            if kept.contact_id != other.contact_id:
                raise ApiError(409, "other_contact", "the conversations are of two contacts")
            if other.merged_into is not None:
                raise ApiError(409, "wrong_state", "the conversation was merged before")
            if other.call_back is not None:
                raise ApiError(409, "wrong_state", "a call back is owed in the other conversation")
            if other.call is not None and other.call.get("ended_at") is None:
                raise ApiError(409, "wrong_state", "the citizen is on the line")
            await unit.flush()
            moved = await Entry.filter(conversation_id=other.conversation_id).order_by("entry_id").limit(MAX_MOVED + 1)
            if len(moved) > MAX_MOVED:
                raise ApiError(409, "too_long", f"more than {MAX_MOVED} entries")
            await self._give_up(unit, other)
            await _move(unit, moved, other, kept)
            _take_over(unit, kept, other)
            other.merged_into = kept.conversation_id
            other.state = "closed"
            other.closed_at = unit.now
            other.unread = 0
            other.held = other.held_until = other.snoozed_until = None
            timeline.add_notice(unit, other, "merged_into", agent=identity.display_name)
            timeline.record_change(unit, other, "merged")
            timeline.add_notice(unit, kept, "merged", agent=identity.display_name)
            timeline.record_change(unit, kept, "merged")
            if other.agent_id not in (None, identity.user_id):
                notify(unit, str(other.agent_id), "merged", kept.conversation_id, agent=identity.display_name)
            await self._audit.record(
                identity, "conversation.merge", "conversation", kept_id, remote=remote, merged=merge.other_id
            )
            return masked(conversation_view(kept), identity)

    async def split(self, identity: Identity, conversation_id: str, split: Split, *, remote: str) -> ConversationView:
        """Move entries into a conversation of their own, which is the agent's; what is written next belongs to it."""
        async with self._units.open() as unit:
            origin = await owned(unit, identity, conversation_id, "active", "wrap_up", "closed")
            moved = [await unit.entry(entry_id) for entry_id in sorted(set(split.entry_ids))]
            if any(one.conversation_id != conversation_id or one.kind == "notice" for one in moved):
                raise not_found("entry")
            if not any(one.kind == "message" for one in moved):
                raise ApiError(422, "invalid", "a matter has a message", fields={"entry_ids": "no_message"})
            last = moved[-1]
            new = Conversation(
                conversation_id=new_id(),
                contact_id=origin.contact_id,
                contact_name=origin.contact_name,
                contact_level=origin.contact_level,
                language=origin.language,
                instance=origin.instance,
                channel=origin.channel,
                address=origin.address,
                reply_address=origin.reply_address,
                reply_instance=origin.reply_instance,
                state="active",
                queue_id=origin.queue_id,
                agent_id=identity.user_id,
                topic=split.topic,
                opened_at=moved[0].created_at,
                assigned_at=unit.now,
                last_entry_at=last.created_at,
                last_text=last.text[: timeline.PREVIEW_CHARS],
                last_author=last.author_kind,
                mail=origin.mail,
                created_at=unit.now,
            )
            unit.add(new)
            timeline.record_change(unit, new, "split")
            await unit.flush()  # the moved entries name it
            await _move(unit, moved, origin, new)
            timeline.add_notice(unit, new, "split_from", agent=identity.display_name)
            timeline.add_notice(unit, origin, "split_off", agent=identity.display_name, topic=split.topic)
            timeline.record_change(unit, origin, "split")
            await self._audit.record(
                identity, "conversation.split", "conversation", conversation_id, remote=remote, new=new.conversation_id
            )
            return masked(conversation_view(new), identity)

    async def _give_up(self, unit: Unit, conversation: Conversation) -> None:
        """Take the work of a conversation that goes on elsewhere from whoever waits for it or has it in hand."""
        if conversation.state == "queued":
            await self._dispatcher.withdraw(unit, conversation, "merged")
        elif conversation.state == "active":
            await self._dispatcher.finish(unit, conversation, wraps_up=False)
        for draft in await Draft.filter(conversation_id=conversation.conversation_id):
            await drop_draft(unit, conversation.conversation_id, draft.agent_id)


async def _move(unit: Unit, entries: list[Entry], origin: Conversation, to: Conversation) -> None:
    for row in entries:
        entry = unit.know_entry(row)
        entry.conversation_id = to.conversation_id
        unit.change_entry(entry, to, has_moved=True)
    await move_transcripts(unit, [entry.entry_id for entry in entries], to.conversation_id)
    unit.forget_own(origin.conversation_id, to.conversation_id)
    left = await MediaUse.filter(conversation_id=origin.conversation_id)
    for entry in entries:
        for media_id in _media_ids(entry):
            use = next((one for one in left if (one.media_id, one.instance) == (media_id, entry.instance)), None)
            if use is not None:  # one for each file of each entry
                left.remove(use)
                use.conversation_id = to.conversation_id
                unit.touch(use)


def _media_ids(entry: Entry) -> list[str]:
    mail = msgspec.convert(entry.mail, Mail | None)
    return [*(file["media_id"] for file in entry.attachments), *mails.media_ids(mail)]


def _take_over(unit: Unit, kept: Conversation, other: Conversation) -> None:
    """Let ``kept`` be what both were: unread, waiting, tagged; what comes to the other's addresses is for it."""
    kept.unread += other.unread
    waits = [since for since in (kept.waiting_since, other.waiting_since) if since is not None]
    kept.waiting_since = min(waits, default=None)
    kept.tags = list(dict.fromkeys([*kept.tags, *other.tags]))[:20]
    kept.topic = kept.topic or other.topic
    kept.summary = "\n".join(filter(None, (kept.summary, other.summary)))[:4_000]
    if other.last_entry_at is not None and (kept.last_entry_at is None or kept.last_entry_at < other.last_entry_at):
        kept.last_entry_at, kept.last_text, kept.last_author = (
            other.last_entry_at,
            other.last_text,
            other.last_author,
        )
    unit.follow(other.address, other.instance, kept)
    if other.reply_address:
        unit.follow(other.reply_address, other.reply_instance, kept)
