"""Whatever is planned, forgotten or repeated: plan and engine agree in the end, and nobody is called twice."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.events.calls import CallPlan, Dial, LegPlan, Listen, Record, RecordingPlan, Ring, Spy, Talk
from plugins.voice.marks import Mark
from plugins.voice.reconcile import (
    Answer,
    Begin,
    Call,
    CloseRoom,
    EndTape,
    Enter,
    HangUp,
    Indicate,
    Leg,
    Lose,
    Mute,
    SendKeys,
    Sound,
    StartTape,
    Step,
    Stock,
    StopTape,
    doing,
    steps,
)  # fmt: skip

LEGS = ("caller", "agent", "other")
activities = st.one_of(
    st.builds(Ring, activity_id=st.just("ring")),
    st.builds(Listen, activity_id=st.sampled_from(("a", "b")), background=st.sampled_from(("silence", "music"))),
    st.builds(Record, activity_id=st.just("message"), max_s=st.just(5.0)),
    st.builds(
        Talk,
        activity_id=st.sampled_from(("main", "aside")),
        room=st.sampled_from(("main", "x")),
        is_muted=st.booleans(),
    ),
    st.builds(Spy, activity_id=st.just("spy"), target=st.sampled_from(LEGS), mode=st.sampled_from(("listen", "barge"))),
)


@st.composite
def plans(draw: st.DrawFn) -> CallPlan:
    legs = [
        LegPlan(
            leg_id=name,
            role="caller" if name == "caller" else "agent",
            activity=draw(activities),
            dial=None if name == "caller" else Dial(target="phone:x"),
            digits_id=draw(st.sampled_from(("", "k-1"))),
            digits="1",
        )
        for name in LEGS
        if draw(st.booleans())
    ]
    recordings = (RecordingPlan(recording_id="r", is_paused=draw(st.booleans())),) if draw(st.booleans()) else ()
    return CallPlan(call_id="c", revision=1, legs=tuple(legs), recordings=recordings)


class PaperEngine:
    """Does steps at once, but may be told that a phone answers late or that a leg vanishes."""

    def __init__(self, *, has_caller: bool) -> None:
        self.stock = Stock()
        self.calls: list[str] = []
        if has_caller:
            mark = Mark(call_id="c", leg_id="caller")
            self.stock.legs["caller"] = Leg(mark, "ch", is_inbound=True, is_ours=True, status="ringing")

    def answer(self) -> None:
        for leg in self.stock.legs.values():
            leg.status, leg.is_ours = "up", True

    def vanish(self, leg_id: str) -> None:
        if self.stock.legs.pop(leg_id, None) is not None:
            self.stock.over.add(leg_id)
            for recording_id, recorded in self.stock.tapes.items():
                if recorded == leg_id:
                    self.stock.tapes[recording_id] = ""

    def do(self, step: Step) -> None:  # noqa: PLR0912 - one line for each kind of step
        stock = self.stock
        match step:
            case Call(leg=leg):
                assert leg.leg_id not in self.calls, "called twice"
                self.calls.append(leg.leg_id)
                stock.called.add(leg.leg_id)
                stock.legs[leg.leg_id] = Leg(Mark(call_id="c", leg_id=leg.leg_id), "ch")
            case Lose():
                stock.over.add(step.leg_id)
            case HangUp():
                self.vanish(step.leg_id)
            case Indicate():
                self.mark(step.leg_id, doing="ring", activity_id=step.activity_id)
            case Answer():
                stock.legs[step.leg_id].status = "up"
            case Begin():
                activity = step.activity
                word = doing(activity)
                self.mark(step.leg_id, doing=word, activity_id=activity.activity_id, is_done=word == "listen")
                stock.legs[step.leg_id].room = step.room
                if isinstance(activity, Talk):
                    self.mark(step.leg_id, is_muted=activity.is_muted)
            case Enter():
                stock.legs[step.leg_id].room = step.room
            case Mute():
                self.mark(step.leg_id, is_muted=step.is_muted)
            case Sound():
                stock.legs[step.leg_id].sounds = step.background
            case SendKeys():
                self.mark(step.leg_id, digits_id=step.keys_id)
            case StartTape():
                stock.tapes[step.recording_id] = step.leg_id
            case StopTape():
                stock.tapes[step.recording_id] = ""
            case EndTape():
                stock.tapes.pop(step.recording_id, None)
            case CloseRoom():
                stock.rooms.discard(step.room)

    def mark(self, leg_id: str, **changes: object) -> None:
        leg = self.stock.legs[leg_id]
        leg.mark = msgspec.structs.replace(leg.mark, **changes)

    def settle(self, plan: CallPlan) -> None:
        for _ in range(12):
            todo = steps(plan, self.stock)
            if not todo:
                return
            for step in todo:
                self.do(step)
        raise AssertionError(f"never settles: {steps(plan, self.stock)}")


happenings = st.lists(
    st.one_of(plans(), st.just("answer"), st.sampled_from(LEGS), st.just("forget rooms")), min_size=1, max_size=8
)


@settings(max_examples=150, deadline=None)
@given(happenings, st.booleans())
def test_plan_and_engine_agree_in_the_end_and_nobody_is_called_twice(things: list[object], has_caller: bool) -> None:
    engine = PaperEngine(has_caller=has_caller)
    plan = CallPlan(call_id="c", revision=1)
    for thing in things:
        match thing:
            case CallPlan():
                plan = thing
            case "answer":
                engine.answer()
            case "forget rooms":
                for leg in engine.stock.legs.values():
                    leg.room = ""
            case str():
                engine.vanish(thing)
        engine.settle(plan)
        assert engine.stock.legs.keys() <= {leg.leg_id for leg in plan.legs}
        for wanted in plan.legs:
            leg = engine.stock.legs.get(wanted.leg_id)
            if leg is not None and leg.is_ours and leg.status == "up" and isinstance(wanted.activity, Talk):
                assert (leg.room, leg.mark.is_muted) == (wanted.activity.room, wanted.activity.is_muted)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_after_our_own_death_nobody_who_was_called_is_called_again(plan: CallPlan) -> None:
    engine = PaperEngine(has_caller=True)
    engine.stock.called = set(LEGS)
    engine.settle(plan)
    assert engine.calls == []


def test_without_the_caller_nobody_else_is_called() -> None:
    legs = (
        LegPlan(leg_id="caller", role="caller", activity=Talk(activity_id="main")),
        LegPlan(leg_id="agent", role="agent", activity=Talk(activity_id="main"), dial=Dial(target="phone:x")),
    )
    assert steps(CallPlan(call_id="c", revision=1, legs=legs), Stock()) == [Lose("caller")]
