"""Which conversations are drawn for scoring, and why. Pure: the same plan draws the same ones again."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.dispatch.queues import Title
from hub.quality.sheets import Slug
from hub.service_rules.rules import SEVERITIES, Severity
from hub.store.fields import ID_LENGTH

Id = Annotated[str, Meta(min_length=1, max_length=ID_LENGTH)]
Why = Literal["random", "rule", "rating", "least", "hand"]

PRECISION: Final = 2**53


class SamplingPlan(Settings, frozen=True, kw_only=True):
    """What is drawn of each day: a ``share`` at random, what a rule or a bad rating points at, enough of every agent.

    Without ``reviewer_ids`` everybody who may review is asked in turn. With ``is_double`` two score each case, and
    totals that are further apart than ``tolerance`` are settled by hand.
    """

    title: Title
    sheet_id: Slug
    queue_ids: Annotated[tuple[Slug, ...], Meta(max_length=200)] = ()
    channels: Annotated[tuple[Slug, ...], Meta(max_length=50)] = ()
    share: Annotated[float, Meta(ge=0, le=1)] = 0.05
    rule_ids: Annotated[tuple[Slug, ...], Meta(max_length=100)] = ()
    severity: Severity | None = None
    rating_at_most: Annotated[int, Meta(ge=0, le=10)] | None = None
    least_per_agent: Annotated[int, Meta(ge=0, le=100)] = 0
    most_per_day: Annotated[int, Meta(ge=1, le=1_000)] = 50
    reviewer_ids: Annotated[tuple[Id, ...], Meta(max_length=200)] = ()
    is_double: bool = False
    tolerance: Annotated[float, Meta(ge=0, le=100)] = 5.0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A conversation that was served; ``hits`` are the rules it did not keep, with their severity."""

    conversation_id: str
    agent_id: str
    queue_id: str | None
    channel: str
    rating: int | None = None
    hits: tuple[tuple[str, Severity], ...] = ()


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a conversation was drawn: its lot in [0, 1), the rule it did not keep, or its rating."""

    why: Why
    lot: float | None = None
    rule_id: str = ""
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A conversation to be scored."""

    candidate: Candidate
    reasons: tuple[Reason, ...]


def lot(plan_id: str, day: str, conversation_id: str) -> float:
    """Return the conversation's lot, from 0 to below 1: anybody can work it out again (SHA-256)."""
    digest = hashlib.sha256(f"{plan_id}|{day}|{conversation_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / PRECISION


def draw(plan: SamplingPlan, plan_id: str, day: str, candidates: Iterable[Candidate]) -> list[Drawn]:
    """Return what is drawn of a day, at most ``most_per_day``: what rules and ratings point at before the rest."""
    lots = {
        one.conversation_id: (lot(plan_id, day, one.conversation_id), one)
        for one in candidates
        if (not plan.queue_ids or one.queue_id in plan.queue_ids)
        and (not plan.channels or one.channel in plan.channels)
    }
    in_order = [one for _, one in sorted(lots.values(), key=lambda pair: (pair[0], pair[1].conversation_id))]
    reasons: dict[str, list[Reason]] = defaultdict(list)
    for one in in_order:
        reasons[one.conversation_id] += _pointed_at(plan, one)
        number = lots[one.conversation_id][0]
        if number < plan.share:
            reasons[one.conversation_id].append(Reason(why="random", lot=round(number, 6)))
    _fill_up(plan, in_order, reasons)
    drawn = [Drawn(one, tuple(reasons[one.conversation_id])) for one in in_order if reasons[one.conversation_id]]
    drawn.sort(key=lambda one: not any(reason.why in ("rule", "rating") for reason in one.reasons))
    return drawn[: plan.most_per_day]


def _pointed_at(plan: SamplingPlan, one: Candidate) -> list[Reason]:
    found = []
    if plan.rating_at_most is not None and one.rating is not None and one.rating <= plan.rating_at_most:
        found.append(Reason(why="rating", rating=one.rating))
    least = len(SEVERITIES) if plan.severity is None else SEVERITIES.index(plan.severity)
    hits = [
        rule_id for rule_id, severity in one.hits if rule_id in plan.rule_ids or SEVERITIES.index(severity) >= least
    ]
    return [*found, *(Reason(why="rule", rule_id=rule_id) for rule_id in dict.fromkeys(hits))]


def _fill_up(plan: SamplingPlan, in_order: Sequence[Candidate], reasons: dict[str, list[Reason]]) -> None:
    """Add those with the lowest lots until there are enough of every agent."""
    counts: dict[str, int] = defaultdict(int)
    for one in in_order:
        counts[one.agent_id] += bool(reasons[one.conversation_id])
    for one in in_order:
        if not reasons[one.conversation_id] and counts[one.agent_id] < plan.least_per_agent:
            counts[one.agent_id] += 1
            reasons[one.conversation_id].append(Reason(why="least"))
