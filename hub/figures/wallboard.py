"""Keeps the wallboard's figures and alarms, and shows them once a second to the browsers that watch."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from core.clock import Clock
from core.events import AgentChanged, AgentView, ConversationChanged, Event, QueueView, TrunkChanged
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.contacts.reach import Reach
from hub.desktop.desk import Desk
from hub.dispatch.agent_control import AgentControl
from hub.dispatch.presence import is_locked
from hub.dispatch.queues import Queues
from hub.errors import not_found
from hub.figures.alarm_log import AlarmRecord, alarm_records, raised_between
from hub.figures.alarms import AgentNow, Alarm, Alarms, ChannelNow, Crossed, QueueNow, Situation, crossed_limits
from hub.figures.boards import Boards
from hub.figures.ledger import LONGEST, PERIODS, Ledger, Targets
from hub.figures.notices import HUB, AlarmNotices
from hub.figures.parts import parts_of
from hub.figures.reading import read_asked, read_cases
from hub.figures.settings import WallboardSetup
from hub.figures.views import Board, ChannelLine, Day, PartBoard
from hub.outreach.consent import Consent
from hub.plugin_instances import PluginInstances
from hub.setup.organization import Organization
from hub.store.engine import Store
from hub.store.models import PluginInstance, Setting
from hub.units import Units

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
ALARMS_KEY: Final = "wallboard.alarms"  # those that lasted when the hub stopped are not raised twice
MAX_CALLS: Final = 10_000
HERE: Final = frozenset({"available", "busy", "wrap_up", "away"})


@dataclass(frozen=True, slots=True)
class Seen:
    """Which queues and agents somebody sees; who sees the same is shown the same bytes."""

    queue_ids: frozenset[str]
    sees_all: bool


class Wallboard:
    """Reads what is committed; decides nothing."""

    def __init__(
        self,
        units: Units,
        clock: Clock,
        audit: Audit,
        *,
        queues: Queues,
        organization: Organization,
        desk: Desk,
        control: AgentControl,
        reach: Reach,
        consent: Consent,
        plugins: PluginInstances,
        trunks: Mapping[str, TrunkChanged],
        trunks_since: Mapping[str, datetime],
    ) -> None:
        self._units = units
        self._clock = clock
        self._audit = audit
        self._queues = queues
        self._organization = organization
        self._desk = desk
        self._control = control
        self.setup = WallboardSetup(units, audit)
        self.notices = AlarmNotices(audit, self.setup, reach=reach, consent=consent, queues=queues, desk=desk)
        self._plugins = plugins
        self._trunks = trunks
        self._trunks_since = trunks_since
        self._ledger: Ledger
        self._alarms = Alarms()
        self._here_since: dict[str, datetime] = {}
        self._calls: OrderedDict[str, None] = OrderedDict()  # conversations in which people talk
        self._down_since: dict[str, datetime] = {}
        self._lines: tuple[ChannelLine, ...] = ()
        self._ticking = asyncio.Lock()

    def timezone(self) -> str:
        """Return the name of the time zone that the hub's day is counted in."""
        return self.setup.settings.timezone

    async def load(self, store: Store) -> None:
        """Read settings, today's cases and the alarms that lasted; count what is committed from now on."""
        await self.setup.load()
        now = self._clock.now()
        self._ledger = Ledger(self.targets, self.setup.settings.timezone)
        day_start = self._ledger.day_of(now).astimezone(UTC)  # SQLite compares times as they are written
        cases = await read_cases(min(day_start, now - LONGEST))
        self._ledger.fill(cases, await read_asked(day_start), now)
        self._here_since = {one.agent_id: one.since for one in self._desk.agents.values() if one.state in HERE}
        row = await Setting.get_or_none(key=ALARMS_KEY)
        if row is not None:
            self._alarms = Alarms(msgspec.convert(row.value, list[Alarm]))
        store.on_commit(lambda recorded: self.on_commit([event for _, _, event in recorded]))

    def on_commit(self, events: Iterable[Event]) -> None:
        """Count what was committed."""
        now = self._clock.now()
        for event in events:
            self._ledger.apply(event, now)
            match event:
                case AgentChanged(agent=agent) if agent.state not in HERE:
                    self._here_since.pop(agent.agent_id, None)
                case AgentChanged(agent=agent):
                    self._here_since.setdefault(agent.agent_id, agent.since)
                case ConversationChanged(conversation=conversation):
                    self._note_call(
                        conversation.conversation_id,
                        talks=conversation.call is not None and conversation.call.ended_at is None,
                    )
                case _:
                    pass

    async def run(self) -> None:
        """Look at the rules and show the figures once a second, until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(EVERY_S)

    async def tick(self) -> None:
        """Raise and end alarms, and show the figures to whoever watches."""
        async with self._ticking:
            await self._tick()

    async def _tick(self) -> None:
        now = self._clock.now()
        self._ledger.advance(now)
        self._lines = await self._look_at_lines()
        boards = Boards(self._ledger, now, self._calls.__contains__)
        await self._look_at_rules(boards, now)
        made: dict[Seen, Any] = {}

        def board_for(identity: Identity) -> dict[str, Any]:
            seen = self._seen(identity)
            if seen not in made:
                made[seen] = msgspec.Raw(msgspec.json.encode(self._board(boards, seen)))
            return {"type": "signal", "name": "wallboard", "board": made[seen]}

        self._desk.show_board(board_for)

    @property
    def lines(self) -> tuple[ChannelLine, ...]:
        """The plugin instances and trunks, as last looked at."""
        return self._lines

    def board(self, identity: Identity) -> Board:
        """Return what ``identity`` may see now."""
        self._ledger.advance(self._clock.now())
        boards = Boards(self._ledger, self._clock.now(), self._calls.__contains__)
        return self._board(boards, self._seen(identity))

    async def day(self, identity: Identity, view: str) -> Day:
        """Return today by quarter hours: of ``queue:…``, of a part such as ``site:…``, or of all that they see."""
        everything = self._seen(identity)
        seen = everything.queue_ids
        kind, _, name = view.partition(":")
        if kind == "queue" and name in seen:
            seen = frozenset({name})
        elif view:
            parts = self._parts(everything)
            part = next((one for one in parts if (one.kind, one.part_id) == (kind, name)), None)
            if part is None:
                raise not_found("view")
            seen = frozenset(part.queue_ids)
        boards = Boards(self._ledger, self._clock.now(), self._calls.__contains__)
        day_start = self._ledger.day_start.astimezone(UTC)
        alarms = await self.alarms_between(identity, day_start, day_start + timedelta(days=1))
        if view:
            agents = {one.agent_id for one in self._agents(Seen(seen, sees_all=False))}
            alarms = [one for one in alarms if one.subject_id in seen | agents]
        return msgspec.structs.replace(boards.day(seen), service_limit=self.service_limit(seen), alarms=alarms)

    def service_limit(self, queue_ids: Collection[str] | None) -> float | None:
        """Return the share below which a rule alarms in some of these queues, or in any; None when no rule does."""
        return max(
            (
                rule.limit / 100
                for rule in self.setup.settings.rules
                if rule.is_active
                and rule.kind == "service_below"
                and (queue_ids is None or not rule.queue_ids or not set(rule.queue_ids).isdisjoint(queue_ids))
            ),
            default=None,
        )

    async def alarms_between(self, identity: Identity, begin: datetime, end: datetime) -> list[AlarmRecord]:
        """Return the alarms raised in a time that ``identity`` may know of, oldest first."""
        return await raised_between(lambda kind, subject_id: self.may_know(kind, subject_id)(identity), begin, end)

    async def alarm_log(self, identity: Identity, *, before: int | None) -> list[AlarmRecord]:
        """Return what happened to the alarms that ``identity`` may know of, newest first."""
        return await alarm_records(
            lambda kind, subject_id: self.may_know(kind, subject_id)(identity), self._clock.now(), before=before
        )

    async def acknowledge(self, identity: Identity, alarm_id: str, *, remote: str) -> Alarm:
        """Note that somebody has seen an alarm; the first one counts. 404 when it is over."""
        alarm, is_first = self._alarms.acknowledge(alarm_id, identity.display_name, self._clock.now())
        if alarm is None:
            raise not_found("alarm")
        if is_first:
            async with self._units.open():
                kind, subject_id = alarm.subject_kind, alarm.subject_id
                await self._audit.record(
                    identity,
                    "alarm.acknowledge",
                    kind,
                    subject_id,
                    remote=remote,
                    by=identity.display_name,
                    **_told(alarm),
                )
                await self._keep_alarms()
        return alarm

    def targets(self, queue_id: str) -> Targets:
        """Return what a queue promises now."""
        settings = self._queues.settings(queue_id)
        return Targets(settings.service_s, settings.wrap_up_s)

    def _seen(self, identity: Identity) -> Seen:
        figures = self._desk.queue_figures
        return Seen(frozenset(filter(identity.sees_queue, figures)), sees_all=identity.may("queue.all"))

    def _board(self, boards: Boards, seen: Seen) -> Board:
        figures = {queue_id: view for queue_id, view in self._desk.queue_figures.items() if queue_id in seen.queue_ids}
        agents = [one.agent_id for one in self._agents(seen)]
        subjects = seen.queue_ids | set(agents) | {line.name for line in self._lines}
        alarms = tuple(alarm for alarm in self._alarms.lasting.values() if alarm.subject_id in subjects)
        return boards.board(
            figures,
            agents,
            here_since=self._here_since,
            parts=self._parts(seen),
            lines=self._lines,
            alarms=alarms,
        )

    def _agents(self, seen: Seen) -> list[AgentView]:
        agents = self._desk.agents.values()
        return [one for one in agents if seen.sees_all or not seen.queue_ids.isdisjoint(one.queue_ids)]

    def _parts(self, seen: Seen) -> tuple[PartBoard, ...]:
        return parts_of(self.setup.settings.sites, self._organization, seen.queue_ids, self._agents(seen))

    async def _look_at_rules(self, boards: Boards, now: datetime) -> None:
        situation = self._situation(boards, now)
        before = set(self._alarms.lasting)
        crossed = crossed_limits(self.setup.settings.rules, situation)
        raised, ended = self._alarms.look(crossed, now)
        await self._send_away(crossed)
        if before == set(self._alarms.lasting):
            return
        async with self._units.open() as unit:
            for action, alarms in (("alarm.raise", raised), ("alarm.end", ended)):
                for one in alarms:
                    await self._audit.record(HUB, action, one.subject_kind, one.subject_id, **_told(one))
            for one in raised:
                await self.notices.tell(unit, one, self.may_know(one.subject_kind, one.subject_id))
            await self._keep_alarms()
        for alarm in raised:
            log.warning("alarm %s: %s %s", alarm.rule_id, alarm.subject_kind, alarm.subject_id)
            self._desk.announce(
                {"type": "signal", "name": "alarm", "alarm": alarm},
                self.may_know(alarm.subject_kind, alarm.subject_id),
            )

    async def _send_away(self, crossed: list[Crossed]) -> None:
        """Log out whoever was away so long that they have to log in again."""
        for one in crossed:
            more_s = one.rule.log_out_after_s
            if one.rule.kind == "away_longer" and more_s is not None and one.value > one.rule.limit + more_s:
                await self._control.log_out(HUB, one.subject_id, remote="")

    def may_know(self, kind: str, subject_id: str) -> Callable[[Identity], bool]:
        """Return who sees what goes on with a queue, an agent or a line."""

        def may_know(identity: Identity) -> bool:
            if not identity.may("wallboard.view"):
                return False
            if kind == "queue":
                return identity.sees_queue(subject_id)
            if kind == "agent":
                agent = self._desk.agents.get(subject_id)
                queue_ids = () if agent is None else agent.queue_ids
                return identity.may("queue.all") or any(map(identity.sees_queue, queue_ids))
            return True

        return may_know

    def _situation(self, boards: Boards, now: datetime) -> Situation:
        return Situation(
            queues=tuple(self._queue_now(boards, view, now) for view in self._desk.queue_figures.values()),
            away=tuple(
                AgentNow(one.agent_id, one.queue_ids, (now - one.since).total_seconds())
                for one in self._desk.agents.values()
                if one.state == "away" and not is_locked(one)
            ),
            down=tuple(
                ChannelNow(line.name, (now - self._down_since.setdefault(line.name, now)).total_seconds())
                for line in self._lines
                if not line.is_up
            ),
        )

    def _queue_now(self, boards: Boards, view: QueueView, now: datetime) -> QueueNow:
        periods = boards.periods(view.queue_id)
        longest_s = 0.0 if view.longest_since is None else (now - view.longest_since).total_seconds()
        levels = {minutes: (periods[name].service_level, periods[name].offered) for name, minutes in PERIODS.items()}
        return QueueNow(view.queue_id, view.waiting, longest_s, levels)

    async def _look_at_lines(self) -> tuple[ChannelLine, ...]:
        lines = []
        for row in await PluginInstance.filter(is_enabled=True).order_by("instance"):
            status, state = (
                self._plugins.statuses.get(row.instance),
                self._plugins.channel_states.get(row.instance),
            )
            is_up = (status is None or status.process == "running") and (state is None or state.state == "ready")
            reason = (status.reason if status else "") or (state.code if state else "")
            lines.append(ChannelLine(name=row.instance, is_up=is_up, reason="" if is_up else reason))
        for name, trunk in sorted(self._trunks.items()):
            lines.append(
                ChannelLine(
                    name=name,
                    is_up=trunk.is_up,
                    is_trunk=True,
                    calls=trunk.calls,
                    max_calls=trunk.max_calls,
                    since=self._trunks_since.get(name),
                    round_trip_ms=trunk.round_trip_ms,
                )
            )
        for line in lines:
            if line.is_up:
                self._down_since.pop(line.name, None)
        return tuple(lines)

    async def _keep_alarms(self) -> None:
        value = msgspec.to_builtins(list(self._alarms.lasting.values()))
        await Setting.update_or_create({"value": value}, key=ALARMS_KEY)

    def _note_call(self, conversation_id: str, *, talks: bool) -> None:
        if not talks:
            self._calls.pop(conversation_id, None)
            return
        self._calls[conversation_id] = None
        if len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)


def _told(alarm: Alarm) -> dict[str, Any]:
    """Return what the audit log keeps of an alarm."""
    return {"rule": alarm.rule_id, "kind": alarm.kind, "value": alarm.value, "limit": alarm.limit}
