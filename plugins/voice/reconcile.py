"""Compares what a call should be with what the engine has, and says what to do: pure, so that it can be proved.

It is asked again after everything that happens and everything that was done; when both agree it has nothing to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from core.events.calls import AnyActivity, Background, CallPlan, LegPlan, Listen, RecordingPlan, Ring, Spy, Talk
from plugins.voice.marks import Doing, Mark

LegStatus = Literal["dialling", "ringing", "up"]


@dataclass(slots=True)
class Leg:
    """One party as the engine has it."""

    mark: Mark
    channel_id: str
    status: LegStatus = "dialling"
    is_inbound: bool = False
    is_ours: bool = False  # it takes our orders; otherwise the dial plan has it, or it was not answered yet
    is_listened_to: bool = False  # the engine tells when sound comes from it
    is_leaving: bool = False  # we hung it up, or it is gone and its end is to be reported
    is_hung_up: bool = False  # by the far end: it is about to be gone, and nothing can be asked of it
    room: str = ""
    has_talked: bool = False  # somebody was in a room with it, or may have been before us
    sounds: Background = "silence"  # what it hears now besides prompts
    keys: int = 0  # the number of the last key
    preparing: str = ""  # the activity whose sounds are being fetched
    trunk: str = ""  # empty: a phone's


@dataclass(slots=True)
class Stock:
    """What there is of one call."""

    legs: dict[str, Leg] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)  # legs whose end was reported
    called: set[str] = field(default_factory=set)  # legs that were called once, in this life or an earlier one
    rooms: set[str] = field(default_factory=set)  # that have a bridge
    tapes: dict[str, str] = field(default_factory=dict)  # recordings, and whom each records now; nobody: stopped


@dataclass(frozen=True, slots=True)
class LegStep:
    """Something to do with one leg."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class TapeStep:
    """Something to do with one recording."""

    recording_id: str


@dataclass(frozen=True, slots=True)
class Call:
    """Call a party."""

    leg: LegPlan


class Lose(LegStep):
    """Report that a party is not there any more."""


class HangUp(LegStep):
    """Let a party go."""


@dataclass(frozen=True, slots=True)
class Indicate(LegStep):
    """Tell an unanswered caller that it rings."""

    activity_id: str


class Answer(LegStep):
    """Answer a caller."""


@dataclass(frozen=True, slots=True)
class Begin(LegStep):
    """Let a leg end what it was doing and begin an activity."""

    activity: AnyActivity
    room: str = ""


@dataclass(frozen=True, slots=True)
class Enter(LegStep):
    """Bring a leg into a room."""

    room: str


@dataclass(frozen=True, slots=True)
class Mute(LegStep):
    """Keep what a leg says from the others, or let them hear it."""

    is_muted: bool


@dataclass(frozen=True, slots=True)
class Sound(LegStep):
    """Let a leg that has heard its prompts hear a background."""

    background: Background


@dataclass(frozen=True, slots=True)
class SendKeys(LegStep):
    """Send keys to a party."""

    keys: str
    keys_id: str


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """Take away a room of a call that is over."""

    room: str


@dataclass(frozen=True, slots=True)
class StartTape(TapeStep):
    """Record what a leg says and hears, from now on."""

    leg_id: str


class StopTape(TapeStep):
    """Record nothing for a while."""


class EndTape(TapeStep):
    """Hand a recording in."""


Step: TypeAlias = Call | CloseRoom | LegStep | TapeStep


def steps(plan: CallPlan, stock: Stock) -> list[Step]:
    """Return what brings ``stock`` nearer to ``plan``, in the order in which it is best done."""
    planned = {leg.leg_id: leg for leg in plan.legs}
    leaving: list[Step] = [
        HangUp(leg_id) for leg_id, leg in stock.legs.items() if leg_id not in planned and not leg.is_leaving
    ]
    return [*leaving, *_missing(plan, stock), *_present(plan, stock), *_tapes(plan, stock), *_rooms(plan, stock)]


def doing(activity: AnyActivity) -> Doing:
    """Return the word for an activity."""
    word: Doing = activity.__struct_config__.tag  # type: ignore[assignment]
    return word


def room_of(activity: AnyActivity, plan: CallPlan) -> str:
    """Return the room in which a leg with this activity is, empty for none: who barges in is where the target is."""
    match activity:
        case Talk():
            return activity.room
        case Spy(mode="barge"):
            target = next((leg.activity for leg in plan.legs if leg.leg_id == activity.target), None)
            return target.room if isinstance(target, Talk) else ""
        case _:
            return ""


def _missing(plan: CallPlan, stock: Stock) -> Iterator[Step]:
    absent = [leg for leg in plan.legs if leg.leg_id not in stock.legs and leg.leg_id not in stock.over]
    lost = [leg for leg in absent if leg.dial is None or leg.leg_id in stock.called]
    yield from (Lose(leg.leg_id) for leg in lost)
    if any(leg.dial is None and leg.leg_id not in stock.legs for leg in plan.legs):
        return  # whom the others would be called for is gone; the hub is about to say what becomes of them
    yield from (Call(leg) for leg in absent if leg not in lost)


def _present(plan: CallPlan, stock: Stock) -> Iterator[Step]:
    for wanted in plan.legs:
        leg = stock.legs.get(wanted.leg_id)
        if leg is None or leg.is_leaving or leg.is_hung_up or not leg.is_ours:
            continue
        if leg.status == "up":
            yield from _active(wanted, leg, plan, stock)
        elif leg.is_inbound and isinstance(wanted.activity, Ring):
            if leg.mark.doing != "ring":
                yield Indicate(wanted.leg_id, wanted.activity.activity_id)
        elif leg.is_inbound:
            yield Answer(wanted.leg_id)


def _active(wanted: LegPlan, leg: Leg, plan: CallPlan, stock: Stock) -> Iterator[Step]:
    activity, mark = wanted.activity, leg.mark
    if isinstance(activity, Spy) and activity.mode != "barge" and not _is_up(activity.target, stock):
        return  # nobody can be heard yet
    word, room = doing(activity), room_of(activity, plan)
    if (mark.activity_id, mark.doing) != (activity.activity_id, word):
        if leg.preparing != activity.activity_id:
            yield Begin(wanted.leg_id, activity, room)
    elif room and leg.room != room:
        yield Enter(wanted.leg_id, room)
    elif isinstance(activity, Talk) and mark.is_muted != activity.is_muted:
        yield Mute(wanted.leg_id, activity.is_muted)
    elif isinstance(activity, Listen) and mark.is_done and leg.sounds != activity.background:
        yield Sound(wanted.leg_id, activity.background)
    if wanted.digits_id and wanted.digits_id != mark.digits_id:
        yield SendKeys(wanted.leg_id, wanted.digits, wanted.digits_id)


def _rooms(plan: CallPlan, stock: Stock) -> Iterator[Step]:
    if not plan.legs and not stock.legs:
        yield from (CloseRoom(room) for room in sorted(stock.rooms))


def _tapes(plan: CallPlan, stock: Stock) -> Iterator[Step]:
    wanted = {tape.recording_id: tape for tape in plan.recordings if plan.legs}
    yield from (EndTape(recording_id) for recording_id in stock.tapes if recording_id not in wanted)
    for recording_id, tape in wanted.items():
        leg_id = "" if tape.is_paused else _recorded(tape, plan, stock)
        recorded = stock.tapes.get(recording_id, "")
        if recorded and recorded != leg_id:
            yield StopTape(recording_id)
        elif leg_id and not recorded:
            yield StartTape(recording_id, leg_id)


def _recorded(tape: RecordingPlan, plan: CallPlan, stock: Stock) -> str:
    """Return the citizen's leg while it is in the room: it says the left side and hears the right one."""
    for leg in plan.legs:
        present = stock.legs.get(leg.leg_id)
        if leg.role == "caller" and present is not None and present.room == tape.room and not present.is_leaving:
            return leg.leg_id
    return ""


def _is_up(leg_id: str, stock: Stock) -> bool:
    leg = stock.legs.get(leg_id)
    return leg is not None and leg.status == "up" and not leg.is_leaving
