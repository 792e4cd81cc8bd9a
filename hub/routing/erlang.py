"""Closed formulas of queueing theory, to check the simulator by and to plan staff with (Erlang 1917; Palm 1957).

``load`` is offered traffic in erlangs: arrivals per second times mean service time. Times are in mean service times.
"""

import math
from typing import Final

HUGE: Final = 1e200  # weights are scaled down before they overflow


def erlang_b(servers: int, load: float) -> float:
    """Return the share of arrivals that find all ``servers`` busy where nobody waits."""
    blocked = 1.0
    for n in range(1, servers + 1):  # the recursion never overflows, the textbook's factorials do
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """Return the share of arrivals that wait, where all wait as long as it takes; 1 when overloaded."""
    if load >= servers:
        return 1.0
    blocked = erlang_b(servers, load)
    return servers * blocked / (servers - load * (1 - blocked))


def mean_wait(servers: int, load: float) -> float:
    """Return the mean wait of all arrivals, in service times; infinite when overloaded."""
    return erlang_c(servers, load) / (servers - load) if load < servers else math.inf


def service_level(servers: int, load: float, within: float) -> float:
    """Return the share of arrivals served ``within`` so many service times."""
    if load >= servers:
        return 0.0
    return 1 - erlang_c(servers, load) * math.exp(-(servers - load) * within)


def priority_mean_waits(servers: int, loads: tuple[float, ...]) -> tuple[float, ...]:
    """Return each class's mean wait under strict priority without interruption, highest class first (Cobham 1954)."""
    total = sum(loads)
    if total >= servers:
        return tuple(math.inf for _ in loads)
    residual = erlang_c(servers, total) / servers
    waits, before = [], 0.0
    for load in loads:
        after = before + load
        waits.append(residual / ((1 - before / servers) * (1 - after / servers)))
        before = after
    return tuple(waits)


def erlang_a(servers: int, load: float, impatience: float) -> tuple[float, float]:
    """Return the share of arrivals that give up and the mean wait of all, where patience is exponential.

    ``impatience`` is the rate of giving up per mean service time. Sums the birth-death chain until its tail is nothing.
    """
    if impatience <= 0:
        raise ValueError(f"impatience must be positive: {impatience}")
    weight, total, waiting = 1.0, 1.0, 0.0
    n = 0
    while n < servers or weight > total * 1e-15:
        n += 1
        weight *= load / (min(n, servers) + max(n - servers, 0) * impatience)
        total += weight
        if total > HUGE:
            weight, total, waiting = weight / HUGE, total / HUGE, waiting / HUGE
        waiting += max(n - servers, 0) * weight
    mean_waiting = waiting / total
    return impatience * mean_waiting / load, mean_waiting / load


def agents_for(load: float, within: float, share: float) -> int:
    """Return the fewest agents with whom ``share`` of arrivals are served ``within`` so many service times."""
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1: {share}")
    servers = math.floor(load) + 1
    while service_level(servers, load, within) < share:
        servers += 1
    return servers
