"""The floor: all queues, agents, work and offers, and the moves that every input of the core is made of."""

from operator import attrgetter
from typing import Final

from hub.routing import decisions as out
from hub.routing.agents import Agent
from hub.routing.explanations import Trigger, age, why_served
from hub.routing.lines import Pick
from hub.routing.matching import Matcher, Queue
from hub.routing.model import Overflow, QueueRules, Target
from hub.routing.offers import Offer
from hub.routing.timers import Timers
from hub.routing.work import Effect, HoldEnds, SkillDrop, Work

_BY_ENTRY: Final = attrgetter("entry")
_BY_IDLE: Final = attrgetter("idle_since", "agent_id")


class Floor:
    """The state, and what may happen in it. Decisions gather until ``settle`` hands them out."""

    def __init__(self) -> None:
        self.match = Matcher()
        self.works: dict[str, Work] = {}
        self.offers: dict[str, Offer] = {}
        self.timers = Timers()
        self.serial = 0
        self.turn = 0
        self._loose: dict[str, Work] = {}
        self._stirred: dict[str, Agent] = {}
        self._touched: dict[str, Agent] = {}
        self._out: list[out.Decision] = []

    def say(self, decision: out.Decision) -> None:
        """Add a decision to those the next ``settle`` hands out."""
        self._out.append(decision)

    # Work

    def wait(self, work: Work, now: float) -> bool:
        """Let ``work`` wait; False when one of its queue's targets took it out at once."""
        work.state = "waiting"
        work.agent_id = None
        self.cancel_step(work)
        while (due := work.next_due()) is not None and due <= now:
            step = work.steps[work.next_step]
            work.next_step += 1
            is_new = step.key not in work.done
            work.done |= {step.key}
            if not self._apply(work, step.effect, now, is_new=is_new):
                return False
        if due is not None:
            self.time_step(work, due)
        self.match.enter(work)
        self.let_loose(work)
        return True

    def time_step(self, work: Work, due: float) -> None:
        """Have the next timed step of ``work`` come at ``due``."""
        work.is_timed = True
        self.timers.set(("step", work.work_id, ""), due)

    def cancel_step(self, work: Work) -> None:
        """Let time do nothing to ``work`` until it waits again."""
        if work.is_timed:
            work.is_timed = False
            self.timers.cancel(("step", work.work_id, ""))

    def let_loose(self, work: Work) -> None:
        """Have ``settle`` look for an agent for ``work``."""
        self._loose[work.work_id] = work

    def start_over(self, work: Work, now: float, *, agent_id: str | None, keeps_age: bool) -> bool:
        """Let ``work`` wait in its queue as if new there, with its old age if it keeps it; False as ``wait`` does."""
        if not keeps_age:
            work.age_from = now
        work.queued_at = now
        work.done = frozenset()
        work.plan(self.match.queues[work.queue_id].rules, named_agent=agent_id)
        return self.wait(work, now)

    def change_rules(self, queue: Queue, rules: QueueRules, now: float) -> None:
        """Let ``rules`` hold for what waits or rings in ``queue``; what the old ones did is not told again."""
        waiting = list(queue.waiting)
        for work in waiting:
            self.match.leave(work)
        self.match.replace(queue, rules)
        for work in self.works.values():
            if work.queue_id == rules.queue_id and work.state != "active":
                self.replan(work)
        for work in waiting:
            self.wait(work, now)

    def replan(self, work: Work) -> None:
        """Plan ``work`` under its queue's rules; steps behind it take effect again, untold."""
        rules = self.match.queues[work.queue_id].rules
        work.plan(rules, named_agent=work.named_agent, usual_agent=work.usual_agent)
        while work.next_step < len(work.steps) and work.steps[work.next_step].key in work.done:
            step = work.steps[work.next_step]
            work.next_step += 1
            self._apply(work, step.effect, work.queued_at, is_new=False)

    def forget(self, work: Work) -> None:
        """Let ``work`` be gone."""
        self.match.leave(work)
        queue = self.match.queues[work.queue_id]
        if not queue.waiting:
            queue.departures.emptied()
        self.cancel_step(work)
        for agent_id in work.declined_until or ():
            self.timers.cancel(("unblock", work.work_id, agent_id))
        self._loose.pop(work.work_id, None)
        del self.works[work.work_id]

    def hand_over(
        self, work: Work, agent: Agent, queue_id: str, now: float, *, how: out.AssignedHow, why: out.Explanation
    ) -> None:
        """Put ``work``, which no longer waits, into the agent's hands."""
        self.cancel_step(work)
        self._loose.pop(work.work_id, None)
        work.state = "active"
        work.agent_id = agent.agent_id
        work.returned = False
        queue = self.match.queues[work.queue_id]
        queue.serving += 1
        if how not in ("begun", "resumed"):  # nobody waited for it
            queue.departures.left(now, still_waiting=bool(queue.waiting))
        agent.take(work.work_id, work.item.channel_class, now)
        waited_s = now - work.queued_at
        self.say(out.WorkAssigned(now, work.work_id, agent.agent_id, queue_id, how, waited_s, why))
        self.touch(agent, now)

    def let_go(self, work: Work, agent: Agent, now: float, *, wraps_up: bool) -> None:
        """Take ``work`` out of the agent's hands."""
        channel_class = agent.drop(work.work_id, now)
        work.agent_id = None
        queue = self.match.queues[work.queue_id]
        queue.serving -= 1
        wrap_up_s = queue.rules.wrap_up_s
        if wraps_up and wrap_up_s > 0 and agent.presence not in {"offline", "unreachable"}:
            if work.work_id in agent.wrap_ups:  # moved away and back while still wrapping up
                self.end_wrap_ups(agent, [work.work_id], "replaced", now)
            until = now + wrap_up_s
            agent.start_wrap_up(work.work_id, channel_class, until)
            self.timers.set(("wrap_up", agent.agent_id, work.work_id), until)
            self.say(out.WrapUpStarted(now, agent.agent_id, work.work_id, until, {"queue_id": work.queue_id}))
        self.touch(agent, now)

    # Offers

    def retract(self, agent: Agent, reason: str, now: float) -> None:
        """End the agent's live offer, if there is one; its work waits again where it was."""
        if agent.offer_id is not None:
            work = self.works[self.offers[agent.offer_id].work_id]
            self.end_offer(work, "withdrawn", reason, now)
            self.wait(work, now)

    def end_offer(self, work: Work, outcome: out.OfferOutcome, reason: str, now: float) -> None:
        """End the live offer of ``work``, if there is one; the work is then nowhere until it is put somewhere."""
        if work.offer_id is None:
            return
        offer = self.offers.pop(work.offer_id)
        self.timers.cancel(("offer", offer.offer_id, ""))
        agent = self.match.agents[offer.agent_id]
        work.offer_id = agent.offer_id = None
        why = {"rang_s": f"{now - offer.made_at:.1f}"}
        self.say(
            out.OfferEnded(now, offer.offer_id, work.work_id, offer.agent_id, offer.queue_id, outcome, reason, why)
        )
        self.touch(agent, now)

    def pass_on(self, offer: Offer, outcome: out.OfferOutcome, reason: str, at: float) -> None:
        """End an offer its agent did not take; the work looks for another."""
        work = self.works[offer.work_id]
        self.end_offer(work, outcome, reason, at)
        self.block(work, offer.agent_id, at)
        if outcome == "expired" and self.match.queues[offer.queue_id].rules.on_missed == "away":
            agent = self.match.agents[offer.agent_id]
            agent.presence, agent.reason = "away", "missed"
            self.touch(agent, at)
        self.wait(work, at)

    def block(self, work: Work, agent_id: str, at: float) -> None:
        """Do not ask ``agent_id`` about ``work`` for a while."""
        block_s = self.match.queues[work.queue_id].rules.decline_block_s
        if block_s > 0:
            work.declined_until = {**(work.declined_until or {}), agent_id: at + block_s}
            self.timers.set(("unblock", work.work_id, agent_id), at + block_s)

    def forgive(self, work: Work, agent_id: str) -> None:
        """Forget that ``agent_id`` declined ``work``."""
        self.timers.cancel(("unblock", work.work_id, agent_id))
        if work.declined_until is not None:
            work.declined_until = {one: until for one, until in work.declined_until.items() if one != agent_id} or None

    def unblock(self, work: Work, agent_id: str) -> None:
        """Let ``agent_id`` be asked about ``work`` again."""
        self.forgive(work, agent_id)
        if work.state == "waiting":
            self.let_loose(work)

    # Agents

    def touch(self, agent: Agent, now: float) -> None:
        """Note that ``agent`` changed: nothing finds them until ``settle`` has looked what they may do."""
        self.match.withhold(agent)
        state = agent.derived_state()
        if state != agent.state:
            agent.state = state
            agent.since = now
        self._stirred[agent.agent_id] = agent
        self._touched[agent.agent_id] = agent

    def end_wrap_ups(self, agent: Agent, work_ids: list[str], reason: str, at: float) -> None:
        """End these wrap-ups."""
        for work_id in work_ids:
            agent.end_wrap_up(work_id, at)
            self.timers.cancel(("wrap_up", agent.agent_id, work_id))
            self.say(out.WrapUpEnded(at, agent.agent_id, work_id, {"reason": reason}))
        self.touch(agent, at)

    def drop_agent(self, agent: Agent) -> None:
        """Let ``agent``, who has nothing in hand, be gone."""
        for work_id in agent.wrap_ups:
            self.timers.cancel(("wrap_up", agent.agent_id, work_id))
        self.match.unlink(agent)
        self._stirred.pop(agent.agent_id, None)
        self._touched.pop(agent.agent_id, None)

    def restored(self, agent: Agent) -> None:
        """Let ``agent`` take part again; the next ``settle`` reports them, as everything else they keep is known."""
        agent.state = agent.derived_state()
        self.match.show(agent)
        self._stirred[agent.agent_id] = agent
        self._touched[agent.agent_id] = agent

    # Settling

    def settle(self, now: float) -> list[out.Decision]:
        """Bring work and agents together until nothing moves, and hand out what was decided.

        Loose work goes first, to agents nothing else waits for; then each agent who changed takes the first in order.
        """
        while self._loose or self._stirred:
            if self._loose:
                works = sorted(self._loose.values(), key=_BY_ENTRY)
                self._loose.clear()
                for work in works:
                    pick = self.match.best_agent(work, now)
                    if pick is not None:
                        self._propose(work, pick, now, "work_came")
                    else:
                        self.match.queues[work.queue_id].departures.entered(now)
            else:
                agents = sorted(self._stirred.values(), key=_BY_IDLE)
                self._stirred.clear()
                for agent in agents:
                    found = self.match.best_work(agent, now)
                    if found is not None:
                        self._propose(found[0], Pick(agent, found[1]), now, "agent_free")
                    elif not agent.is_shown:
                        self.match.show(agent)
        for agent in self._touched.values():
            self._report(agent, now)
        self._touched.clear()
        decided, self._out = self._out, []
        return decided

    def _propose(self, work: Work, pick: Pick, now: float, trigger: Trigger) -> None:
        agent, line = pick.agent, pick.line
        queue = self.match.queues[line.demand.queue_id]
        why = why_served(work, pick, queue, now, trigger)
        self.turn += 1
        agent.turns[line.demand.queue_id] = self.turn
        self.match.leave(work)
        self.cancel_step(work)
        if queue.rules.auto_accept:
            self.hand_over(work, agent, queue.rules.queue_id, now, how="auto", why=why)
            return
        work.offers_made += 1
        offer_id = f"{work.work_id}-{work.offers_made}"
        expires_at = now + queue.rules.offer_s
        self.offers[offer_id] = Offer(offer_id, work.work_id, agent.agent_id, queue.rules.queue_id, now, expires_at)
        self.timers.set(("offer", offer_id, ""), expires_at)
        work.state = "offered"
        work.offer_id = agent.offer_id = offer_id
        self.match.withhold(agent)
        self.say(out.OfferMade(now, offer_id, work.work_id, agent.agent_id, queue.rules.queue_id, expires_at, why))

    def _report(self, agent: Agent, now: float) -> None:
        view = agent.view()
        if view != agent.reported:
            agent.reported = view
            state, reason, mode, load = view
            self.say(out.AgentChanged(now, agent.agent_id, state, reason, mode, agent.since, load, {}))

    def _apply(self, work: Work, effect: Effect, now: float, *, is_new: bool) -> bool:
        """Let a timed step take effect, telling of it when ``is_new``; False when it took the work out."""
        why = age(work, now)
        if isinstance(effect, SkillDrop):
            if effect.level >= work.needs[effect.skill]:
                return True
            work.needs[effect.skill] = effect.level
            why |= {"what": "skill", "skill": effect.skill, "level": str(effect.level)}
        elif isinstance(effect, HoldEnds):
            why["what"] = effect.what
            if effect.what == "language":
                work.language = ""
            else:
                why["agent_id"] = work.agent_hold or ""
                work.agent_hold = None
        elif isinstance(effect, Target):
            if is_new:
                self.say(out.TargetReached(now, work.work_id, work.queue_id, effect.action, effect.is_final, why))
                if effect.is_final:
                    self.forget(work)
            return not (is_new and effect.is_final)
        else:
            return self._overflow(work, effect, now, is_new=is_new)
        if is_new:
            self.say(out.WorkRelaxed(now, work.work_id, work.queue_id, why))
        return True

    def _overflow(self, work: Work, overflow: Overflow, now: float, *, is_new: bool) -> bool:
        target = self.match.queues.get(overflow.queue_id)
        if target is None:
            return True
        from_queue_id, why = work.queue_id, age(work, now)
        if overflow.moves:
            limit = target.rules.max_waiting
            if not is_new or (limit is not None and len(target.waiting) >= limit):
                return True  # it stayed when this step came, or it stays now
            work.queue_id = overflow.queue_id
            work.queued_at = now
            work.done = frozenset()
            work.plan(target.rules)
        elif overflow.queue_id not in work.also:
            work.also = (*work.also, overflow.queue_id)
        if is_new:
            self.say(out.WorkOverflowed(now, work.work_id, from_queue_id, overflow.queue_id, overflow.moves, why))
        return True
