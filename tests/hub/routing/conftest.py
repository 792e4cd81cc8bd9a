"""A small floor to route on: two agents in queue ``tax``, work that comes in by id."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from hub.routing import AgentProfile, Decision, QueueRules, RoutingCore, WorkItem


class Desk:
    """A core with an easy way in: unnamed things get sensible values, ``now`` is kept."""

    def __init__(self) -> None:
        self.core = RoutingCore()
        self.now = 0.0
        self.log: list[Decision] = []

    def __call__(self, decisions: list[Decision]) -> list[Decision]:
        self.log += decisions
        return decisions

    def queue(self, queue_id: str = "tax", **rules: Any) -> list[Decision]:
        return self(self.core.set_queue(QueueRules(queue_id, **rules), self.now))

    def agent(self, agent_id: str, queues: Any = ("tax",), state: Any = "available", **profile: Any) -> list[Decision]:
        places = queues if isinstance(queues, dict) else dict.fromkeys(queues, 0)
        made = self.core.set_agent(AgentProfile(agent_id, places, **profile), self.now)
        return self([*made, *self.core.set_state(agent_id, state, "", self.now)])

    def work(self, work_id: str, queue_id: str = "tax", channel_class: str = "chat", **item: Any) -> list[Decision]:
        item.setdefault("enqueued_at", self.now)
        return self(self.core.enqueue(WorkItem(work_id, queue_id, channel_class, **item), self.now))

    def wait(self, seconds: float) -> list[Decision]:
        """Let time pass, ticking whenever the core asks for it."""
        until, decided = self.now + seconds, []
        while (due := self.core.next_due()) is not None and due <= until:
            self.now = max(due, self.now)
            decided += self.core.tick(self.now)
        self.now = until
        return self(decided)


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.queue()
    return made


Only = Callable[..., Any]


@pytest.fixture
def only() -> Only:
    """Return the one decision of a kind among decisions, with the fields given."""

    def pick(decisions: list[Decision], kind: type, **fields: object) -> Any:
        found = [one for one in decisions if isinstance(one, kind)]
        found = [one for one in found if all(getattr(one, name) == value for name, value in fields.items())]
        assert len(found) == 1, [dataclasses.asdict(one) for one in decisions]
        return found[0]

    return pick
