"""Brings waiting work and free agents together, always the best pair, without looking at all of either."""

import itertools
from typing import Final

from hub.routing.agents import Agent
from hub.routing.lines import Demand, Line, Pick, WaitList, fits
from hub.routing.model import QueueRules
from hub.routing.waits import Departures
from hub.routing.work import Work

MAX_EMPTY_LINES: Final = 16  # per queue; agents enter themselves into every line they serve, so old ones cost


class Queue:
    """One queue's changing side."""

    def __init__(self, rules: QueueRules) -> None:
        self.rules = rules
        self.waiting = WaitList()
        self.members: dict[str, Agent] = {}
        self.lines: dict[Demand, Line] = {}
        self.serving = 0
        self.departures = Departures()


class Matcher:
    """The queues with their lines, and who is free to serve them."""

    def __init__(self) -> None:
        self.queues: dict[str, Queue] = {}
        self.agents: dict[str, Agent] = {}
        self._named: dict[str, dict[Demand, Line]] = {}
        self._versions = itertools.count()  # of all agents: one added again must not look like the one removed

    def enter(self, work: Work) -> None:
        """Let ``work`` wait in its queue and in those it overflowed to."""
        lines = []
        work.entry = (*work.rank, work)
        for queue_id in (work.queue_id, *work.also):
            queue = self.queues.get(queue_id)
            if queue is None:  # removed since it overflowed there
                continue
            demand = work.demand(queue_id)
            line = queue.lines.get(demand) or self._open(queue, demand)
            line.waiting.add(work)
            queue.waiting.add(work)
            lines.append(line)
        work.lines = tuple(lines)

    def leave(self, work: Work) -> None:
        """Let ``work`` wait no longer."""
        for line in work.lines:
            queue = self.queues[line.demand.queue_id]
            line.waiting.remove(work)
            queue.waiting.remove(work)
            if line.demand.agent_id is not None and not line.waiting:
                self.close(queue, line)
        work.lines = ()

    def link(self, agent: Agent) -> None:
        """Find out anew which lines ``agent`` serves."""
        self.unlink(agent)
        agent_id = agent.agent_id
        self.agents[agent_id] = agent
        lines = list(self._named.get(agent_id, {}).values())
        for queue_id in agent.profile.queues:
            queue = self.queues.get(queue_id)
            if queue is not None:
                queue.members[agent_id] = agent
                lines.extend(queue.lines.values())
        for line in lines:
            if fits(agent, line.demand):
                self._join(agent, line)

    def unlink(self, agent: Agent) -> None:
        """Take ``agent`` out of everything."""
        self.withhold(agent)
        self.agents.pop(agent.agent_id, None)
        for queue in self.queues.values():
            queue.members.pop(agent.agent_id, None)
        for lines in agent.lines.values():
            for line in lines.values():
                line.members.pop(agent.agent_id, None)
        agent.lines.clear()

    def show(self, agent: Agent) -> None:
        """Let ``agent`` be found by work that comes in."""
        agent.is_shown = True
        for line in agent.open_lines():
            line.add_free(agent)

    def withhold(self, agent: Agent) -> None:
        """Let ``agent`` no longer be found."""
        agent.is_shown = False
        agent.version = next(self._versions)

    def best_agent(self, work: Work, now: float) -> Pick | None:
        """Return who of the agents shown gets ``work``: the one wanted, else by strategy, its own queue first."""
        wanted = self.agents.get(work.named_agent or work.item.usual_agent or "")
        if wanted is not None and wanted.is_shown and not work.is_declined_by(wanted.agent_id, now):
            for line in work.lines:
                if wanted.agent_id in line.members and wanted.may_be_asked(line.demand):
                    return Pick(wanted, line, is_preferred=True)
        for line in work.lines:
            pick = line.best_free(work, now)
            if pick is not None:
                return pick
        return None

    def best_work(self, agent: Agent, now: float) -> tuple[Work, Line] | None:
        """Return what waits that ``agent`` may be asked to take, first in order over all lines it serves."""
        best: tuple[Work, Line] | None = None
        for line in agent.open_lines():
            if line.waiting:
                work = line.waiting.first_for(agent.agent_id, now)
                if work is not None and (best is None or work.entry < best[0].entry):
                    best = work, line
        return best

    def replace(self, queue: Queue, rules: QueueRules) -> None:
        """Give ``queue``, which nothing waits in, other rules."""
        for line in list(queue.lines.values()):
            self.close(queue, line)
        queue.rules = rules

    def close(self, queue: Queue, line: Line) -> None:
        """Drop a line nothing waits in."""
        demand = line.demand
        del queue.lines[demand]
        for agent in line.members.values():
            del agent.lines[demand.channel_class][demand]
        if demand.agent_id is not None:
            named = self._named[demand.agent_id]
            del named[demand]
            if not named:
                del self._named[demand.agent_id]

    def _open(self, queue: Queue, demand: Demand) -> Line:
        if len(queue.lines) >= MAX_EMPTY_LINES:
            empty = [line for line in queue.lines.values() if not line.waiting]
            for line in empty[: max(len(empty) - MAX_EMPTY_LINES // 2, 0)]:
                self.close(queue, line)
        line = queue.lines[demand] = Line(demand, queue.rules)
        candidates = queue.members
        if demand.agent_id is not None:
            self._named.setdefault(demand.agent_id, {})[demand] = line
            candidates = {demand.agent_id: self.agents[demand.agent_id]} if demand.agent_id in self.agents else {}
        for agent in candidates.values():
            if fits(agent, demand):
                self._join(agent, line)
        return line

    def _join(self, agent: Agent, line: Line) -> None:
        line.members[agent.agent_id] = agent
        agent.lines.setdefault(line.demand.channel_class, {})[line.demand] = line
        if agent.is_shown and agent.may_be_asked(line.demand):
            line.add_free(agent)
