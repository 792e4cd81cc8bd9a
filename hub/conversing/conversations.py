"""What agents do to conversations: write, note, transfer, end, wrap up, pick, read, draft."""

import logging
import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.bus import Bus
from core.config import Settings
from core.events import (
    Attachment,
    ChannelState,
    ConversationView,
    EntryView,
    TypingShown,
)
from hub.accounts.identities import identity_of
from hub.accounts.identity import Identity
from hub.conversing import timeline
from hub.conversing.access import may_fetch, may_open, owned, visible
from hub.conversing.announcements import Announcements
from hub.conversing.drafts import NewDraft, drop_draft, save_draft
from hub.conversing.endings import Endings
from hub.conversing.mail_replies import MailReply, NewMail
from hub.conversing.masking import masked
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queues import Queues
from hub.errors import ApiError, not_found
from hub.i18n import text as catalogue
from hub.media import MediaStore
from hub.setup.forms import FormAnswers, Forms
from hub.setup.tags import TAG_LENGTH
from hub.setup.wrap_up_codes import may_end_with
from hub.store.fields import ID_LENGTH
from hub.store.models import Conversation, User
from hub.store.views import conversation_view, entry_view
from hub.teamwork.notifications import notify
from hub.units import Unit, Units

log = logging.getLogger(__name__)

MAX_ATTACHMENTS: Final = 10
REOPENABLE: Final = timedelta(seconds=60)  # desks offer it for five seconds; lines may be slow
Id = Annotated[str, Meta(max_length=ID_LENGTH)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(max_length=20_000)]  # the operator's own limit is lower


class NewMessage(Settings, frozen=True, kw_only=True):
    """What an agent sends; ``client_id`` is the browser's own and the same when it repeats itself."""

    client_id: ClientId
    text: Text = ""
    attachments: Annotated[tuple[Id, ...], Meta(max_length=MAX_ATTACHMENTS)] = ()
    mail: NewMail | None = None


class NewNote(Settings, frozen=True, kw_only=True):
    """What only colleagues see."""

    client_id: ClientId
    text: Annotated[str, Meta(min_length=1, max_length=20_000)]
    mentions: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()  # colleagues who are told of it


class Transfer(Settings, frozen=True, kw_only=True):
    """Where a conversation goes: a queue, or a colleague."""

    queue_id: str | None = None
    agent_id: Id | None = None
    note: Annotated[str, Meta(max_length=4_000)] = ""
    client_id: Annotated[str, Meta(max_length=64)] = ""  # the same again is the same transfer


class WrapUp(Settings, frozen=True, kw_only=True):
    """How a conversation ended."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    summary: Annotated[str, Meta(max_length=4_000)] = ""
    tags: Annotated[tuple[Annotated[str, Meta(max_length=TAG_LENGTH)], ...], Meta(max_length=20)] = ()
    form: FormAnswers | None = None


class ConversationEdit(Settings, frozen=True, kw_only=True):
    """What an agent notes of a conversation while it goes on; what is left out stays."""

    topic: Annotated[str, Meta(max_length=200)] | None = None
    summary: Annotated[str, Meta(max_length=4_000)] | None = None
    tags: Annotated[tuple[Annotated[str, Meta(max_length=TAG_LENGTH)], ...], Meta(max_length=20)] | None = None
    form: FormAnswers | None = None


class Conversations:
    """Commands on conversations, each one unit of work, each checked against who may do it."""

    def __init__(
        self,
        units: Units,
        *,
        bus: Bus,
        dispatcher: Dispatcher,
        endings: Endings,
        announcements: Announcements,
        queues: Queues,
        media: MediaStore,
        channel_states: Mapping[str, ChannelState],
        forms: Forms,
        text_chars: int,
    ) -> None:
        self._units = units
        self._bus = bus
        self._dispatcher = dispatcher
        self._endings = endings
        self._announcements = announcements
        self._queues = queues
        self._media = media
        self._channel_states = channel_states
        self._forms = forms
        self._text_chars = text_chars

    async def send(self, identity: Identity, conversation_id: str, message: NewMessage) -> EntryView:
        """Send the citizen a message; a repeated ``client_id`` returns the first one's entry."""
        reply = MailReply(message.mail or NewMail())
        if not message.text.strip() and not reply.text and not message.attachments:
            raise ApiError(422, "invalid", "nothing to send", fields={"text": "empty"})
        if max(len(message.text), len(reply.text)) > self._text_chars:
            raise ApiError(422, "invalid", f"at most {self._text_chars} characters", fields={"text": "too_long"})
        files = [await self._attachment(identity, media_id) for media_id in message.attachments]

        async def act(unit: Unit) -> EntryView:
            await visible(unit, identity, conversation_id)
            if repeated := await unit.find_own(conversation_id, message.client_id):
                return entry_view(repeated)
            conversation = await owned(unit, identity, conversation_id, "active")
            address = await unit.reply_address(conversation)
            if any(came_over not in ("", timeline.reply_instance(conversation)) for _, came_over in files):
                raise ApiError(422, "invalid", "a file of another channel", fields={"attachments": "foreign"})
            if not self._takes(timeline.reply_instance(conversation), [file for file, _ in files]):
                raise ApiError(422, "file_not_carried", "not over this channel", fields={"attachments": "not_carried"})
            conversation.unread = 0
            signature = self._queues.settings(conversation.queue_id or "").signature
            mail = await reply.complete(unit, identity, conversation, signature)
            entry = timeline.add_reply(
                unit,
                conversation,
                address,
                identity,
                reply.text if mail is not None and mail.html else message.text,
                attachments=[attachment for attachment, _ in files],
                client_id=message.client_id,
                mail=mail,
            )
            await drop_draft(unit, conversation_id, identity.user_id)
            return entry_view(entry)

        return await self._units.share(act)

    async def note(self, identity: Identity, conversation_id: str, note: NewNote) -> EntryView:
        """Add an internal note; whoever may open the conversation may."""
        async with self._units.open() as unit:
            conversation = await visible(unit, identity, conversation_id)
            if repeated := await unit.find_own(conversation_id, note.client_id):
                return entry_view(repeated)
            entry = timeline.add_note(unit, conversation, identity, note.text, client_id=note.client_id)
            for user_id in dict.fromkeys(note.mentions):
                await self._mention(unit, identity, conversation, user_id)
            await drop_draft(unit, conversation_id, identity.user_id)
            return entry_view(entry)

    async def retry(self, identity: Identity, conversation_id: str, entry_id: str) -> EntryView:
        """Send a failed message again, once more with the same id."""
        async with self._units.open() as unit:
            conversation = await owned(unit, identity, conversation_id, "active")
            entry = await unit.entry(entry_id)
            if entry.conversation_id != conversation_id or entry.direction != "out":
                raise not_found("message")
            if entry.status in ("failed", "unknown"):
                address = await unit.address(entry.address)
                assert address is not None, "a message was sent to an address"
                timeline.send_again(unit, conversation, address, entry)
            return entry_view(entry)

    async def read(self, identity: Identity, conversation_id: str) -> None:
        """The owner has seen everything."""
        async with self._units.open() as unit:
            conversation = await visible(unit, identity, conversation_id)
            if conversation.agent_id == identity.user_id and conversation.unread:
                conversation.unread = 0
                timeline.record_change(unit, conversation, "read")

    async def save_draft(self, identity: Identity, conversation_id: str, draft: NewDraft) -> None:
        """Keep unsent words; empty ones forget them."""
        async with self._units.open() as unit:
            await visible(unit, identity, conversation_id)
            await save_draft(unit, conversation_id, identity.user_id, draft)

    async def accept(self, identity: Identity, offer_id: str) -> ConversationView:
        """Take what was offered; accepting one's own accepted offer answers the same again."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation_id = await self._dispatcher.accept(unit, identity.user_id, offer_id)
            return masked(conversation_view(await unit.conversation(conversation_id)), identity)

    async def decline(self, identity: Identity, offer_id: str, reason: str) -> None:
        """Refuse what was offered."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            await self._dispatcher.decline(unit, identity.user_id, offer_id, reason)

    async def pick(self, identity: Identity, conversation_id: str, reason: str) -> ConversationView:
        """Take waiting work out of turn."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await visible(unit, identity, conversation_id)
            if conversation.state != "active" or conversation.agent_id != identity.user_id:
                await self._dispatcher.pick(unit, identity.user_id, conversation, reason)
            return masked(conversation_view(conversation), identity)

    async def transfer(self, identity: Identity, conversation_id: str, transfer: Transfer) -> ConversationView:
        """Pass the conversation on to a queue or a colleague, with a note for whoever takes it."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            if transfer.client_id and (done := await unit.find_own(conversation_id, transfer.client_id)) is not None:
                if done.author_id != identity.user_id:
                    raise not_found("conversation")
                return masked(conversation_view(await unit.conversation(conversation_id)), identity)
            conversation = await owned(unit, identity, conversation_id, "active", "queued")
            await self.pass_on(unit, identity, conversation, transfer)
            return masked(conversation_view(conversation), identity)

    async def pass_on(self, unit: Unit, identity: Identity, conversation: Conversation, transfer: Transfer) -> None:
        """Transfer a conversation that ``identity`` may act in."""
        queue_id, name = await self.target(conversation, transfer)
        conversation.held = conversation.held_until = conversation.snoozed_until = None
        if transfer.note:
            timeline.add_note(unit, conversation, identity, transfer.note)
        await drop_draft(unit, conversation.conversation_id, identity.user_id)
        await self._dispatcher.transfer(unit, conversation, queue_id, agent_id=transfer.agent_id, reason="transfer")
        timeline.add_transfer(unit, conversation, identity, to=name, client_id=transfer.client_id)
        language = timeline.language_of(conversation)
        words = catalogue("citizen.transferred", language, queue=self._queues.title(queue_id, language))
        await self._announcements.say(unit, conversation, words)

    async def end(self, identity: Identity, conversation_id: str) -> ConversationView:
        """End the conversation: the citizen is asked for a rating, the agent wraps up."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await owned(unit, identity, conversation_id, "active", "wrap_up")
            if conversation.state == "active":
                await self._endings.end(unit, conversation, by=identity.display_name)
            return masked(conversation_view(conversation), identity)

    async def wrap_up(self, identity: Identity, conversation_id: str, wrap_up: WrapUp) -> ConversationView:
        """Note how it ended and close the conversation."""
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await owned(unit, identity, conversation_id, "active", "wrap_up", "closed")
            if conversation.state == "active":  # nobody waits for the end that they have asked for
                if conversation.held is None or conversation.held["step"] != "end":
                    raise ApiError(409, "wrong_state", "the conversation is active")
                await self._endings.end(unit, conversation, by=identity.display_name)
            if not await may_end_with(conversation.queue_id, wrap_up.code):
                raise ApiError(422, "invalid", "no such wrap-up code", fields={"code": "unknown"})
            if wrap_up.form is not None:
                self._fill_in(conversation, wrap_up.form, is_whole=True)
            if conversation.state == "wrap_up" or wrap_up.form is not None:
                self._forms.check_end(conversation.queue_id, conversation.form)
            conversation.wrap_up_code = wrap_up.code
            conversation.summary = wrap_up.summary
            conversation.tags = list(wrap_up.tags)
            if conversation.state == "wrap_up":
                conversation.state = "closed"
                conversation.closed_at = unit.now
                conversation.unread = 0
                timeline.add_notice(unit, conversation, "closed", code=wrap_up.code)
                await drop_draft(unit, conversation_id, identity.user_id)
                if not await _wraps_up_elsewhere(conversation):
                    await self._dispatcher.end_wrap_up(unit, conversation.agent_id or identity.user_id)
            timeline.record_change(unit, conversation, "closed")
            return masked(conversation_view(conversation), identity)

    async def reopen(self, identity: Identity, conversation_id: str) -> ConversationView:
        """Take back a wrap-up that was just finished: 409 ``too_late`` after a while, ``wrong_state`` when none was."""
        async with self._units.open() as unit:
            conversation = await owned(unit, identity, conversation_id, "wrap_up", "closed")
            if conversation.state == "closed":
                if conversation.merged_into or conversation.wrap_up_code is None or conversation.agent_id is None:
                    raise ApiError(409, "wrong_state", "nobody has wrapped it up")
                if conversation.closed_at is None or unit.now - conversation.closed_at > REOPENABLE:
                    raise ApiError(409, "too_late", "it was closed a while ago")
                conversation.state, conversation.closed_at = "wrap_up", None
                timeline.add_notice(unit, conversation, "reopened", agent=identity.display_name)
                timeline.record_change(unit, conversation, "reopened")
            return masked(conversation_view(conversation), identity)

    async def edit(self, identity: Identity, conversation_id: str, edit: ConversationEdit) -> ConversationView:
        """Change topic, summary, tags or what is filled in so far."""
        async with self._units.open() as unit:
            conversation = await owned(unit, identity, conversation_id, "active", "wrap_up", "closed")
            for name in ("topic", "summary", "tags"):
                if (value := getattr(edit, name)) is not None:
                    setattr(conversation, name, list(value) if isinstance(value, tuple) else value)
            if edit.form is not None:
                self._fill_in(conversation, edit.form, is_whole=conversation.state == "closed")
                if conversation.state == "closed":
                    self._forms.check_end(conversation.queue_id, conversation.form)
            timeline.record_change(unit, conversation, "edited")
            return masked(conversation_view(conversation), identity)

    async def open_for(self, identity: Identity, conversation_id: str) -> ConversationView:
        """Return the conversation when the user may read it; 404 otherwise."""
        async with self._units.open() as unit:
            return masked(conversation_view(await visible(unit, identity, conversation_id)), identity)

    async def show_typing(self, identity: Identity, conversation_id: str, *, is_typing: bool) -> None:
        """Show the citizen that their agent types; nothing happens when it is not their agent."""
        row = await Conversation.get_or_none(conversation_id=conversation_id)
        if row is not None and row.state == "active" and row.agent_id == identity.user_id:
            shown = TypingShown(recipient=row.reply_address or row.address, is_typing=is_typing)
            await self._bus.signal(shown, timeline.reply_instance(row))

    def _fill_in(self, conversation: Conversation, answers: FormAnswers, *, is_whole: bool) -> None:
        filled = self._forms.fill_in(conversation.queue_id, answers, is_whole=is_whole)
        conversation.form = None if filled is None else msgspec.to_builtins(filled)

    async def _mention(self, unit: Unit, identity: Identity, conversation: Conversation, user_id: str) -> None:
        user = await User.get_or_none(user_id=user_id, is_active=True)
        if user is None or not await may_open(await identity_of(user), conversation):
            raise ApiError(
                422, "mention_refused", "a colleague who may not read it", fields={"mentions": "not_visible"}
            )
        if user_id != identity.user_id:
            name = conversation.contact_name
            notify(unit, user_id, "mention", conversation.conversation_id, by=identity.display_name, name=name)

    def _takes(self, instance: str, files: Sequence[Attachment]) -> bool:
        """Whether ``instance`` can send such files, as far as it has said what it carries."""
        state = self._channel_states.get(instance)
        if state is None or (carries := state.carries) is None:
            return True
        most = carries.file_bytes or math.inf
        return all(carries.takes(file.mime) and file.size_bytes <= most for file in files)

    async def _attachment(self, identity: Identity, media_id: str) -> tuple[Attachment, str]:
        if not await may_fetch(identity, media_id):
            raise ApiError(422, "invalid", "no such file", fields={"attachments": "unknown"})
        return await self._media.attachment(media_id)

    async def target(self, conversation: Conversation, transfer: Transfer) -> tuple[str, str]:
        """Return the queue that a transfer leads to, and the name of who or what takes over; 422 when there is none."""
        if transfer.agent_id is not None:
            user = await User.get_or_none(user_id=transfer.agent_id, is_active=True)
            if user is None:
                raise ApiError(422, "invalid", "no such agent", fields={"agent_id": "unknown"})
            return conversation.queue_id or self._queues.active[0], user.display_name
        if transfer.queue_id is None or transfer.queue_id not in self._queues.active:
            raise ApiError(422, "invalid", "no such queue", fields={"queue_id": "unknown"})
        return transfer.queue_id, self._queues.title(transfer.queue_id)


async def _wraps_up_elsewhere(conversation: Conversation) -> bool:
    others = Conversation.filter(agent_id=conversation.agent_id, state="wrap_up", wrap_up_until__not_isnull=True)
    return await others.exclude(conversation_id=conversation.conversation_id).exists()
