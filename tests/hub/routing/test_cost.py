"""What a decision costs, counted in function calls so that no busy machine disturbs it."""

import sys
from types import FrameType

import pytest

from hub.routing import AgentProfile, OfferMade, QueueRules, RoutingCore, SkillNeed, WorkItem

QUEUES = [f"queue-{number}" for number in range(20)]


class Centre:
    """A centre of any size, full or idle, that serves one piece of work after the other."""

    def __init__(self, agents: int, waiting: int) -> None:
        self.core = RoutingCore()
        self.offers: list[str] = []
        self.count = 0
        for queue_id in QUEUES:
            self.core.set_queue(QueueRules(queue_id, on_missed="stay", offer_s=1e6), 0.0)
        for number in range(agents):
            served = {QUEUES[(number * step) % len(QUEUES)]: number for step in (1, 3, 7)}
            self.core.set_agent(AgentProfile(f"agent-{number}", served, {"vat": number // 20 % 5 + 1}), 0.0)
            self.core.set_state(f"agent-{number}", "available", "", 0.0)
        for _ in range(waiting):
            self.enqueue()

    def enqueue(self) -> None:
        self.count += 1
        needs = (SkillNeed("vat", 2),) if self.count % 3 == 0 else ()
        queue_id = QUEUES[self.count * 7 % len(QUEUES)]
        item = WorkItem(f"w{self.count}", queue_id, "call", float(self.count), self.count % 3, needs=needs)
        self.note(self.core.enqueue(item, float(self.count)))

    def note(self, decisions) -> None:
        self.offers += [one.offer_id for one in decisions if isinstance(one, OfferMade)]

    def step(self) -> None:
        self.enqueue()
        if self.offers:
            offer_id = self.offers.pop(0)
            self.core.accept(offer_id, float(self.count))
            self.note(self.core.finish(offer_id[: offer_id.rindex("-")], float(self.count)))


def calls_of_a_step(centre: Centre, steps: int = 60) -> float:
    count = 0

    def note(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    for _ in range(60):
        centre.step()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for _ in range(steps):
            centre.step()
    finally:
        sys.setprofile(before)
    return count / steps


@pytest.mark.parametrize(
    ("label", "small", "large"),
    [
        ("agents of a full centre", (60, 3000), (1200, 3000)),
        ("waiting work", (100, 200), (100, 4000)),
        ("free agents", (60, 0), (1200, 0)),
    ],
)
def test_a_decision_looks_neither_at_all_agents_nor_at_all_work(label, small, large):
    few, many = calls_of_a_step(Centre(*small)), calls_of_a_step(Centre(*large))
    assert many < 1.5 * few, label


def test_nothing_piles_up():
    centre = Centre(100, 160)
    for _ in range(3000):
        centre.step()
    floor = centre.core._floor
    assert len(floor.works) == 160
    assert len(floor.timers._heap) <= 2 * len(floor.timers._due) + 64
    for queue in floor.match.queues.values():
        assert all(len(line._free) <= 2 * len(line.members) + 64 for line in queue.lines.values())


def test_kinds_of_demand_nobody_waits_with_are_forgotten(desk):
    desk.agent("ann")
    for number in range(300):
        desk.work(f"w{number}", needs=(SkillNeed(f"skill-{number}", 1),))
        desk.core.withdraw(f"w{number}", "", desk.now)
        desk.work(f"n{number}", named_agent=f"agent-{number}")
        desk.core.withdraw(f"n{number}", "", desk.now)
    assert len(desk.core._floor.match.queues["tax"].lines) <= 16
    assert not desk.core._floor.match._named
