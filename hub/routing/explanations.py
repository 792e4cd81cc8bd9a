"""Why a decision was made, in stable codes and plain values; docs/routing.md lists them."""

from typing import Literal

from hub.routing.decisions import Explanation
from hub.routing.lines import Pick
from hub.routing.matching import Queue
from hub.routing.priorities import head_start_s
from hub.routing.work import Work

Trigger = Literal["work_came", "agent_free"]


def age(work: Work, now: float) -> Explanation:
    """Return how long ``work`` has waited, for an explanation."""
    return {"age_s": f"{now - work.age_from:.1f}"}


def why_served(work: Work, pick: Pick, queue: Queue, now: float, trigger: Trigger) -> Explanation:
    """Return why this work is served now, and why by this agent."""
    demand = pick.line.demand
    head_start = head_start_s(work.item, queue.rules)
    why = {
        "trigger": trigger,
        "served": "returned" if work.returned else "first_in_order",
        "age_s": f"{now - work.age_from:.1f}",
        "head_start_s": f"{head_start:g}",
        "effective_age_s": f"{now - work.order:.1f}",
    }
    if demand.agent_id is not None:
        why["agent"] = "held_for"
    elif pick.is_preferred:
        why["agent"] = "named" if work.named_agent == pick.agent.agent_id else "usual"
    elif trigger == "agent_free":
        why["agent"] = "became_free"
    else:
        why["agent"] = "strategy"
        why["strategy"] = pick.line.strategy
        why["rank"] = "|".join([f"{value:g}" for value in pick.line.key(pick.agent)])
    if demand.queue_id != work.queue_id:
        why["overflowed_from"] = work.queue_id
    if pick.passed_over:
        why["declined_by"] = ",".join(pick.passed_over)
    return why
