"""What an agent's browsers show, as they say themselves, for a supervisor who views it; nothing of it is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.clock import Clock
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.conversing.access import may_open
from hub.desktop.desk import Desk
from hub.desktop.feed import Connection
from hub.errors import not_found
from hub.store.models import Conversation

AGAIN_AFTER: Final = timedelta(minutes=5)  # a view that goes on is one entry of the audit log


class Shown(msgspec.Struct, tag="screen", forbid_unknown_fields=True):
    """What a browser says of itself: its page, whether somebody can see it, its phone and microphone."""

    page: Annotated[str, Meta(pattern=r"^[a-z-]{0,32}\Z")]
    is_hidden: bool = False
    phone: Annotated[str, Meta(pattern=r"^[a-z_]{0,16}\Z")] = ""
    is_talking: bool = False
    is_muted: bool = False


@dataclass(slots=True)
class Screen:
    """What one browser shows, and since when."""

    since: datetime
    shown: Shown = field(default_factory=lambda: Shown(page=""))
    conversation_id: str = ""
    conversation_since: datetime | None = None
    is_writing: bool = False

    def show(self, shown: Shown, now: datetime) -> None:
        """Take over what the browser says."""
        if shown.page != self.shown.page:
            self.since = now
        self.shown = shown

    def open(self, conversation_id: str, now: datetime) -> None:
        """Note which conversation it shows; empty: none."""
        if conversation_id != self.conversation_id:
            self.conversation_id, self.conversation_since, self.is_writing = conversation_id, now, False


class ScreenView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One browser of an agent; the conversation stands there for who may read it, else only that there is one."""

    page: str
    since: datetime
    is_hidden: bool = False
    phone: str = ""
    is_talking: bool = False
    is_muted: bool = False
    has_conversation: bool = False
    conversation_id: str = ""
    contact_name: str = ""
    conversation_since: datetime | None = None
    is_writing: bool = False


class Screens:
    """Shows what agents' browsers show; the agent sees who views it, and the audit log says so."""

    def __init__(self, clock: Clock, audit: Audit, desk: Desk) -> None:
        self._clock = clock
        self._audit = audit
        self._desk = desk
        self._viewed: dict[tuple[str, str], datetime] = {}

    async def view(
        self, identity: Identity, agent_id: str, may_know: Callable[[Identity], bool], *, remote: str
    ) -> list[ScreenView]:
        """Return the browsers of an agent, the one used last first; 404 for one whom the caller does not see."""
        if agent_id not in self._desk.agents or not may_know(identity):
            raise not_found("agent")
        now = self._clock.now()
        self._viewed = {key: at for key, at in self._viewed.items() if now - at < AGAIN_AFTER}
        key = identity.user_id, agent_id
        if key not in self._viewed:
            self._viewed[key] = now
            await self._audit.note(identity, "agent.view_desktop", "agent", agent_id, remote=remote)
        by = identity.display_name
        self._desk.signal(agent_id, {"type": "signal", "name": "viewed", "conversation_id": "", "by": by})
        screens = [one.screen for one in self._desk.connections(agent_id) if one.screen is not None]
        screens.sort(key=lambda one: max(one.since, one.conversation_since or one.since), reverse=True)
        return [await _view(identity, one) for one in screens]


def screen_of(connection: Connection, now: datetime) -> Screen:
    """Return what a browser is known to show."""
    if connection.screen is None:
        connection.screen = Screen(now)
    return connection.screen


async def _view(identity: Identity, screen: Screen) -> ScreenView:
    row = await Conversation.get_or_none(conversation_id=screen.conversation_id) if screen.conversation_id else None
    is_open = row is not None and await may_open(identity, row)
    shown = screen.shown
    return ScreenView(
        page=shown.page,
        since=screen.since,
        is_hidden=shown.is_hidden,
        phone=shown.phone,
        is_talking=shown.is_talking,
        is_muted=shown.is_muted,
        has_conversation=row is not None,
        conversation_id=screen.conversation_id if is_open else "",
        contact_name=row.contact_name if row is not None and is_open else "",
        conversation_since=screen.conversation_since,
        is_writing=screen.is_writing,
    )
