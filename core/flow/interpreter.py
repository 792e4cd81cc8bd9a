"""Runs a flow: pure functions from (flow, state, input) to (state, actions), bounded and total.

Whatever a person, a connector or the clock says leads to a legal state. Only a state of another flow or version is
the caller's mistake and a ValueError.
"""

from collections.abc import Mapping

from core.flow.actions import AnyAction
from core.flow.hearing import hear
from core.flow.inputs import (
    AnyInput,
    CalendarAnswered,
    Keyed,
    KnowledgeFound,
    LookedUp,
    PersonLeft,
    QueueLeft,
    Recorded,
    Said,
    SendTaken,
    TimedOut,
    TransferEnded,
)
from core.flow.learning import learn
from core.flow.run import Run
from core.flow.state import State
from core.flow.steps import Flow


def start(flow: Flow, context: Mapping[str, str], *, node: str = "") -> tuple[State, tuple[AnyAction, ...]]:
    """Return a new run of ``flow`` with the variables of ``context``, begun at ``node`` or at the flow's own start.

    ``language`` in the context chooses the texts, ``medium`` is ``voice`` for calls.
    """
    run = Run(flow, State(flow=flow.name, version=flow.version, node=flow.start))
    for name, value in context.items():
        run.put(name, value)
    run.walk(node if node in flow.nodes else flow.start)
    return run.result()


def advance(flow: Flow, state: State, given: AnyInput) -> tuple[State, tuple[AnyAction, ...]]:
    """Return what becomes of ``state`` after one input; late and meaningless inputs change nothing."""
    _check_same(flow, state)
    if state.is_over:
        return state, ()
    run = Run(flow, state)
    match given:
        case PersonLeft():
            run.end("left")
        case Said() | Keyed() | Recorded():
            hear(run, given)
        case (
            TimedOut()
            | LookedUp()
            | KnowledgeFound()
            | CalendarAnswered()
            | QueueLeft()
            | TransferEnded()
            | SendTaken()
        ) if given.turn == state.turn:
            learn(run, given)
        case _:
            pass
    return run.result()


def resume(flow: Flow, state: State) -> tuple[AnyAction, ...]:
    """Return the actions that ``state`` still waits for, to be repeated after a restart; nothing is said twice."""
    _check_same(flow, state)
    run = Run(flow, state)
    run.request()
    return tuple(run.actions)


def _check_same(flow: Flow, state: State) -> None:
    if (flow.name, flow.version) != (state.flow, state.version):
        raise ValueError(f"state of {state.flow} version {state.version} given to {flow.name} version {flow.version}")
