"""What the hub decided about conversations, messages and contacts: each event carries the whole new view.

Views are what readers (desks, wallboards, reports) keep by key; applying an event is replacing its view.
"""

from datetime import datetime
from typing import Literal

import msgspec

from core.events.base import Event
from core.events.calls import LegRole, LegState, SpyMode
from core.events.messages import Attachment, Choice, Mail, MessageState

ConversationState = Literal["flow", "queued", "active", "wrap_up", "closed"]
EntryKind = Literal["message", "note", "notice"]
Change = Literal[
    "opened", "queued", "offered", "assigned", "transferred", "returned", "ended", "wrapped_up", "closed",
    "reopened", "edited", "rated", "read", "updated", "snoozed", "woken", "held", "undone", "merged", "split",
]  # fmt: skip
AuthorKind = Literal["contact", "agent", "flow", "system"]


class AddressView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a contact is reached: ``uri`` with its scheme, on the instance that last saw it.

    ``source`` is ``contact`` when they wrote from it, else who named it: ``agent``, ``flow``, ``form``, ``import``.
    """

    uri: str
    instance: str = ""
    address_id: str = ""
    source: str = "contact"
    is_preferred: bool = False


class ContactView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The person outside, as a desk shows them.

    ``agent_id`` serves them whenever at work. ``caution`` says why agents are warned of them, for ever or until then.
    """

    contact_id: str
    name: str = ""
    level: int = 0
    language: str = ""
    is_verified: bool = False
    is_blocked: bool = False
    birth_year: int | None = None
    tags: tuple[str, ...] = ()
    remarks: str = ""
    addresses: tuple[AddressView, ...] = ()
    attributes: dict[str, str] = {}
    agent_id: str | None = None
    caution: str = ""
    caution_until: datetime | None = None


class CallLegView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One party of a call as the desk shows it; ``state`` is how far it has come, ``does`` its activity.

    ``spy_mode`` says how a supervisor takes part.
    """

    leg_id: str
    role: LegRole
    user_id: str | None = None
    name: str = ""
    state: LegState = "dialling"
    does: Literal["ring", "listen", "record", "talk", "spy"] = "talk"
    room: str = ""
    is_muted: bool = False
    spy_mode: SpyMode | None = None


class CallView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation's call, or its last one once ``ended_at`` is set.

    ``keys`` are those the citizen pressed in menus; one who ``is_in_flow`` was sent there by the agent who waits.
    """

    call_id: str
    direction: Literal["in", "out", "internal"] = "in"
    dialled: str = ""
    legs: tuple[CallLegView, ...] = ()
    is_held: bool = False
    is_recorded: bool = False
    is_paused: bool = False
    is_in_flow: bool = False
    keys: str = ""
    arrived_at: datetime
    talked_at: datetime | None = None
    ended_at: datetime | None = None
    cause: str = ""


class HeldView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is done to a conversation at ``due_at`` unless undone before; ``to`` names where it is passed on to."""

    step: Literal["end", "transfer"]
    by_id: str
    to: str = ""
    due_at: datetime


class CallBackView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call that is owed to somebody who waited; ``tries`` were in vain, the next one waits for ``next_at`` if set."""

    asked_at: datetime
    tries: int = 0
    next_at: datetime | None = None


FormValue = str | tuple[str, ...]


class FilledForm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A form as an agent has filled it in: values by the names of its fields, in the words of its ``version``."""

    form_id: str
    version: int
    values: dict[str, FormValue] = {}


class ConversationView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation as a list row and a header need it.

    ``reply_address`` and ``reply_instance`` are where answers go; empty: to ``address`` on ``instance``, as it began.
    """

    conversation_id: str
    contact_id: str
    contact_name: str = ""
    contact_level: int = 0
    language: str = ""
    instance: str
    channel: str
    address: str
    reply_address: str = ""
    reply_instance: str = ""
    state: ConversationState
    queue_id: str | None = None
    agent_id: str | None = None
    priority: int = 0
    tags: tuple[str, ...] = ()
    topic: str = ""
    summary: str = ""
    wrap_up_code: str | None = None
    form: FilledForm | None = None
    rating: int | None = None
    opened_at: datetime
    queued_at: datetime | None = None
    assigned_at: datetime | None = None
    wrap_up_until: datetime | None = None
    closed_at: datetime | None = None
    last_entry_at: datetime | None = None
    last_text: str = ""
    last_author: AuthorKind = "contact"
    waiting_since: datetime | None = None
    unread: int = 0
    call: CallView | None = None
    snoozed_until: datetime | None = None
    merged_into: str | None = None
    held: HeldView | None = None
    call_back: CallBackView | None = None


class EntryView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a conversation's timeline: a message, an internal note, or a notice of what happened.

    ``channel`` says how it was exchanged, ``seq`` rises within that address; notices carry
    their catalogue key in ``code`` and their values in ``params``.
    """

    entry_id: str
    conversation_id: str
    kind: EntryKind
    direction: Literal["in", "out", "none"] = "none"
    author_kind: AuthorKind = "system"
    author_id: str | None = None
    author_name: str = ""
    instance: str = ""
    channel: str = ""
    seq: int = 0
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    choices: tuple[Choice, ...] = ()
    status: MessageState | None = None
    code: str = ""
    params: dict[str, str] = {}
    client_id: str = ""
    mail: Mail | None = None
    created_at: datetime


class ContactChanged(Event, frozen=True, kw_only=True):
    """A contact was made or edited; ``queue_ids`` and ``agent_ids`` are those of its conversations: who may see it."""

    type = "contact.changed"
    contact: ContactView
    queue_ids: tuple[str, ...] = ()
    agent_ids: tuple[str, ...] = ()


class ConversationChanged(Event, frozen=True, kw_only=True):
    """A conversation took another state or value; ``change`` names the step in one word."""

    type = "conversation.changed"
    conversation: ConversationView
    change: Change


class EntryAdded(Event, frozen=True, kw_only=True):
    """A message, note or notice joined the timeline."""

    type = "entry.added"
    entry: EntryView
    conversation: ConversationView


class EntryChanged(Event, frozen=True, kw_only=True):
    """An entry's delivery state changed, its words were deleted (code ``deleted``), or it ``has_moved``.

    One that moved came to ``conversation`` from another.
    """

    type = "entry.changed"
    entry: EntryView
    conversation: ConversationView
    has_moved: bool = False


class DraftChanged(Event, frozen=True, kw_only=True):
    """An agent's unsent words for one conversation; empty text when there are none."""

    type = "draft.changed"
    conversation_id: str
    agent_id: str
    text: str
    is_note: bool = False
    saved_at: datetime
