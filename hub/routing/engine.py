"""The routing core: inputs with their time go in, decisions come out; no clock, no I/O, nothing else inside.

Every input first refuses what does not fit (``RoutingRefused``, nothing changed), then changes what it says, then
settles: work that began to wait looks for a free agent, agents who became free look for waiting work, until nothing
moves. Hence after every input no agent is idle beside waiting work they may be asked about. What only time brings about
happens in ``tick``; ``next_due`` says when to call it.
"""

import math
from typing import Final, Literal, get_args

from core.events.routing import WorkMode
from hub.routing import decisions as out
from hub.routing.agents import Agent
from hub.routing.errors import RoutingRefused
from hub.routing.explanations import age
from hub.routing.matching import Queue
from hub.routing.model import AgentProfile, Presence, QueueRules, WorkItem
from hub.routing.priorities import head_start_s
from hub.routing.readable import ReadableCore
from hub.routing.snapshot import Snapshot, build
from hub.routing.timers import Key
from hub.routing.work import Work

PRESENCES: Final = frozenset(get_args(Presence))
MODES: Final = frozenset(get_args(WorkMode))


class RoutingCore(ReadableCore):
    """Queues, agents, work and offers of one hub: the inputs that change them.

    Time never runs backwards: an earlier ``now`` counts as the latest seen.
    """

    @classmethod
    def restore(cls, snapshot: Snapshot) -> "RoutingCore":
        """Return a core that goes on from ``snapshot``; what fell due since happens at the first ``tick``."""
        core = cls()
        core._floor = build(snapshot)
        core._now = snapshot.at
        return core

    # Queues and agents

    def set_queue(self, rules: QueueRules, now: float) -> list[out.Decision]:
        """Add a queue or change its rules; changed rules hold at once for the work waiting in it."""
        now = self._at(now)
        queue = self._floor.match.queues.get(rules.queue_id)
        if queue is not None:
            self._floor.change_rules(queue, rules, now)
        else:
            self._floor.match.queues[rules.queue_id] = Queue(rules)
            for agent in list(self._floor.match.agents.values()):
                if rules.queue_id in agent.profile.queues:
                    self._floor.match.link(agent)
                    self._floor.touch(agent, now)
        return self._settle(now)

    def remove_queue(self, queue_id: str, now: float) -> list[out.Decision]:
        """Remove a queue nothing waits, rings or is served in; ``queue_in_use`` otherwise."""
        now = self._at(now)
        queue = self._queue(queue_id)
        ringing = any(offer.queue_id == queue_id for offer in self._floor.offers.values())
        if queue.waiting or ringing or any(work.queue_id == queue_id for work in self._floor.works.values()):
            raise RoutingRefused("queue_in_use", queue_id=queue_id)
        for line in list(queue.lines.values()):
            self._floor.match.close(queue, line)
        del self._floor.match.queues[queue_id]
        return self._settle(now)

    def set_agent(self, profile: AgentProfile, now: float) -> list[out.Decision]:
        """Add an agent, offline, or change what one can do; work in hand and a live offer stay."""
        now = self._at(now)
        agent = self._floor.match.agents.get(profile.agent_id)
        if agent is None:
            agent = Agent(profile, now)
        agent.adopt(profile)
        self._floor.match.link(agent)
        self._floor.touch(agent, now)
        return self._settle(now)

    def remove_agent(self, agent_id: str, now: float) -> list[out.Decision]:
        """Remove an agent with nothing in hand; ``agent_has_work`` otherwise."""
        now = self._at(now)
        agent = self._agent(agent_id)
        if agent.works:
            raise RoutingRefused("agent_has_work", agent_id=agent_id)
        self._floor.retract(agent, "agent_removed", now)
        self._floor.drop_agent(agent)
        return self._settle(now)

    def set_state(self, agent_id: str, state: Presence, reason: str, now: float) -> list[out.Decision]:
        """Say whether an agent takes work; ``available`` also ends wrap-ups, anything else withdraws a live offer."""
        now = self._at(now)
        agent = self._agent(agent_id)
        if state not in PRESENCES:  # wrap_up comes about by itself
            raise RoutingRefused("invalid_value", field="state", value=state)
        if reason != agent.reason:
            agent.since = now
        if state == "available":
            self._floor.end_wrap_ups(agent, list(agent.wrap_ups), "agent", now)
            if agent.presence != "available":
                agent.idle_since = now
        else:
            self._floor.retract(agent, f"agent_{state}", now)
        agent.presence = state
        agent.reason = reason
        self._floor.touch(agent, now)
        return self._settle(now)

    def set_mode(self, agent_id: str, mode: WorkMode, now: float) -> list[out.Decision]:
        """Say what kind of work an agent takes; a live offer stays only in mode ``normal``."""
        now = self._at(now)
        agent = self._agent(agent_id)
        if mode not in MODES:
            raise RoutingRefused("invalid_value", field="mode", value=mode)
        agent.mode = mode
        if mode != "normal":
            self._floor.retract(agent, f"mode_{mode}", now)
        self._floor.touch(agent, now)
        return self._settle(now)

    def end_wrap_up(self, agent_id: str, now: float) -> list[out.Decision]:
        """End an agent's wrap-ups before their time."""
        now = self._at(now)
        agent = self._agent(agent_id)
        if not agent.wrap_ups:
            raise RoutingRefused("agent_not_in_wrap_up", agent_id=agent_id)
        self._floor.end_wrap_ups(agent, list(agent.wrap_ups), "agent", now)
        return self._settle(now)

    def reset_counters(self, now: float) -> list[out.Decision]:
        """Begin a new day: what the strategies count about agents starts from nothing."""
        now = self._at(now)
        for agent in self._floor.match.agents.values():
            agent.handled = agent.idle_periods = 0
            agent.idle_total_s = 0.0
            self._floor.touch(agent, now)
        return self._settle(now)

    # Work

    def enqueue(self, item: WorkItem, now: float) -> list[out.Decision]:
        """Take a piece of work in, unless its queue is full and nobody is free for it."""
        now = self._at(now)
        if item.work_id in self._floor.works:
            raise RoutingRefused("work_exists", work_id=item.work_id)
        queue = self._queue(item.queue_id)
        self._floor.serial += 1
        work = Work(item, self._floor.serial)
        self._floor.works[item.work_id] = work
        usual = self._floor.match.agents.get(item.usual_agent) if item.usual_agent else None
        is_on_duty = usual is not None and usual.presence not in {"offline", "unreachable"}
        work.plan(queue.rules, named_agent=item.named_agent, usual_agent=item.usual_agent if is_on_duty else None)
        if not self._floor.wait(work, now):
            return self._settle(now)
        waiting, limit = len(queue.waiting) - 1, queue.rules.max_waiting
        if limit is not None and waiting >= limit and self._floor.match.best_agent(work, now) is None:
            self._floor.forget(work)
            why = {"waiting": str(waiting), "max_waiting": str(limit)}
            self._floor.say(out.QueueFull(now, item.work_id, item.queue_id, queue.rules.on_full, why))
        else:
            self._say_queued(work, now, {"trigger": "enqueued"})
        return self._settle(now)

    def begin(
        self, agent_id: str, item: WorkItem, now: float, *, how: Literal["begun", "resumed"] = "begun"
    ) -> list[out.Decision]:
        """An agent takes up work that nobody waited for: a call they make, or what they had put aside.

        What was put aside leaves the agent a live offer that still fits beside it.
        """
        now = self._at(now)
        if item.work_id in self._floor.works:
            raise RoutingRefused("work_exists", work_id=item.work_id)
        agent, queue = self._agent(agent_id), self._queue(item.queue_id)
        if agent.presence in {"offline", "unreachable"}:
            raise RoutingRefused("agent_not_available", agent_id=agent_id, state=agent.presence)
        self._floor.serial += 1
        work = Work(item, self._floor.serial)
        self._check_room(agent, work)
        self._floor.works[item.work_id] = work
        work.plan(queue.rules)
        if how == "begun":
            self._floor.retract(agent, "begun_other", now)
        self._floor.hand_over(work, agent, item.queue_id, now, how=how, why={})
        offer = self._floor.offers.get(agent.offer_id or "")
        if offer is not None and not agent.has_room(self._floor.works[offer.work_id].item.channel_class):
            self._floor.retract(agent, "begun_other", now)
        return self._settle(now)

    def withdraw(self, work_id: str, reason: str, now: float) -> list[out.Decision]:
        """Take out work nobody has in hand (``work_in_hand`` otherwise): its contact gave up."""
        now = self._at(now)
        work = self._work(work_id)
        if work.state == "active":
            raise RoutingRefused("work_in_hand", work_id=work_id)
        self._floor.end_offer(work, "withdrawn", reason, now)
        self._floor.say(out.WorkWithdrawn(now, work_id, work.queue_id, {"reason": reason, **age(work, now)}))
        self._floor.forget(work)
        return self._settle(now)

    def accept(self, offer_id: str, now: float) -> list[out.Decision]:
        """The agent takes the work."""
        now = self._at(now)
        offer = self._offer(offer_id)
        work = self._floor.works[offer.work_id]
        self._floor.end_offer(work, "accepted", "", now)
        agent = self._floor.match.agents[offer.agent_id]
        self._floor.hand_over(work, agent, offer.queue_id, now, how="accepted", why={})
        return self._settle(now)

    def decline(self, offer_id: str, reason: str, now: float) -> list[out.Decision]:
        """The agent does not take the work, and is not asked again about it for the queue's ``decline_block_s``."""
        now = self._at(now)
        offer = self._offer(offer_id)
        self._floor.pass_on(offer, "declined", reason, now)
        return self._settle(now)

    def finish(self, work_id: str, now: float, *, wraps_up: bool = True) -> list[out.Decision]:
        """The agent is done with the work (``work_not_in_hand`` otherwise); wrap-up begins if the queue has any.

        Without ``wraps_up`` they are free at once.
        """
        now = self._at(now)
        work = self._work(work_id)
        agent = self._holder(work)
        self._floor.say(out.WorkFinished(now, work_id, agent.agent_id, work.queue_id, {}))
        self._floor.let_go(work, agent, now, wraps_up=wraps_up)
        self._floor.forget(work)
        return self._settle(now)

    def pick(self, agent_id: str, work_id: str, reason: str, now: float) -> list[out.Decision]:
        """An agent takes waiting work of one of their queues out of turn; skills are their own judgement."""
        now = self._at(now)
        agent, work = self._agent(agent_id), self._work(work_id)
        if work.state != "waiting":
            raise RoutingRefused("work_not_waiting", work_id=work_id, state=work.state)
        if not any(line.demand.queue_id in agent.profile.queues for line in work.lines):
            raise RoutingRefused("agent_not_in_queue", agent_id=agent_id, queue_id=work.queue_id)
        if agent.state != "available":
            raise RoutingRefused("agent_not_available", agent_id=agent_id, state=agent.state)
        self._check_room(agent, work)
        self._floor.retract(agent, "picked_other", now)
        self._floor.match.leave(work)
        self._floor.hand_over(work, agent, work.queue_id, now, how="picked", why={"reason": reason})
        return self._settle(now)

    def assign(self, work_id: str, agent_id: str, reason: str, now: float) -> list[out.Decision]:
        """A supervisor gives waiting or offered work to an agent who is logged in and has room for it."""
        now = self._at(now)
        agent, work = self._agent(agent_id), self._work(work_id)
        if work.state == "active":
            raise RoutingRefused("work_in_hand", work_id=work_id)
        if agent.presence in {"offline", "unreachable"}:
            raise RoutingRefused("agent_not_available", agent_id=agent_id, state=agent.presence)
        self._check_room(agent, work)
        self._floor.end_offer(work, "withdrawn", "assigned", now)
        self._floor.retract(agent, "assigned_other", now)
        self._floor.match.leave(work)
        self._floor.hand_over(work, agent, work.queue_id, now, how="forced", why={"reason": reason})
        return self._settle(now)

    def move(
        self,
        work_id: str,
        queue_id: str,
        now: float,
        *,
        agent_id: str | None = None,
        keeps_age: bool = True,
        wraps_up: bool = False,
        reason: str = "",
    ) -> list[out.Decision]:
        """Transfer work, in whatever state, to a queue or to an agent; a leader is only ever asked this way.

        With ``keeps_age`` it queues as if it had come there at first. ``wraps_up`` gives the agent who had it in hand
        the wrap-up of the queue it leaves.
        """
        now = self._at(now)
        work = self._work(work_id)
        self._queue(queue_id)
        if agent_id is not None:
            self._agent(agent_id)
        giver = work.agent_id or ""
        if work.state == "active":
            self._floor.let_go(work, self._holder(work), now, wraps_up=wraps_up)
        else:
            self._floor.end_offer(work, "withdrawn", "moved", now)
            self._floor.match.leave(work)
        work.queue_id = queue_id
        work.transferred = True
        if agent_id is not None:  # whoever declined it before is asked on purpose now
            self._floor.forgive(work, agent_id)
        if self._floor.start_over(work, now, agent_id=agent_id, keeps_age=keeps_age):
            self._say_queued(work, now, {"trigger": "moved", "reason": reason, "from_agent": giver})
        return self._settle(now)

    def return_work(self, agent_id: str, now: float, *, work_id: str | None = None) -> list[out.Decision]:
        """An agent is lost: what they had in hand or were asked about waits again, before all other work.

        With ``work_id`` only what that took is lost, as a call is with its phone; the agent serves everything else on.
        """
        now = self._at(now)
        agent = self._agent(agent_id)
        if work_id is None:
            self._floor.retract(agent, "agent_lost", now)
        for lost_id in [one for one in agent.works if work_id in (None, one)]:
            work = self._floor.works[lost_id]
            self._floor.let_go(work, agent, now, wraps_up=False)
            work.returned = True
            if agent.presence != "unreachable":  # who is not there is asked again as soon as they are back
                self._floor.block(work, agent_id, now)
            self._floor.say(out.WorkReturned(now, lost_id, agent_id, work.queue_id, age(work, now)))
            self._floor.start_over(work, now, agent_id=None, keeps_age=True)
        return self._settle(now)

    # Time

    def tick(self, now: float) -> list[out.Decision]:
        """Let happen what was due up to ``now``, in order; late calls stamp ends with the time they were due."""
        now = self._at(now)
        decided: list[out.Decision] = []
        while (due := self._floor.timers.next_due()) is not None and due <= now:
            while (key := self._floor.timers.pop(due)) is not None:  # what is due together is settled together
                self._fall_due(key, due, now)
            decided += self._settle(now)
        return decided + self._settle(now)

    def _fall_due(self, key: Key, due: float, now: float) -> None:
        kind, first, second = key
        if kind == "offer":
            self._floor.pass_on(self._floor.offers[first], "expired", "missed", due)
        elif kind == "wrap_up":
            self._floor.end_wrap_ups(self._floor.match.agents[first], [second], "time_up", due)
        elif kind == "unblock":
            self._floor.unblock(self._floor.works[first], second)
        elif self._floor.works[first].state == "waiting":
            self._floor.match.leave(self._floor.works[first])
            self._floor.wait(self._floor.works[first], now)

    # What the inputs share

    def _say_queued(self, work: Work, now: float, why: out.Explanation) -> None:
        queue = self._floor.match.queues[work.queue_id]
        ahead = queue.waiting.ahead_of(work)
        why["age_s"] = f"{now - work.age_from:.1f}"
        why["head_start_s"] = f"{head_start_s(work.item, queue.rules):g}"
        if work.agent_hold is not None:
            agent = self._floor.match.agents.get(work.agent_hold)
            why |= {"held_for": work.agent_hold, "held_state": agent.state if agent is not None else "unknown"}
        self._floor.say(out.WorkQueued(now, work.work_id, work.queue_id, ahead, why))

    def _at(self, now: float) -> float:
        if not math.isfinite(now):
            raise RoutingRefused("invalid_value", field="now", value=repr(now))
        return max(now, self._now)

    def _settle(self, now: float) -> list[out.Decision]:
        self._now = now
        return self._floor.settle(now)

    def _holder(self, work: Work) -> Agent:
        if work.state != "active" or work.agent_id is None:
            raise RoutingRefused("work_not_in_hand", work_id=work.work_id, state=work.state)
        return self._floor.match.agents[work.agent_id]

    @staticmethod
    def _check_room(agent: Agent, work: Work) -> None:
        if not agent.has_room(work.item.channel_class):
            raise RoutingRefused("agent_full", agent_id=agent.agent_id, work_id=work.work_id)
