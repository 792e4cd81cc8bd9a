"""Staffing by Erlang C and A, around the number of agents in question."""

from typing import Final

from hub.routing.erlang import agents_for, erlang_a, mean_wait, service_level
from hub.staffing.model import Plan, StaffingPoint, Theory

AROUND: Final = 5  # so many fewer and more agents are looked at
SHARE: Final = 0.8


def theory(plan: Plan) -> Theory:
    """Return what the formulas say of ``plan`` and of a few agents fewer or more."""
    load, handling_s = plan.load, plan.mean_handling_s
    counts = range(max(1, plan.agents - AROUND), plan.agents + AROUND + 1)
    return Theory(
        load=load,
        needed=agents_for(load, plan.target_s / handling_s, SHARE),
        points=tuple(_point(plan, count, load, handling_s) for count in counts),
    )


def _point(plan: Plan, agents: int, load: float, handling_s: float) -> StaffingPoint:
    abandoned_share = 0.0
    if plan.patience_s is not None:
        abandoned_share, wait = erlang_a(agents, load, handling_s / plan.patience_s)
    else:
        wait = mean_wait(agents, load)
    endless = plan.patience_s is None and load >= agents
    return StaffingPoint(
        agents=agents,
        mean_wait_s=None if endless else wait * handling_s,
        service_level=service_level(agents, load, plan.target_s / handling_s),
        abandoned_share=abandoned_share,
    )
