"""What the hub decided about queues, offers and agents; each event carries the whole new view."""

from datetime import datetime
from typing import Literal

import msgspec

from core.events.base import Event
from core.events.calls import PhoneKind
from core.events.conversations import ConversationView

AgentStateName = Literal["available", "busy", "wrap_up", "away", "offline", "unreachable"]
WorkMode = Literal["normal", "outbound_only", "off_shift", "leader"]


class OfferView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Work shown to one agent until accepted, declined or expired."""

    offer_id: str
    work_id: str
    conversation_id: str
    agent_id: str
    queue_id: str
    made_at: datetime
    expires_at: datetime
    explanation: dict[str, str] = {}


class AgentView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent's state as shown to colleagues; ``work_number`` is all a citizen ever sees.

    ``phone`` is the kind on which calls ring now, empty when none can be rung.
    """

    agent_id: str
    display_name: str
    work_number: str
    state: AgentStateName
    reason: str = ""
    work_mode: WorkMode = "normal"
    since: datetime
    load: dict[str, int] = {}
    queue_ids: tuple[str, ...] = ()
    department_id: str = ""
    group_ids: tuple[str, ...] = ()
    phone: PhoneKind | Literal[""] = ""


class QueueView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A queue's figures now; waits in seconds."""

    queue_id: str
    title: str
    waiting: int = 0
    longest_since: datetime | None = None
    available: int = 0
    serving: int = 0
    wait_median_s: float | None = None
    wait_p90_s: float | None = None


class OfferMade(Event, frozen=True, kw_only=True):
    """An agent is asked to take a piece of work."""

    type = "offer.made"
    offer: OfferView
    conversation: ConversationView


class OfferEnded(Event, frozen=True, kw_only=True):
    """An offer is over; ``outcome`` says how."""

    type = "offer.ended"
    offer: OfferView
    conversation: ConversationView
    outcome: Literal["accepted", "declined", "expired", "withdrawn"]
    reason: str = ""


class WorkMoved(Event, frozen=True, kw_only=True):
    """A piece of work was enqueued, overflowed, picked, assigned or taken out, and why.

    ``is_message``: it was left for later, and nobody waits for an answer now.
    """

    type = "work.moved"
    work_id: str
    conversation_id: str
    queue_id: str
    step: Literal["enqueued", "relaxed", "overflowed", "picked", "assigned", "returned", "withdrawn", "done"]
    explanation: dict[str, str] = {}
    channel: str = ""
    is_message: bool = False


class AgentChanged(Event, frozen=True, kw_only=True):
    """An agent's state, reason, mode or load changed."""

    type = "agent.changed"
    agent: AgentView


class QueueChanged(Event, frozen=True, kw_only=True):
    """A queue's figures or settings changed."""

    type = "queue.changed"
    queue: QueueView
