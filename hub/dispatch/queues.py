"""Queues as operators set them up, and as the routing core reads them."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings, decode_settings
from core.errors import ConfigInvalid
from hub.routing import Overflow, QueueRules, Relaxation, RoutingRefused, SkillNeed, Target, in_turn, weighted
from hub.routing.strategies import Criterion, Strategy
from hub.store.models import Queue

Seconds = Annotated[float, Meta(ge=0, le=86_400 * 30)]
Title = Annotated[
    dict[Literal["zh", "en"], Annotated[str, Meta(max_length=100)]], Meta(extra_json_schema={"x-localized": True})
]

# "x-ref" tells the form what kind of thing is named
QueueRef = Annotated[str, Meta(max_length=64, extra_json_schema={"x-ref": "queue"})]
SkillRef = Annotated[str, Meta(max_length=64, extra_json_schema={"x-ref": "skill"})]
CalendarRef = Annotated[str, Meta(max_length=64, extra_json_schema={"x-ref": "calendar"})]
FlowRef = Annotated[str, Meta(max_length=64, extra_json_schema={"x-ref": "flow"})]

WAITED_OUT: Final = "waited_out"
MESSAGE_CLASS: Final = "mail"  # messages left for later are served like mail: many at a time


# what can be added up: places in a fixed order are no amounts of anything
Weighable = Literal[
    "longest_idle", "longest_average_idle", "highest_skill", "fewest_handled", "least_loaded", "round_robin"
]


class WeightSetting(Settings, frozen=True, kw_only=True):
    """How much one criterion counts beside the others."""

    criterion: Weighable
    weight: Annotated[float, Meta(ge=0.001, le=1_000_000)] = 1.0


class RelaxationSetting(Settings, frozen=True, kw_only=True):
    """After ``after_s`` the skill needs only ``level``."""

    after_s: Seconds
    level: Annotated[int, Meta(ge=0, le=5)]


class SkillSetting(Settings, frozen=True, kw_only=True):
    """A skill the queue's work asks for."""

    skill: SkillRef
    level: Annotated[int, Meta(ge=0, le=5)] = 1
    relaxations: tuple[RelaxationSetting, ...] = ()


class OverflowSetting(Settings, frozen=True, kw_only=True):
    """After ``after_s`` agents of ``queue_id`` serve the work too, or it moves there."""

    after_s: Annotated[float, Meta(gt=0)]
    queue_id: QueueRef
    moves: bool = False


class CallBackSetting(Settings, frozen=True, kw_only=True):
    """Callers who wait may ask by ``digit`` to be called back in their turn; ``tries`` at the hours of ``calendar``."""

    is_offered: bool = False
    digit: Annotated[str, Meta(pattern=r"^[1-9*#]\Z")] = "1"
    tries: Annotated[int, Meta(ge=1, le=10)] = 3
    retry_s: Annotated[float, Meta(ge=60, le=86_400)] = 900.0
    calendar: CalendarRef = ""  # empty: whenever agents are there


class QueueSettings(Settings, frozen=True, kw_only=True):
    """Everything an operator decides about a queue; lengths in seconds."""

    strategy: Annotated[tuple[Criterion, ...], Meta(min_length=1, max_length=4)] = ("longest_idle",)  # in turn
    weights: Annotated[tuple[WeightSetting, ...], Meta(max_length=6)] = ()  # added up, before those in turn
    priority: Annotated[int, Meta(ge=-10, le=10)] = 0
    priority_step_s: Seconds = 60.0  # a step of priority counts as so much waiting
    level_step_s: Seconds = 60.0  # a level of the contact likewise
    skills: tuple[SkillSetting, ...] = ()
    offer_s: Annotated[float, Meta(ge=3, le=600)] = 20.0
    on_missed: Literal["away", "stay"] = "away"
    decline_block_s: Seconds = 30.0
    wrap_up_s: Seconds = 30.0
    service_s: Annotated[float, Meta(ge=1, le=86_400)] = 20.0  # answered within it counts towards the service level
    named_hold_s: Seconds = 120.0  # who is asked for is waited for alone that long
    usual_hold_s: Seconds = 0.0
    overflows: tuple[OverflowSetting, ...] = ()
    max_waiting: Annotated[int, Meta(ge=0)] | None = None
    max_wait_s: Annotated[float, Meta(gt=0, le=86_400 * 30)] | None = None  # then flows go on, where they say how
    opening_calendar: CalendarRef = ""  # flows go on likewise outside it; empty: always open
    call_back: CallBackSetting = CallBackSetting()
    has_live_transcripts: bool = True  # what is said is written down while it is said, where a transcriber can
    recorded_percent: Annotated[int, Meta(ge=0, le=100)] = 100  # of its calls, chosen evenly
    rating_flow: FlowRef = ""  # runs when an agent ends a conversation
    signature: Annotated[str, Meta(max_length=2_000)] = ""  # below mails; {name} and {work_number} are the agent's

    def rules(self, queue_id: str) -> QueueRules:
        """Return these settings as the routing core reads them."""
        return QueueRules(
            queue_id=queue_id,
            strategy=self._strategy(),
            priority=self.priority,
            step_s=self.priority_step_s,
            level_step_s=self.level_step_s,
            needs=tuple(
                SkillNeed(
                    need.skill, need.level, tuple(Relaxation(step.after_s, step.level) for step in need.relaxations)
                )
                for need in self.skills
            ),
            offer_s=self.offer_s,
            on_missed=self.on_missed,
            decline_block_s=self.decline_block_s,
            wrap_up_s=self.wrap_up_s,
            named_hold_s=self.named_hold_s,
            usual_hold_s=self.usual_hold_s,
            overflows=tuple(Overflow(step.after_s, step.queue_id, step.moves) for step in self.overflows),
            targets=() if self.max_wait_s is None else (Target(self.max_wait_s, WAITED_OUT),),
            max_waiting=self.max_waiting,
        )

    def repeated_weights(self) -> list[str]:
        """Return the paths of criteria that are weighed a second time."""
        criteria = [one.criterion for one in self.weights]
        return [f"weights[{at}].criterion" for at, one in enumerate(criteria) if one in criteria[:at]]

    def _strategy(self) -> Strategy:
        if not self.weights:
            return in_turn(*self.strategy)
        return in_turn(weighted(**{one.criterion: one.weight for one in self.weights}), *self.strategy)


class QueueUse(msgspec.Struct, frozen=True, kw_only=True):
    """What leads to a queue: a published flow, a channel's or number's entry, a queue that overflows into it."""

    kind: Literal["flow", "entry", "overflow"]
    name: str


class QueueSetup(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as administrators see it."""

    queue_id: str
    title: dict[str, str]
    rules: QueueSettings
    is_active: bool = True
    uses: list[QueueUse] = []


class Queues:
    """The queues of this hub, read at start and after each change; retired ones too, for what is in them still."""

    def __init__(self) -> None:
        self._settings: dict[str, QueueSettings] = {}
        self._titles: dict[str, dict[str, str]] = {}
        self._active: tuple[str, ...] = ()

    @property
    def active(self) -> tuple[str, ...]:
        """The queues that take new work."""
        return self._active

    def takes(self, queue_id: str, came_from: str | None) -> bool:
        """Whether work may go to a queue; to a retired one only what was in it before comes back."""
        return queue_id in self._active or (queue_id == came_from and queue_id in self)

    async def load(self) -> None:
        """Read all queues."""
        rows = await Queue.all().order_by("queue_id")
        self._settings = {row.queue_id: read_rules(row.rules) for row in rows}
        self._titles = {row.queue_id: row.title for row in rows}
        self._active = tuple(row.queue_id for row in rows if row.is_active)

    def restorer(self) -> Callable[[], None]:
        """Return what puts the queues back as they are now."""
        kept = self._settings, self._titles, self._active

        def restore() -> None:
            self._settings, self._titles, self._active = kept

        return restore

    def checked(self, queue_id: str, rules: dict[str, Any]) -> QueueSettings:
        """Return ``rules`` as a struct; ConfigInvalid naming every bad field."""
        settings = decode_settings(QueueSettings, rules)
        try:
            settings.rules(queue_id)
        except RoutingRefused as error:  # what routing knows to make no sense
            raise ConfigInvalid({"rules": str(error)}) from error
        if repeated := settings.repeated_weights():
            raise ConfigInvalid(dict.fromkeys(repeated, "duplicate"))
        for at, step in enumerate(settings.overflows):
            if step.queue_id not in self._active:
                raise ConfigInvalid({f"overflows[{at}].queue_id": "unknown"})
        return settings

    def __iter__(self) -> Any:
        return iter(self._settings)

    def __contains__(self, queue_id: object) -> bool:
        return queue_id in self._settings

    def settings(self, queue_id: str) -> QueueSettings:
        """Return the queue's settings; the defaults for one that is gone."""
        return self._settings.get(queue_id, QueueSettings())

    def title(self, queue_id: str, language: str = "zh") -> str:
        """Return the queue's name for people."""
        titles = self._titles.get(queue_id, {})
        return titles.get(language) or titles.get("zh") or queue_id


def read_rules(stored: dict[str, Any]) -> QueueSettings:
    """Return stored settings as a struct."""
    return msgspec.convert(stored, type=QueueSettings)
