"""Counts today's cases as the hub's events tell of them; pure, the same events give the same figures."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.events import ConversationChanged, ConversationView, Event, OfferEnded, WorkMoved
from hub.dispatch.queues import WAITED_OUT
from hub.figures.cases import Case, Tally

PERIODS: Final = {"15": 15, "30": 30, "60": 60}  # minutes
LONGEST: Final = timedelta(minutes=60)
QUARTER_S: Final = 900


@dataclass(frozen=True, slots=True)
class Targets:
    """What a queue promises: answered within ``service_s``; wrap-up is counted up to ``wrap_up_s``."""

    service_s: float = 20.0
    wrap_up_s: float = 30.0


@dataclass(slots=True)
class Asked:
    """What an agent did with offers today."""

    missed: int = 0
    declined: int = 0


class Ledger:
    """Every case of today, of the last hour, and those still open; sums of the day are kept as they change."""

    def __init__(self, targets: Callable[[str], Targets], timezone: str) -> None:
        self._targets = targets
        self._zone = ZoneInfo(timezone)
        self._cases: dict[str, Case] = {}  # by work, oldest first
        self._of_conversation: dict[str, str] = {}
        self._used: dict[str, Targets] = {}  # what the sums were made with
        self.day_start = datetime.min.replace(tzinfo=self._zone)
        self.day: dict[tuple[str, str], Tally] = defaultdict(Tally)  # by queue and channel
        self.quarters: dict[tuple[str, int], Tally] = defaultdict(Tally)  # by queue and quarter hour of the day
        self.agents: dict[str, Tally] = defaultdict(Tally)
        self.asked: dict[str, Asked] = defaultdict(Asked)

    def fill(self, cases: Iterable[Case], asked: dict[str, Asked], now: datetime) -> None:
        """Begin with what the store knows."""
        self._cases = {case.work_id: case for case in sorted(cases, key=lambda case: case.offered_at)}
        self._of_conversation = {case.conversation_id: case.work_id for case in self._cases.values()}
        self.day_start = self.day_of(now)
        self._sum_up()
        self.asked.update(asked)

    def day_of(self, now: datetime) -> datetime:
        """Return when the local day of ``now`` began."""
        return now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def apply(self, event: Event, at: datetime) -> None:
        """Take in what happened."""
        match event:
            case ConversationChanged(conversation=conversation):
                self._conversation(conversation, at)
            case WorkMoved():
                self._moved(event, at)
            case OfferEnded(outcome="expired", offer=offer):
                self.asked[offer.agent_id].missed += 1
            case OfferEnded(outcome="declined", offer=offer):
                self.asked[offer.agent_id].declined += 1
            case _:
                pass

    def advance(self, now: datetime) -> None:
        """Begin a new day at midnight, forget what no figure needs, and use the promises as they are now."""
        day_start = self.day_of(now)
        is_new_day = day_start != self.day_start
        if is_new_day:
            self.day_start = day_start
            self.asked.clear()
            horizon = min(day_start, now - LONGEST)
            for case in [case for case in self._cases.values() if case.offered_at < horizon and _is_over(case)]:
                del self._cases[case.work_id]
                if self._of_conversation.get(case.conversation_id) == case.work_id:
                    del self._of_conversation[case.conversation_id]
        if is_new_day or any(self._targets(queue_id) != used for queue_id, used in self._used.items()):
            self._sum_up()

    def cases(self) -> Iterator[Case]:
        """Return every case, oldest first."""
        return iter(self._cases.values())

    def since(self, begin: datetime) -> Iterator[Case]:
        """Return the cases that came from ``begin`` on, newest first."""
        for case in reversed(self._cases.values()):
            if case.offered_at < begin:
                return
            yield case

    def served(self) -> list[Case]:
        """Return what agents have in hand, oldest first."""
        return [case for case in self._cases.values() if case.is_served]

    def targets(self, queue_id: str) -> Targets:
        """Return what the sums of the queue are made with."""
        if queue_id not in self._used:
            self._used[queue_id] = self._targets(queue_id)
        return self._used[queue_id]

    def _conversation(self, view: ConversationView, at: datetime) -> None:
        case = self._cases.get(self._of_conversation.get(view.conversation_id, ""))
        if case is None:
            return
        self._count(case, -1)
        if view.queue_id is not None and view.state in ("queued", "active"):
            case.queue_id = view.queue_id
        if view.state == "active" and view.agent_id is not None:
            if case.agent_id != view.agent_id or case.served_at is None:
                case.served_at = view.assigned_at or at
            case.agent_id = view.agent_id
            case.answered_at = case.answered_at or case.served_at
        elif view.state == "queued":
            case.agent_id = None
        elif view.state in ("wrap_up", "closed") and case.agent_id is not None:
            case.ended_at = case.ended_at or at
        if view.state == "closed":
            case.closed_at = view.closed_at or at
        case.rating = view.rating
        self._count(case, 1)

    def _moved(self, event: WorkMoved, at: datetime) -> None:
        case = self._cases.get(event.work_id)
        if case is None:
            if event.step == "enqueued":
                self._begin(event, at)
            return
        if event.step == "withdrawn":
            self._count(case, -1)
            if event.explanation.get("reason") == "replaced":
                del self._cases[case.work_id]  # a message that was left gave way to somebody who waits
                return
            case.left_at = at
            case.is_diverted = event.explanation.get("reason") == WAITED_OUT
            self._count(case, 1)

    def _begin(self, event: WorkMoved, at: datetime) -> None:
        case = Case(
            event.work_id, event.conversation_id, event.queue_id, event.channel, at, is_message=event.is_message
        )
        self._cases[case.work_id] = case
        self._of_conversation[case.conversation_id] = case.work_id
        self._count(case, 1)

    def _sum_up(self) -> None:
        self._used.clear()
        self.day.clear()
        self.quarters.clear()
        self.agents.clear()
        for case in self._cases.values():
            self._count(case, 1)

    def _count(self, case: Case, sign: int) -> None:
        if case.offered_at < self.day_start:
            return
        targets = self.targets(case.queue_id)
        quarter = int((case.offered_at - self.day_start).total_seconds()) // QUARTER_S
        sums = [self.day[case.queue_id, case.channel], self.quarters[case.queue_id, quarter]]
        if case.agent_id is not None:
            sums.append(self.agents[case.agent_id])
        for tally in sums:
            tally.count(case, targets.service_s, targets.wrap_up_s, sign)


def _is_over(case: Case) -> bool:
    return case.closed_at is not None or case.left_at is not None
