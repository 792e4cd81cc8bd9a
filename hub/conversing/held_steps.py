"""Ends and transfers that agents can take back for a few seconds: they are held, and done when their time comes."""

import logging
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from core.config import Settings
from core.errors import LianxinError
from core.events import ConversationView
from hub.accounts.identity import Identity
from hub.calls.presence import is_on_the_line
from hub.conversing import timeline
from hub.conversing.access import owned
from hub.conversing.conversations import Conversations, Transfer
from hub.conversing.endings import Endings
from hub.conversing.masking import masked
from hub.dispatch.dispatcher import Dispatcher
from hub.errors import ApiError
from hub.store.models import Conversation
from hub.store.views import conversation_view
from hub.teamwork.notifications import notify
from hub.units import Unit, Units

log = logging.getLogger(__name__)


class NewStep(Settings, frozen=True, kw_only=True):
    """What is to be done unless it is undone; ``transfer`` says where to."""

    step: Literal["end", "transfer"]
    transfer: Transfer | None = None


class Held(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A held step as it is stored: the columns of ``HeldView``, whose conversation it was, and the transfer itself."""

    step: Literal["end", "transfer"]
    by_id: str
    by_name: str
    agent_id: str | None
    to: str = ""
    due_at: datetime
    transfer: Transfer | None = None


class HeldSteps:
    """Holds steps for ``hold_s``; nobody outside has noticed anything of what is undone in time.

    Who is on the phone waits for nothing: their calls are ended and transferred at once.
    """

    def __init__(
        self, units: Units, conversations: Conversations, dispatcher: Dispatcher, endings: Endings, *, hold_s: float
    ) -> None:
        self._units = units
        self._conversations = conversations
        self._dispatcher = dispatcher
        self._endings = endings
        self._hold_s = hold_s

    async def hold(self, identity: Identity, conversation_id: str, new: NewStep) -> ConversationView:
        """Do a step in a little while; a second one takes the place of the first."""
        if new.step == "transfer" and new.transfer is None:
            raise ApiError(422, "invalid", "a transfer leads somewhere", fields={"transfer": "empty"})
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await owned(unit, identity, conversation_id, "active")
            to = ""
            if new.transfer is not None:
                _, to = await self._conversations.target(conversation, new.transfer)
            held = Held(
                step=new.step,
                by_id=identity.user_id,
                by_name=identity.display_name,
                agent_id=conversation.agent_id,
                to=to,
                due_at=unit.now + timedelta(seconds=self._hold_s),
                transfer=new.transfer,
            )
            if is_on_the_line(conversation) or not self._hold_s:
                await self._do(unit, conversation, held)
            else:
                conversation.held = msgspec.to_builtins(held)
                conversation.held_until = held.due_at
                timeline.record_change(unit, conversation, "held")
            return masked(conversation_view(conversation), identity)

    async def undo(self, identity: Identity, conversation_id: str) -> ConversationView:
        """Take the held step back; 409 ``too_late`` when there is none any more."""
        async with self._units.open() as unit:
            conversation = await owned(unit, identity, conversation_id, "active", "queued", "wrap_up", "closed")
            if conversation.held is None:
                raise ApiError(409, "too_late", "nothing is held any more")
            _forget(conversation)
            timeline.record_change(unit, conversation, "undone")
            return masked(conversation_view(conversation), identity)

    async def tick(self) -> None:
        """Do what is due."""
        due = Conversation.filter(held_until__lte=self._units.now()).order_by("held_until").limit(100)
        for conversation_id in [row.conversation_id for row in await due]:
            try:
                await self._do_held(conversation_id)
            except LianxinError as error:
                log.info("a held step of conversation %s cannot be done: %s", conversation_id, error)
                await self._give_up(conversation_id)
            except Exception:
                log.exception("a held step of conversation %s failed", conversation_id)
                await self._give_up(conversation_id)  # else it would hold up all that come after it

    async def _do_held(self, conversation_id: str) -> None:
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            conversation = await unit.conversation(conversation_id)
            if conversation.held is None or conversation.held_until is None or conversation.held_until > unit.now:
                return
            held = msgspec.convert(conversation.held, Held)
            _forget(conversation)
            if conversation.state == "active" and conversation.agent_id == held.agent_id:
                await self._do(unit, conversation, held)
            else:  # somebody else has it meanwhile
                timeline.record_change(unit, conversation, "undone")

    async def _do(self, unit: Unit, conversation: Conversation, held: Held) -> None:
        if held.transfer is None:
            await self._endings.end(unit, conversation, by=held.by_name)
            return
        identity = Identity(user_id=held.by_id, display_name=held.by_name)
        await self._conversations.pass_on(unit, identity, conversation, held.transfer)

    async def _give_up(self, conversation_id: str) -> None:
        async with self._units.open() as unit:
            conversation = await unit.conversation(conversation_id)
            if conversation.held is None:
                return
            params: dict[str, Any] = {"name": conversation.contact_name, "step": conversation.held["step"]}
            notify(unit, conversation.held["by_id"], "not_done", conversation_id, **params)
            _forget(conversation)
            timeline.record_change(unit, conversation, "undone")


def _forget(conversation: Conversation) -> None:
    conversation.held = conversation.held_until = None
