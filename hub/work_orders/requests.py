"""What is asked of work orders: to make one, change it, answer it, close it."""

from typing import Annotated, Final

from msgspec import Meta

from core.config import Settings
from core.events import Outcome, WorkOrderKind
from hub.store.fields import ID_LENGTH, SLUG_LENGTH

REQUIRED: Final = ("name", "address", "contact_details", "content")

Id = Annotated[str, Meta(max_length=ID_LENGTH)]
Slug = Annotated[str, Meta(max_length=SLUG_LENGTH)]
Line = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=4_000)]
Version = Annotated[int, Meta(ge=1)]


class NewWorkOrder(Settings, frozen=True, kw_only=True):
    """An order about a conversation and its contact, or, without one, about a contact alone.

    Without ``contact_details`` the contact's own number or mail address stands there. One with an ``answer`` was
    answered at once.
    """

    client_id: Annotated[str, Meta(min_length=1, max_length=SLUG_LENGTH)]
    conversation_id: Id | None = None
    contact_id: Id | None = None
    kind: WorkOrderKind
    name: Line = ""
    address: Line = ""
    contact_details: Line = ""
    content: Text = ""
    department_id: Slug = ""
    answer: Text = ""


class WorkOrderEdit(Settings, frozen=True, kw_only=True):
    """What is left out stays; another ``department_id`` passes the order on."""

    version: Version
    kind: WorkOrderKind | None = None
    name: Line | None = None
    address: Line | None = None
    contact_details: Line | None = None
    content: Text | None = None
    department_id: Slug | None = None


class Remark(Settings, frozen=True, kw_only=True):
    """What is said with a deed: an answer, why an order is urged or opened again."""

    version: Version
    text: Annotated[str, Meta(min_length=1, max_length=4_000)]


class Closing(Settings, frozen=True, kw_only=True):
    """What the citizen said when they were asked how it went."""

    version: Version
    outcome: Outcome
    text: Text = ""
