"""Puts the wallboard together from the ledger and from how queues and agents are now."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import msgspec

from core.events import QueueView
from hub.figures.alarms import Alarm
from hub.figures.cases import Case, Tally, TallyView
from hub.figures.ledger import PERIODS, QUARTER_S, Ledger
from hub.figures.views import AgentBoard, Board, ChannelLine, Day, PartBoard, Periods, Quarter, QueueBoard, Served


class Boards:
    """One look at the ledger; makes the board of everybody who asks at this moment from it."""

    def __init__(self, ledger: Ledger, now: datetime, is_call: Callable[[str], bool]) -> None:
        self._ledger = ledger
        self._now = now
        self._is_call = is_call
        self._overdue = _overdue(ledger, now)
        self._recent = {name: self._recently(minutes) for name, minutes in PERIODS.items()}

    def periods(self, queue_id: str) -> Periods:
        """Return the sums of one queue."""
        return self._views([queue_id])

    def board(
        self,
        figures: Mapping[str, QueueView],
        agents: Collection[str],
        *,
        here_since: Mapping[str, datetime],
        parts: tuple[PartBoard, ...] = (),
        lines: tuple[ChannelLine, ...],
        alarms: tuple[Alarm, ...],
    ) -> Board:
        """Return the board over the queues of ``figures`` and these agents."""
        return Board(
            at=self._now,
            day_start=self._ledger.day_start,
            total=self._views(figures),
            queues={queue_id: self._queue(view) for queue_id, view in figures.items()},
            parts=tuple(msgspec.structs.replace(part, periods=self._views(part.queue_ids)) for part in parts),
            channels=self._channels(figures),
            agents=self._agents(agents, figures, here_since),
            lines=lines,
            alarms=alarms,
        )

    def day(self, queue_ids: Collection[str]) -> Day:
        """Return today by quarter hours and by channel over some queues."""
        day_start = self._ledger.day_start
        sums: dict[int, Tally] = defaultdict(Tally)
        for (queue_id, quarter), tally in self._ledger.quarters.items():
            if queue_id in queue_ids:
                sums[quarter].add(tally)
        last = int((self._now - day_start).total_seconds()) // QUARTER_S
        quarters = []
        for number in range(last + 1):
            view = sums[number].view()
            begin = day_start + timedelta(seconds=number * QUARTER_S)
            quarters.append(
                Quarter(
                    begin=begin,
                    offered=view.offered,
                    answered=view.answered,
                    abandoned=view.abandoned,
                    diverted=view.diverted,
                    service_level=view.service_level,
                )
            )
        return Day(quarters=quarters, channels=self._channels(queue_ids))

    def _queue(self, view: QueueView) -> QueueBoard:
        return QueueBoard(
            queue_id=view.queue_id,
            service_s=self._ledger.targets(view.queue_id).service_s,
            waiting=view.waiting,
            longest_since=view.longest_since,
            available=view.available,
            serving=view.serving,
            periods=self._views([view.queue_id]),
        )

    def _views(self, queue_ids: Collection[str]) -> Periods:
        day = Tally()
        for (queue_id, _), tally in self._ledger.day.items():
            if queue_id in queue_ids:
                day.add(tally)
        views = {"today": day.view(self._late(queue_ids, self._ledger.day_start))}
        for name, by_queue in self._recent.items():
            tally = Tally()
            for queue_id in queue_ids:
                if queue_id in by_queue:
                    tally.add(by_queue[queue_id])
            begin = self._now - timedelta(minutes=PERIODS[name])
            views[name] = tally.view(self._late(queue_ids, begin))
        return views

    def _channels(self, queue_ids: Collection[str]) -> dict[str, TallyView]:
        sums: dict[str, Tally] = defaultdict(Tally)
        for (queue_id, channel), tally in self._ledger.day.items():
            if queue_id in queue_ids:
                sums[channel].add(tally)
        late: dict[str, int] = defaultdict(int)
        for case in self._overdue:
            if case.queue_id in queue_ids and case.offered_at >= self._ledger.day_start:
                late[case.channel] += 1
        return {channel: tally.view(late[channel]) for channel, tally in sorted(sums.items()) if tally.offered}

    def _agents(
        self, agents: Collection[str], queue_ids: Collection[str], here_since: Mapping[str, datetime]
    ) -> dict[str, AgentBoard]:
        serving: dict[str, list[Served]] = defaultdict(list)
        for case in self._ledger.served():
            if case.queue_id in queue_ids and case.agent_id is not None:
                serving[case.agent_id].append(self._served(case))
        boards = {}
        for agent_id in agents:
            view = self._ledger.agents[agent_id].view()
            asked = self._ledger.asked[agent_id]
            boards[agent_id] = AgentBoard(
                agent_id=agent_id,
                here_since=here_since.get(agent_id),
                handled=view.handled,
                handle_s=view.handle_s,
                wrap_up_s=view.wrap_up_s,
                missed=asked.missed,
                declined=asked.declined,
                serving=tuple(serving[agent_id]),
            )
        return boards

    def _served(self, case: Case) -> Served:
        return Served(
            conversation_id=case.conversation_id,
            channel=case.channel,
            queue_id=case.queue_id,
            since=case.served_at or case.offered_at,
            is_call=self._is_call(case.conversation_id),
        )

    def _late(self, queue_ids: Collection[str], begin: datetime) -> int:
        return sum(case.queue_id in queue_ids and case.offered_at >= begin for case in self._overdue)

    def _recently(self, minutes: int) -> dict[str, Tally]:
        sums: dict[str, Tally] = defaultdict(Tally)
        for case in self._ledger.since(self._now - timedelta(minutes=minutes)):
            targets = self._ledger.targets(case.queue_id)
            sums[case.queue_id].count(case, targets.service_s, targets.wrap_up_s)
        return sums


def _overdue(ledger: Ledger, now: datetime) -> list[Case]:
    """Return who still waits although their time is up."""
    return [
        case
        for case in ledger.cases()
        if case.is_waiting and not case.is_message and case.waited_s(now) > ledger.targets(case.queue_id).service_s
    ]
