"""What the wallboard shows, as it travels."""

from datetime import datetime
from typing import Literal

import msgspec

from hub.figures.alarm_log import AlarmRecord
from hub.figures.alarms import Alarm
from hub.figures.cases import TallyView

Periods = dict[str, TallyView]  # today, 15, 30, 60
PartKind = Literal["site", "group", "department"]


class QueueBoard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One queue: who waits now, and its sums by period; ``service_s`` is what it promises."""

    queue_id: str
    service_s: float
    waiting: int = 0
    longest_since: datetime | None = None
    available: int = 0
    serving: int = 0
    periods: Periods = {}


class Served(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation that an agent has in hand; ``is_call``: people talk in it now."""

    conversation_id: str
    channel: str
    queue_id: str
    since: datetime
    is_call: bool = False


class AgentBoard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One agent's day; the state stands in the desk's own table."""

    agent_id: str
    here_since: datetime | None = None
    handled: int = 0
    handle_s: float | None = None
    wrap_up_s: float | None = None
    missed: int = 0
    declined: int = 0
    serving: tuple[Served, ...] = ()


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a plugin instance or a trunk works; ``calls`` is a trunk's load, ``max_calls`` its most, if set.

    A trunk is up or down ``since`` then; its far end took ``round_trip_ms`` to answer OPTIONS.
    """

    name: str
    is_up: bool
    is_trunk: bool = False
    calls: int = 0
    max_calls: int = 0
    since: datetime | None = None
    round_trip_ms: float | None = None
    reason: str = ""


class PartBoard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the floor: its sums over those of its queues that the viewer sees, and who works there."""

    kind: PartKind
    part_id: str
    title: dict[str, str] = {}
    queue_ids: tuple[str, ...]
    agent_ids: tuple[str, ...] = ()
    periods: Periods = {}


class Board(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything the wallboard shows at one moment, over the queues its viewer may see."""

    at: datetime
    day_start: datetime
    total: Periods
    queues: dict[str, QueueBoard] = {}
    parts: tuple[PartBoard, ...] = ()
    channels: dict[str, TallyView] = {}
    agents: dict[str, AgentBoard] = {}
    lines: tuple[ChannelLine, ...] = ()
    alarms: tuple[Alarm, ...] = ()


class Quarter(msgspec.Struct, frozen=True, kw_only=True):
    """A quarter hour of today: how many came, were answered, left and were sent on, and the share answered in time."""

    begin: datetime
    offered: int
    answered: int
    abandoned: int
    diverted: int
    service_level: float | None


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Today by quarter hours, up to now, and by channel; ``service_limit``: the share below which a rule alarms.

    ``alarms`` are those raised today, over by now or not.
    """

    quarters: list[Quarter]
    channels: dict[str, TallyView]
    service_limit: float | None = None
    alarms: list[AlarmRecord] = []
