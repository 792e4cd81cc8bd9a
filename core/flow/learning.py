"""Takes what machines and clocks answer: look-ups, calendars, queues, transfers, timers."""

from typing import Final

from core.flow.hearing import hear_nothing
from core.flow.inputs import CalendarAnswered, KnowledgeFound, LookedUp, QueueLeft, SendTaken, TimedOut, TransferEnded
from core.flow.run import Run
from core.flow.state import Awaiting
from core.flow.steps import AnswerStep, CalendarStep, LookupStep, QueueStep, SendStep, TransferStep

MAX_UNATTENDED: Final = 50  # answers by machines and clocks since a person last did something

_ANSWERS: Final[dict[Awaiting, type]] = {
    "lookup": LookedUp,
    "knowledge": KnowledgeFound,
    "calendar": CalendarAnswered,
    "queue": QueueLeft,
    "transfer": TransferEnded,
    "send": SendTaken,
}


def learn(
    run: Run, given: TimedOut | LookedUp | KnowledgeFound | CalendarAnswered | QueueLeft | TransferEnded | SendTaken
) -> None:
    """Take an answer that is not too late, if it is of the kind waited for."""
    if not isinstance(given, _ANSWERS.get(run.awaiting, TimedOut)):
        return
    run.unattended += 1
    if run.unattended > MAX_UNATTENDED:
        run.end("unattended")
        return
    match run.node, given:
        case _, TimedOut():
            hear_nothing(run)
        case LookupStep() as node, LookedUp():
            _take_lookup(run, node, given)
        case AnswerStep() as node, KnowledgeFound():
            _take_answer(run, node, given)
        case CalendarStep() as node, CalendarAnswered():
            ways = {"open": node.open, "closed": node.closed, "holiday": node.holiday or node.closed}
            run.walk(ways[given.situation])
        case QueueStep() as node, QueueLeft():
            reason = "served" if given.outcome == "served" else f"queue_{given.outcome}"
            _follow(run, node.on.get(given.outcome, ""), reason)
        case TransferStep() as node, TransferEnded():
            _follow(run, node.goto if given.is_answered else node.on_failure, "transferred")
        case SendStep() as node, SendTaken():
            run.walk(node.goto if given.is_taken or not node.on_failure else node.on_failure)
        case _:
            pass


def _take_lookup(run: Run, node: LookupStep, given: LookedUp) -> None:
    if given.status == "found":
        for field, name in node.results.items():
            run.put(name, given.values.get(field, ""))
        run.walk(node.goto)
    else:
        run.walk(node.on_missing if given.status == "missing" and node.on_missing else node.on_failure)


def _take_answer(run: Run, node: AnswerStep, given: KnowledgeFound) -> None:
    if given.status != "found" or not given.text:
        if not run.offer(node, given.near):
            run.walk(node.on_unsure)
        return
    if node.variable:
        run.put(node.variable, given.title)
    run.tell(given.text)
    run.walk(node.goto)


def _follow(run: Run, target: str, reason: str) -> None:
    """Go on at ``target``, or end where there is none."""
    if target:
        run.walk(target)
    else:
        run.end(reason)
