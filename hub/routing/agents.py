"""An agent as the routing core sees one: what is in hand, which state that makes, what may be offered."""

from collections.abc import Iterator

from core.events.routing import AgentStateName, WorkMode
from hub.routing.lines import Demand, Line
from hub.routing.model import Activity, AgentProfile, Presence


class Agent:
    """One agent's changing side; owned and written by the engine alone."""

    def __init__(self, profile: AgentProfile, now: float) -> None:
        self.agent_id = profile.agent_id
        self.profile = profile
        self.presence: Presence = "offline"
        self.reason = ""
        self.mode: WorkMode = "normal"
        self.state: AgentStateName = "offline"
        self.since = now
        self.load: dict[str, int] = {}
        self.exclusive_load = 0
        self.works: dict[str, str] = {}
        self.wrap_ups: dict[str, tuple[str, float]] = {}
        self.offer_id: str | None = None
        self.idle_since = now
        self.idle_total_s = 0.0
        self.idle_periods = 0
        self.handled = 0
        self.turns: dict[str, int] = {}
        self.lines: dict[str, dict[Demand, Line]] = {}
        self.is_shown = False
        self.version = 0
        self.reported: tuple[object, ...] | None = None

    @property
    def average_idle_s(self) -> float:
        """Mean length of the idle times that ended in work; infinite before the first, so newcomers come first."""
        return self.idle_total_s / self.idle_periods if self.idle_periods else float("inf")

    @property
    def in_hand_count(self) -> int:
        return len(self.works)

    def level_sum(self, skills: tuple[str, ...]) -> int:
        levels = self.profile.skills
        return sum([levels.get(skill, 0) for skill in skills])

    def last_turn(self, queue_id: str) -> int:
        return self.turns.get(queue_id, 0)

    def place(self, queue_id: str) -> int:
        return self.profile.queues.get(queue_id, 0)

    def has_room(self, channel_class: str) -> bool:
        """Say whether one more piece fits into what the profile allows at once."""
        return not self.exclusive_load and self.load.get(channel_class, 0) < self.profile.capacity.get(channel_class, 0)

    def open_lines(self) -> Iterator[Line]:
        """Return the lines whose work the agent may be asked about now."""
        if self.state != "available" or self.offer_id is not None or self.mode in {"outbound_only", "off_shift"}:
            return
        for channel_class, lines in self.lines.items():
            if self.has_room(channel_class):
                for demand, line in lines.items():
                    if self.mode == "normal" or demand.is_transfer:
                        yield line

    def may_be_asked(self, demand: Demand) -> bool:
        """Say whether work of ``demand``, which the profile fits, may be offered now."""
        return (
            self.state == "available"
            and self.offer_id is None
            and (self.mode == "normal" or (self.mode == "leader" and demand.is_transfer))
            and self.has_room(demand.channel_class)
        )

    def derived_state(self) -> AgentStateName:
        """Return the state that presence, work in hand and wrap-ups add up to."""
        if self.presence != "available":
            return self.presence
        if self.wrap_ups and (
            not self.works or any(one in self.profile.exclusive for one, _ in self.wrap_ups.values())
        ):
            return "wrap_up"
        if self.exclusive_load:
            return "busy"
        if self.works and not any(self.has_room(one) for one in self.profile.capacity):
            return "busy"
        return "available"

    def activity(self) -> Activity:
        """Return the state, with what is in hand told apart from what the agent only says."""
        if self.state in ("available", "busy"):
            if self.works:
                return "serving"
            if self.wrap_ups:
                return "wrap_up"
        return self.state

    def adopt(self, profile: AgentProfile) -> None:
        """Be able to do what ``profile`` says from now on."""
        self.profile = profile
        self.exclusive_load = sum(count for one, count in self.load.items() if one in profile.exclusive)

    def view(self) -> tuple[AgentStateName, str, WorkMode, dict[str, int]]:
        """Return what is worth reporting when it changes."""
        return self.state, self.reason, self.mode, dict(self.load)

    def take(self, work_id: str, channel_class: str, now: float) -> None:
        """Have the work in hand."""
        if not self.works and not self.wrap_ups and self.presence == "available":
            self.idle_total_s += now - self.idle_since
            self.idle_periods += 1
        self.hold(work_id, channel_class)
        self.handled += 1

    def hold(self, work_id: str, channel_class: str) -> None:
        """Count the work among what is in hand."""
        self.works[work_id] = channel_class
        self._count(channel_class, 1)

    def drop(self, work_id: str, now: float) -> str:
        """Have the work no longer in hand; return its channel class."""
        channel_class = self.works.pop(work_id)
        self._free(channel_class, now)
        return channel_class

    def start_wrap_up(self, work_id: str, channel_class: str, until: float) -> None:
        """Hold the work's place for its wrap-up."""
        self.wrap_ups[work_id] = (channel_class, until)
        self._count(channel_class, 1)

    def end_wrap_up(self, work_id: str, now: float) -> None:
        """Give the place back."""
        channel_class, _ = self.wrap_ups.pop(work_id)
        self._free(channel_class, now)

    def _free(self, channel_class: str, now: float) -> None:
        self._count(channel_class, -1)
        if not self.works and not self.wrap_ups:
            self.idle_since = now

    def _count(self, channel_class: str, step: int) -> None:
        count = self.load.get(channel_class, 0) + step
        if count:
            self.load[channel_class] = count
        else:
            del self.load[channel_class]
        if channel_class in self.profile.exclusive:
            self.exclusive_load += step
