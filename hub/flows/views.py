"""Flows as administrators see them, and where contacts begin."""

from datetime import datetime
from typing import Any, Literal

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Where contacts of a channel begin: its flow ("" for none) and the queue of whoever the flow does not place."""

    flow: str = ""
    queue: str = ""


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a flow; ``author`` is a display name, empty for the program itself."""

    version: int
    note: str
    author: str
    created_at: datetime
    is_published: bool


class FlowUse(msgspec.Struct, frozen=True, kw_only=True):
    """What leads to a flow: a channel's or number's entry, a queue that asks for ratings, another flow."""

    kind: Literal["entry", "rating", "hand_over"]
    name: str


class FlowView(msgspec.Struct, frozen=True, kw_only=True):
    """A flow as administrators see it; ``graph`` is that of the newest version."""

    flow_id: str
    title: dict[str, str]
    is_archived: bool
    published_version: int | None
    versions: list[VersionView]
    uses: list[FlowUse]
    graph: dict[str, Any]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Something a step may name."""

    id: str
    title: dict[str, str] = {}


class References(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of each kind that the form of a step offers; ``instance`` is for entries."""

    queue: list[Reference]
    calendar: list[Reference]
    connector: list[Reference]
    flow: list[Reference]
    channel: list[Reference]
    template: list[Reference]
    instance: list[Reference]
