"""Lines: waiting work that asks for exactly the same, and the agents who could serve it.

Grouping by demand is what keeps decisions cheap. All work of a line is interchangeable but for its order, so the next
is the line's first; all agents of a line can serve all of it, so the best is the top of a heap. An agent who becomes
free looks at the heads of the lines it serves; work that comes in looks at the top of its line's heap. Neither depends
on how many agents or pieces of work there are, except through the logarithm of keeping order; what counts is how many
kinds of demand an agent can serve.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sortedcontainers import SortedList  # type: ignore[import-untyped]

from hub.routing.strategies import Candidate, Key, ranker

if TYPE_CHECKING:
    from hub.routing.agents import Agent
    from hub.routing.model import QueueRules
    from hub.routing.work import Work

SLACK: Final = 64  # dead entries tolerated in a small heap before it is swept


class Demand(NamedTuple):
    """What a line asks for; ``needs`` are skills with the least level, 0 where the level only ranks."""

    queue_id: str
    channel_class: str
    needs: tuple[tuple[str, int], ...] = ()
    language: str = ""
    agent_id: str | None = None
    is_transfer: bool = False


def fits(agent: Agent, demand: Demand) -> bool:
    """Say whether ``agent`` could ever serve ``demand``; a named agent needs neither queue nor skills."""
    profile = agent.profile
    if profile.capacity.get(demand.channel_class, 0) < 1:
        return False
    if demand.agent_id is not None:
        return demand.agent_id == profile.agent_id
    return (
        demand.queue_id in profile.queues
        and (not demand.language or demand.language in profile.languages)
        and all(profile.skills.get(skill, 0) >= level for skill, level in demand.needs)
    )


class WaitList:
    """Work in the order it is to be served."""

    def __init__(self) -> None:
        self._entries = SortedList()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Work]:
        return (entry[-1] for entry in self._entries)

    def add(self, work: Work) -> None:
        """Put ``work`` into its place."""
        self._entries.add(work.entry)

    def remove(self, work: Work) -> None:
        """Take ``work`` out; its entry must be the one it was added with."""
        self._entries.remove(work.entry)

    def ahead_of(self, work: Work) -> int:
        """Return how many come before ``work``."""
        return int(self._entries.bisect_left(work.entry))

    def first_for(self, agent_id: str, now: float) -> Work | None:
        """Return the first work that ``agent_id`` did not just decline."""
        for entry in self._entries:
            work: Work = entry[-1]
            if not work.is_declined_by(agent_id, now):
                return work
        return None


@dataclass(frozen=True, slots=True)
class Pick:
    """The agent found for a piece of work, and who was passed over because of declining it."""

    agent: Agent
    line: Line
    passed_over: tuple[str, ...] = ()
    is_preferred: bool = False


class Line:
    """Waiting work of one demand, and a heap of the agents free for it.

    An entry of the heap dies when its agent's ``version`` moves on; dead ones are dropped when they surface.
    """

    def __init__(self, demand: Demand, rules: QueueRules) -> None:
        self.demand = demand
        self.strategy = str(rules.strategy)
        self.waiting = WaitList()
        self.members: dict[str, Agent] = {}
        self.key: Callable[[Candidate], Key] = ranker(
            rules.strategy, demand.queue_id, tuple(skill for skill, _ in demand.needs)
        )
        self._free: list[tuple[Key, str, int, Agent]] = []

    def add_free(self, agent: Agent) -> None:
        """Let ``agent`` be found until its version changes."""
        free = self._free
        heapq.heappush(free, (self.key(agent), agent.profile.agent_id, agent.version, agent))
        if len(free) > 2 * len(self.members) + SLACK:
            self._free = [entry for entry in free if entry[3].version == entry[2]]
            heapq.heapify(self._free)

    def best_free(self, work: Work, now: float) -> Pick | None:
        """Return the free agent the strategy puts first, leaving out those who just declined ``work``."""
        free = self._free
        passed_over: list[tuple[Key, str, int, Agent]] = []
        found: Agent | None = None
        while free:
            _, agent_id, version, agent = free[0]
            if agent.version != version:
                heapq.heappop(free)
            elif work.is_declined_by(agent_id, now):
                passed_over.append(heapq.heappop(free))
            else:
                found = agent
                break
        for entry in passed_over:
            heapq.heappush(free, entry)
        if found is None:
            return None
        return Pick(found, self, tuple(entry[1] for entry in passed_over))
