"""What holds after every input, whatever the inputs: a machine that makes up days on the floor."""

import dataclasses

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.routing import (
    HIGHEST_SKILL,
    LINEAR,
    LONGEST_IDLE,
    ROUND_ROBIN,
    AgentChanged,
    AgentProfile,
    OfferMade,
    Overflow,
    QueueRules,
    Relaxation,
    RoutingCore,
    RoutingRefused,
    SkillNeed,
    Snapshot,
    Target,
    WorkAssigned,
    WorkItem,
    WrapUpEnded,
    WrapUpStarted,
    in_turn,
    weighted,
)

QUEUES = ("a", "b", "c")
AGENTS = ("ann", "bob", "cem", "dan")
CLASSES = ("call", "chat", "mail")
STRATEGIES = (
    LONGEST_IDLE, HIGHEST_SKILL, LINEAR, ROUND_ROBIN, in_turn(weighted(highest_skill=60, longest_idle=1), "linear"),
)  # fmt: skip

queue_ids = st.sampled_from(QUEUES)
agent_ids = st.sampled_from(AGENTS)
levels = st.integers(1, 5)
lengths = st.sampled_from([0.5, 1.0, 5.0, 20.0, 60.0])
needs = st.lists(
    st.builds(
        SkillNeed,
        st.sampled_from(["vat", "law"]),
        st.integers(0, 4),
        st.lists(st.builds(Relaxation, lengths, st.integers(0, 3)), max_size=2).map(tuple),
    ),
    max_size=2,
).map(tuple)
rules = st.builds(
    QueueRules,
    queue_ids,
    strategy=st.sampled_from(STRATEGIES),
    priority=st.integers(0, 2),
    needs=needs,
    offer_s=st.sampled_from([5.0, 20.0]),
    auto_accept=st.booleans(),
    on_missed=st.sampled_from(["away", "stay"]),
    decline_block_s=st.sampled_from([0.0, 7.0, 30.0]),
    wrap_up_s=st.sampled_from([0.0, 3.0, 10.0]),
    named_hold_s=st.sampled_from([None, 0.0, 15.0]),
    usual_hold_s=st.sampled_from([None, 0.0, 15.0]),
    language_hold_s=st.sampled_from([None, 9.0]),
    targets=st.lists(st.builds(Target, lengths, st.sampled_from(["call_back", "end"]), st.booleans()), max_size=2).map(
        tuple
    ),
    max_waiting=st.sampled_from([None, None, 3]),
)
profiles = st.builds(
    AgentProfile,
    agent_ids,
    st.dictionaries(queue_ids, st.integers(0, 3), min_size=1),
    skills=st.dictionaries(st.sampled_from(["vat", "law"]), levels),
    languages=st.frozensets(st.sampled_from(["zh", "ug"])),
    capacity=st.fixed_dictionaries({"call": st.integers(0, 1), "chat": st.integers(0, 3), "mail": st.integers(1, 2)}),
)


class Floor(RuleBasedStateMachine):
    """Drives a core, and from a restart on its restored twin, which must decide the same."""

    def __init__(self) -> None:
        super().__init__()
        self.core = RoutingCore()
        self.twin: RoutingCore | None = None
        self.now = 100.0
        self.count = 0
        self.untouched: dict[str, object] = {}
        self.wrap_ups: dict[tuple[str, str], float] = {}
        for queue_id in QUEUES:
            self.do("set_queue", QueueRules(queue_id))

    def do(self, name: str, *args: object, **options: object) -> None:
        before = {work.work_id: work for work in self.core._floor.works.values() if work.state == "waiting"}
        state = self.core.snapshot()
        try:
            decided = getattr(self.core, name)(*args, self.now, **options)
        except RoutingRefused:
            assert self.core.snapshot() == state
            return
        if self.twin is not None:
            assert getattr(self.twin, name)(*args, self.now, **options) == decided
        self.check_nobody_overtaken(before, decided)
        self.check_wrap_ups(decided)

    def check_nobody_overtaken(self, before, decided):
        named_by = {getattr(one, "work_id", None) for one in decided}
        works = self.core._floor.works
        for made in decided:
            is_served = isinstance(made, OfferMade) or (isinstance(made, WorkAssigned) and made.how == "auto")
            if not is_served or made.work_id not in works or made.explanation["served"] == "returned":
                continue
            served = works[made.work_id]
            for work in before.values():
                if (
                    work.work_id not in named_by
                    and works.get(work.work_id) is work
                    and work.state == "waiting"
                    and same_class(work, served)
                    and work.rank < served.rank
                ):
                    assert work.is_declined_by(made.agent_id, self.now), (work.work_id, made)

    def check_wrap_ups(self, decided):
        for one in decided:
            if isinstance(one, WrapUpStarted):
                self.wrap_ups[one.agent_id, one.work_id] = one.until
            elif isinstance(one, WrapUpEnded):
                until = self.wrap_ups.pop((one.agent_id, one.work_id))
                assert one.at == until if one.explanation["reason"] == "time_up" else one.at <= until

    @rule(rules=rules, other=queue_ids, after_s=lengths, moves=st.booleans(), overflows=st.booleans())
    def set_queue(self, rules, other, after_s, moves, overflows):
        if overflows and other != rules.queue_id:
            rules = dataclasses.replace(rules, overflows=(Overflow(after_s, other, moves),))
        self.do("set_queue", rules)

    @rule(profile=profiles)
    def set_agent(self, profile):
        self.do("set_agent", profile)

    @rule(profile=profiles)
    def log_in(self, profile):
        self.do("set_agent", profile)
        self.do("set_state", profile.agent_id, "available", "")

    @rule(agent_id=agent_ids)
    def remove_agent(self, agent_id):
        self.do("remove_agent", agent_id)
        for key in [key for key in self.wrap_ups if key[0] == agent_id]:
            if agent_id not in self.core._floor.match.agents:
                del self.wrap_ups[key]

    @rule(agent_id=agent_ids, state=st.sampled_from(["available", "available", "away", "offline", "busy"]))
    def set_state(self, agent_id, state):
        self.do("set_state", agent_id, state, "")

    @rule(agent_id=agent_ids, mode=st.sampled_from(["normal", "normal", "outbound_only", "off_shift", "leader"]))
    def set_mode(self, agent_id, mode):
        self.do("set_mode", agent_id, mode)

    @rule(
        queue_id=queue_ids,
        channel_class=st.sampled_from(CLASSES),
        priority=st.integers(0, 2),
        needs=needs,
        language=st.sampled_from(["", "", "", "zh", "ug"]),
        named=st.one_of(st.none(), st.none(), agent_ids),
        usual=st.one_of(st.none(), st.none(), agent_ids),
        age_s=st.sampled_from([0.0, 0.0, 10.0]),
    )
    def enqueue(self, *, queue_id, channel_class, priority, needs, language, named, usual, age_s):
        self.count += 1
        item = WorkItem(
            f"w{self.count}", queue_id, channel_class, self.now - age_s, priority, 0, needs, language, named, usual
        )
        self.do("enqueue", item)

    @rule(queue_id=queue_ids, channel_class=st.sampled_from(CLASSES), count=st.integers(2, 5))
    def enqueue_plain(self, queue_id, channel_class, count):
        for _ in range(count):
            self.count += 1
            self.do("enqueue", WorkItem(f"w{self.count}", queue_id, channel_class, self.now))

    @precondition(lambda self: self.core._floor.offers)
    @rule(data=st.data(), answer=st.sampled_from(["accept", "accept", "decline"]))
    def answer(self, data, answer):
        offer_id = data.draw(st.sampled_from(list(self.core._floor.offers)))
        self.do(answer, offer_id, *(["no"] if answer == "decline" else []))

    @precondition(lambda self: self.core._floor.works)
    @rule(data=st.data(), verb=st.sampled_from(["finish", "finish", "finish", "withdraw"]))
    def leave(self, data, verb):
        works = self.core._floor.works.values()
        active = [work.work_id for work in works if (work.state == "active") == (verb == "finish")]
        if active:
            self.do(verb, data.draw(st.sampled_from(active)), *(["gone"] if verb == "withdraw" else []))

    @precondition(lambda self: self.core._floor.works)
    @rule(data=st.data(), agent_id=agent_ids, verb=st.sampled_from(["pick", "assign"]))
    def take(self, data, agent_id, verb):
        work_id = data.draw(st.sampled_from(list(self.core._floor.works)))
        self.do(verb, *((agent_id, work_id) if verb == "pick" else (work_id, agent_id)), "")

    @precondition(lambda self: self.core._floor.works)
    @rule(
        data=st.data(), queue_id=queue_ids, to=st.one_of(st.none(), agent_ids), keeps=st.booleans(), wraps=st.booleans()
    )
    def move(self, data, queue_id, to, keeps, wraps):
        work_id = data.draw(st.sampled_from(list(self.core._floor.works)))
        self.do("move", work_id, queue_id, agent_id=to, keeps_age=keeps, wraps_up=wraps)

    @rule(agent_id=agent_ids)
    def lose(self, agent_id):
        self.do("return_work", agent_id)

    @rule(agent_id=agent_ids)
    def end_wrap_up(self, agent_id):
        self.do("end_wrap_up", agent_id)

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 20.0, 61.0]))
    def pass_time(self, seconds):
        until = self.now + seconds
        while (due := self.core.next_due()) is not None and due <= until:
            assert due >= self.now
            self.now = due
            self.do("tick")
        self.now = until

    @rule()
    def restart(self):
        state = self.core.snapshot()
        kept = msgspec.json.decode(msgspec.json.encode(state), type=Snapshot)
        self.twin = RoutingCore.restore(kept)
        assert self.twin.snapshot() == state
        said = self.twin.tick(self.now)
        assert {one.agent_id for one in said} == {kept.profile.agent_id for kept in state.agents}
        assert all(isinstance(one, AgentChanged) for one in said)
        assert not self.core.tick(self.now)
        assert self.twin.next_due() == self.core.next_due()

    @invariant()
    def no_idle_agent_beside_work_they_may_be_asked_about(self):
        floor = self.core._floor
        for work in floor.works.values():
            if work.state == "waiting":
                for agent in floor.match.agents.values():
                    assert not may_be_asked(agent, work, self.now), (work.work_id, agent.agent_id)

    @invariant()
    def one_piece_of_work_is_in_one_place(self):
        floor = self.core._floor
        for work in floor.works.values():
            offers = [offer for offer in floor.offers.values() if offer.work_id == work.work_id]
            holders = [agent for agent in floor.match.agents.values() if work.work_id in agent.works]
            lines = len(work.lines)
            expected = {"waiting": (0, 0), "offered": (1, 0), "active": (0, 1)}[work.state]
            assert (len(offers), len(holders)) == expected
            assert (lines > 0) == (work.state == "waiting")

    @invariant()
    def what_is_counted_is_what_is_there(self):
        floor = self.core._floor
        for agent in floor.match.agents.values():
            held = [*agent.works.values(), *(one for one, _ in agent.wrap_ups.values())]
            assert agent.load == {one: held.count(one) for one in set(held)}
            assert agent.state == agent.derived_state()
            rings = [offer for offer in floor.offers.values() if offer.agent_id == agent.agent_id]
            assert [offer.offer_id for offer in rings] == ([agent.offer_id] if agent.offer_id else [])
        for queue in floor.match.queues.values():
            active = [work for work in floor.works.values() if work.state == "active"]
            assert queue.serving == sum(work.queue_id == queue.rules.queue_id for work in active)
            there = [work for work in floor.works.values() if queue.rules.queue_id in (work.queue_id, *work.also)]
            waiting = sorted((work for work in there if work.state == "waiting"), key=lambda work: work.rank)
            assert list(queue.waiting) == waiting


def same_class(one, other):
    """Say whether nothing but their time tells the two apart."""
    return not any((one.named_agent, one.usual_agent, other.usual_agent, other.named_agent)) and all(
        getattr(one, name) == getattr(other, name) for name in ("queue_id", "also", "needs", "language")
    ) and one.item.channel_class == other.item.channel_class  # fmt: skip


def may_be_asked(agent, work, now):
    """Say the same as the core, without lines, heaps and versions."""
    profile, channel_class = agent.profile, work.item.channel_class
    held = [*agent.works.values(), *(one for one, _ in agent.wrap_ups.values())]
    if agent.presence != "available" or agent.offer_id or "call" in held or (agent.wrap_ups and not agent.works):
        return False
    if held.count(channel_class) >= profile.capacity[channel_class] or work.is_declined_by(agent.agent_id, now):
        return False
    if work.agent_hold is not None:
        is_him = work.agent_hold == agent.agent_id
        return is_him and (agent.mode == "normal" or (agent.mode == "leader" and work.transferred))
    return (
        agent.mode == "normal"
        and bool(set(profile.queues) & {work.queue_id, *work.also})
        and (not work.language or work.language in profile.languages)
        and all(profile.skills.get(skill, 0) >= level for skill, level in work.needs.items())
    )


TestFloor = Floor.TestCase
TestFloor.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
