"""Alarms: raised once when a rule's limit is crossed, acknowledged by somebody, over by themselves. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from core.ids import new_id
from hub.figures.cases import TallyView
from hub.figures.settings import AlarmRule, RuleKind

SubjectKind = Literal["agent", "queue", "channel"]


class Alarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One crossing of a rule's limit; ``value`` is the latest measured while it lasts."""

    alarm_id: str
    rule_id: str
    kind: RuleKind
    subject_kind: SubjectKind
    subject_id: str
    value: float
    limit: float
    is_urgent: bool = False
    minutes: int = 0
    raised_at: datetime
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueNow:
    """What the rules look at in a queue; ``levels`` by minutes are the service level and how many came."""

    queue_id: str
    waiting: int
    longest_s: float
    levels: dict[int, tuple[float | None, int]]


@dataclass(frozen=True, slots=True)
class AgentNow:
    """What the rules look at in an agent who is away."""

    agent_id: str
    queue_ids: tuple[str, ...]
    away_s: float


@dataclass(frozen=True, slots=True)
class ChannelNow:
    """What the rules look at in a plugin instance or trunk that does not work."""

    name: str
    down_s: float


@dataclass(frozen=True, slots=True)
class Situation:
    """All that rules look at."""

    queues: tuple[QueueNow, ...] = ()
    away: tuple[AgentNow, ...] = ()
    down: tuple[ChannelNow, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossed:
    """A rule's limit is crossed by one subject."""

    rule: AlarmRule
    subject_kind: SubjectKind
    subject_id: str
    value: float

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same alarm while it lasts."""
        return self.rule.rule_id, self.subject_id


class Alarms:
    """The alarms that last now, by id."""

    def __init__(self, alarms: Iterable[Alarm] = ()) -> None:
        self.lasting: dict[str, Alarm] = {alarm.alarm_id: alarm for alarm in alarms}

    def look(self, crossed: Iterable[Crossed], now: datetime) -> tuple[list[Alarm], list[Alarm]]:
        """Compare with what is crossed now; return the alarms raised and those ended."""
        known = {(alarm.rule_id, alarm.subject_id): alarm for alarm in self.lasting.values()}
        raised = []
        for one in crossed:
            alarm = known.pop(one.key, None)
            if alarm is None:
                alarm = _raise(one, now)
                raised.append(alarm)
            self.lasting[alarm.alarm_id] = msgspec.structs.replace(alarm, value=one.value, limit=one.rule.limit)
        for alarm in known.values():
            del self.lasting[alarm.alarm_id]
        return raised, list(known.values())

    def acknowledge(self, alarm_id: str, by: str, now: datetime) -> tuple[Alarm | None, bool]:
        """Note that somebody has seen it; return the alarm, and whether they were the first."""
        alarm = self.lasting.get(alarm_id)
        if alarm is None or alarm.acknowledged_at is not None:
            return alarm, False
        alarm = self.lasting[alarm_id] = msgspec.structs.replace(alarm, acknowledged_by=by, acknowledged_at=now)
        return alarm, True


def crossed_limits(rules: Iterable[AlarmRule], now: Situation) -> list[Crossed]:
    """Return every limit that is crossed."""
    return [one for rule in rules if rule.is_active for one in _crossed(rule, now)]


def crossed_in_period(rules: Iterable[AlarmRule], queue_id: str, cases: TallyView, longest_s: float) -> tuple[str, ...]:
    """Return the rules whose limit the figures of one queue, or without ``queue_id`` of several, cross in a period.

    Rules that look at one moment, of how many wait or who is away, say nothing about a period.
    """
    return tuple(
        rule.rule_id
        for rule in rules
        if rule.is_active
        and (not rule.queue_ids or queue_id in rule.queue_ids)
        and _is_crossed(rule, cases.service_level, cases.offered, longest_s)
    )


def _is_crossed(rule: AlarmRule, level: float | None, offered: int, longest_s: float) -> bool:
    match rule.kind:
        case "service_below":
            return level is not None and offered >= rule.least and level * 100 < rule.limit
        case "wait_longer":
            return longest_s > rule.limit
        case _:
            return False


def _crossed(rule: AlarmRule, now: Situation) -> list[Crossed]:
    queues = [queue for queue in now.queues if not rule.queue_ids or queue.queue_id in rule.queue_ids]
    match rule.kind:
        case "away_longer":
            return [
                Crossed(rule, "agent", agent.agent_id, agent.away_s)
                for agent in now.away
                if agent.away_s > rule.limit
                and (not rule.queue_ids or not set(agent.queue_ids).isdisjoint(rule.queue_ids))
            ]
        case "waiting_more":
            return [Crossed(rule, "queue", one.queue_id, one.waiting) for one in queues if one.waiting > rule.limit]
        case "wait_longer":
            return [Crossed(rule, "queue", one.queue_id, one.longest_s) for one in queues if one.longest_s > rule.limit]
        case "service_below":
            return [found for one in queues if (found := _below(rule, one)) is not None]
        case "channel_down":
            return [Crossed(rule, "channel", one.name, one.down_s) for one in now.down if one.down_s >= rule.limit]


def _below(rule: AlarmRule, queue: QueueNow) -> Crossed | None:
    level, offered = queue.levels.get(rule.minutes, (None, 0))
    if level is None or not _is_crossed(rule, level, offered, 0.0):
        return None
    return Crossed(rule, "queue", queue.queue_id, round(level * 100, 1))


def _raise(one: Crossed, now: datetime) -> Alarm:
    return Alarm(
        alarm_id=new_id(),
        rule_id=one.rule.rule_id,
        kind=one.rule.kind,
        subject_kind=one.subject_kind,
        subject_id=one.subject_id,
        value=one.value,
        limit=one.rule.limit,
        is_urgent=one.rule.is_urgent,
        minutes=one.rule.minutes if one.rule.kind == "service_below" else 0,
        raised_at=now,
    )
