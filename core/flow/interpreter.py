"""Runs a flow: pure functions from (flow, state, input) to (state, actions), bounded and total.

Whatever a person, a connector or the clock says leads to a legal state. Only a state of another flow or version is
the caller's mistake and a ValueError.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from core.events import Choice
from core.flow.actions import (
    AnyAction,
    AskCalendar,
    End,
    Enqueue,
    HandOver,
    Rated,
    Say,
    SetTimer,
    StartLookup,
    StartRecording,
    TakeMessage,
    Transfer,
)
from core.flow.answers import accepted
from core.flow.conditions import holds
from core.flow.inputs import (
    AnyInput,
    CalendarAnswered,
    Keyed,
    LookedUp,
    PersonLeft,
    QueueLeft,
    Recorded,
    Said,
    TimedOut,
    TransferEnded,
)
from core.flow.matching import asks_for_human, chosen
from core.flow.state import FROM_PERSON, MAX_HISTORY, MAX_VALUE_CHARS, MAX_VARIABLES, Awaiting, State, Visit
from core.flow.steps import (
    MAX_TEXT_CHARS,
    NAME_PATTERN,
    AskStep,
    BranchStep,
    CalendarStep,
    EndStep,
    Flow,
    Grade,
    HandOverStep,
    LookupStep,
    MenuStep,
    Node,
    Option,
    QueueStep,
    RateStep,
    SayStep,
    SetStep,
    TakeMessageStep,
    TransferStep,
)
from core.flow.templates import fill, fill_for_voice, localized

SYSTEM_VARIABLES: Final = frozenset({"language", "medium", "said"})

MAX_STEPS: Final = 200  # nodes entered without waiting, in one advance
MAX_UNATTENDED: Final = 50  # answers by machines and clocks since a person last did something
MAX_KEYS: Final = 32  # pressed in one input
INTER_KEY_S: Final = 4.0
MIN_MESSAGE_S: Final = 1.0

_NAME: Final = re.compile(NAME_PATTERN)
_FULL_LENGTHS: Final = {"id_number": 18, "date": 8, "yes_no": 1}

_AWAITED: Final[dict[type, Awaiting]] = {
    MenuStep: "choice",
    AskStep: "answer",
    RateStep: "grade",
    TakeMessageStep: "message",
    LookupStep: "lookup",
    CalendarStep: "calendar",
    QueueStep: "queue",
    TransferStep: "transfer",
}

_ANSWERS: Final[dict[Awaiting, type]] = {
    "lookup": LookedUp,
    "calendar": CalendarAnswered,
    "queue": QueueLeft,
    "transfer": TransferEnded,
}

_WaitingStep = AskStep | MenuStep | RateStep | TakeMessageStep


def start(flow: Flow, context: Mapping[str, str], *, node: str = "") -> tuple[State, tuple[AnyAction, ...]]:
    """Return a new run of ``flow`` with the variables of ``context``, begun at ``node`` or at the flow's own start.

    ``language`` in the context chooses the texts, ``medium`` is ``voice`` for calls.
    """
    run = _Run(flow, State(flow=flow.name, version=flow.version, node=flow.start))
    for name, value in context.items():
        run.put(name, value)
    run.walk(node if node in flow.nodes else flow.start)
    return run.result()


def advance(flow: Flow, state: State, given: AnyInput) -> tuple[State, tuple[AnyAction, ...]]:
    """Return what becomes of ``state`` after one input; late and meaningless inputs change nothing."""
    _check_same(flow, state)
    if state.is_over:
        return state, ()
    run = _Run(flow, state)
    match given:
        case PersonLeft():
            run.end("left")
        case Said() | Keyed() | Recorded():
            run.hear(given)
        case TimedOut() | LookedUp() | CalendarAnswered() | QueueLeft() | TransferEnded() if given.turn == state.turn:
            run.learn(given)
        case _:
            pass
    return run.result()


def resume(flow: Flow, state: State) -> tuple[AnyAction, ...]:
    """Return the actions that ``state`` still waits for, to be repeated after a restart; nothing is said twice."""
    _check_same(flow, state)
    run = _Run(flow, state)
    run.request()
    return tuple(run.actions)


def _check_same(flow: Flow, state: State) -> None:
    if (flow.name, flow.version) != (state.flow, state.version):
        raise ValueError(f"state of {state.flow} version {state.version} given to {flow.name} version {flow.version}")


class _Run:
    """One advance in the making; the only owner of its mutable parts."""

    def __init__(self, flow: Flow, state: State) -> None:
        self.flow = flow
        self.actions: list[AnyAction] = []
        self._state = state
        self._variables = dict(state.variables)
        self._history = list(state.history)
        self._node = state.node
        self._awaiting: Awaiting = state.awaiting
        self._turn = state.turn
        self._failures = state.failures
        self._unattended = state.unattended
        self._digits = state.digits
        self._score = state.score
        self._seeks_human = state.seeks_human

    def result(self) -> tuple[State, tuple[AnyAction, ...]]:
        state = msgspec.structs.replace(
            self._state,
            node=self._node,
            awaiting=self._awaiting,
            variables=self._variables,
            turn=self._turn,
            failures=self._failures,
            unattended=self._unattended,
            digits=self._digits,
            score=self._score,
            seeks_human=self._seeks_human,
            history=tuple(self._history[-MAX_HISTORY:]),
        )
        return state, tuple(self.actions)

    def put(self, name: str, value: str) -> None:
        """Keep a variable within the limits; surplus names and characters are dropped."""
        known = name in self._variables
        if known or (len(self._variables) < MAX_VARIABLES and _NAME.match(name)):
            self._variables[name] = _clean(value)[:MAX_VALUE_CHARS]

    # -- going from node to node

    def walk(self, target: str) -> None:
        """Enter nodes until one waits or the flow ends."""
        following: str | None = target
        steps = 0
        while following is not None and steps < MAX_STEPS:
            following = self._enter(following)
            steps += 1
        if following is not None:
            self._go_to_human()

    def end(self, reason: str) -> None:
        self._awaiting = "nothing"
        self._digits = ""
        self.actions.append(End(reason=reason))

    def _go_to_human(self) -> None:
        """Go where people are; when that way itself is broken, end."""
        if self._seeks_human or self.flow.human not in self.flow.nodes:
            self.end("broken")
            return
        self._seeks_human = True
        self.walk(self.flow.human)

    def _enter(self, target: str) -> str | None:
        """Do what a node says; return the next one, or None when it waits or ended."""
        node = self.flow.nodes.get(target)
        if node is None:
            self._go_to_human()
            return None
        self._node = target
        self._failures = 0
        self._digits = ""
        self._history.append(Visit(node=target))
        match node:
            case SayStep():
                self._say(node.text, prompt=node.prompt, can_interrupt=node.can_interrupt)
                return node.goto
            case BranchStep():
                return next((case.goto for case in node.cases if holds(case.when, self._variables)), node.otherwise)
            case SetStep():
                values = {name: fill(template, self._variables) for name, template in node.values.items()}
                for name, value in values.items():
                    self.put(name, value)
                return node.goto
            case HandOverStep():
                self._awaiting = "nothing"
                self.actions.append(HandOver(flow=node.flow, node=node.node, variables=dict(self._variables)))
            case EndStep():
                self._say(node.text, prompt=node.prompt)
                self.end(node.reason)
            case MenuStep() | AskStep() | RateStep() | TakeMessageStep():
                self._prompt(node)
                self._wait(_awaited(node))
            case QueueStep() | TransferStep():
                self._say(node.text, prompt=node.prompt)
                self._wait(_awaited(node))
            case LookupStep() | CalendarStep():
                self._wait(_awaited(node))
        return None

    def _wait(self, awaiting: Awaiting) -> None:
        self._awaiting = awaiting
        self._turn += 1
        if awaiting in FROM_PERSON:
            self._seeks_human = False
        self.request()

    def request(self) -> None:
        """Ask for whatever the present node waits for."""
        node = self.flow.nodes.get(self._node)
        match node, self._awaiting:
            case ((MenuStep() | AskStep() | RateStep() | TakeMessageStep()), _) if self._awaiting in FROM_PERSON:
                if self._awaiting == "message" and isinstance(node, TakeMessageStep) and self._is_voice():
                    self.actions.append(StartRecording(max_s=node.max_voice_s, turn=self._turn))
                elif self._digits:
                    self.actions.append(SetTimer(seconds=INTER_KEY_S, turn=self._turn))
                elif seconds := node.voice_timeout_s if self._is_voice() else node.timeout_s:
                    self.actions.append(SetTimer(seconds=seconds, turn=self._turn))
            case LookupStep(), "lookup":
                params = {name: fill(template, self._variables) for name, template in node.params.items()}
                self.actions.append(
                    StartLookup(connector=node.connector, params=params, timeout_s=node.timeout_s, turn=self._turn)
                )
            case CalendarStep(), "calendar":
                self.actions.append(AskCalendar(calendar=node.calendar, turn=self._turn))
            case QueueStep(), "queue":
                self.actions.append(
                    Enqueue(
                        queue_id=node.queue_id,
                        turn=self._turn,
                        priority=node.priority,
                        skills=dict(node.skills),
                        shown=self._shown(node.show),
                    )
                )
            case TransferStep(), "transfer":
                self.actions.append(Transfer(number=fill(node.number, self._variables), turn=self._turn))
            case _:
                pass

    # -- what people do

    def hear(self, given: Said | Keyed | Recorded) -> None:
        """Take what a person did; while a machine is asked, only the wish for a person counts."""
        if self._awaiting in {"lookup", "calendar"} and not self._seeks_human:
            if self._wants_human(given):
                self._unattended = 0
                self._go_to_human()
            return
        if self._awaiting not in FROM_PERSON:
            return
        self._unattended = 0
        match given:
            case Keyed():
                for key in [char for char in given.digits[: MAX_KEYS * 4] if char in "0123456789*#"][:MAX_KEYS]:
                    if self._awaiting in FROM_PERSON:
                        self._press(key)
            case Said():
                self._listen(given)
            case Recorded() if given.turn == self._turn:
                self._take_recording(given)
            case Recorded():
                pass

    def _listen(self, given: Said) -> None:
        node = self.flow.nodes.get(self._node)
        text = _clean(given.text).strip()[:MAX_TEXT_CHARS]
        options = _options(node, self._awaiting)
        pressed = next((option for option in options if option.key == given.choice), None)
        option = pressed or chosen(text, options)
        if text and not (isinstance(node, AskStep) and node.is_secret):
            self.put("said", text)
        if self._wants_human(given) and not (option and option.key == "0"):
            self._go_to_human()
        elif option:
            self._choose(option)
        elif isinstance(node, TakeMessageStep) and (text or given.media_ids):
            self._take_message(node, text, given.media_ids[:20])
        elif isinstance(node, RateStep) and self._awaiting == "comment":
            self._take_comment(node, text)
        elif isinstance(node, AskStep) and (value := accepted(node, text)) is not None:
            self.put(node.variable, value)
            self.walk(node.goto)
        else:
            self._fail(is_silent=False)

    def _press(self, key: str) -> None:
        """Take one key of a phone: at once where nothing longer can follow, else after a pause or ``#``."""
        node = self.flow.nodes.get(self._node)
        options = _options(node, self._awaiting)
        if self._awaiting in {"message", "comment"}:
            if key == "0" and self._wants_human(Keyed(digits=key)):
                self._go_to_human()
            elif key == "#" and isinstance(node, RateStep):
                self.walk(node.goto)
            return
        if isinstance(node, AskStep) and key in "*#":
            if key == "#":
                self._finish_keys()
                return
            key = {"id_number": "X", "number": "."}.get(node.kind, "")
            self._digits = self._digits if key else ""
        self._digits += key
        if options:
            is_whole = not any(option.key.startswith(self._digits) and option.key != self._digits for option in options)
        else:
            is_whole = isinstance(node, AskStep) and len(self._digits) >= _full_length(node)
        if is_whole:
            self._finish_keys()
        else:
            self._turn += 1
            self.request()

    def _finish_keys(self) -> None:
        """Take the keys pressed so far as the whole answer."""
        keys, self._digits = self._digits, ""
        node = self.flow.nodes.get(self._node)
        options = _options(node, self._awaiting)
        option = next((option for option in options if option.key in {keys, keys.removesuffix("#")}), None)
        if option:
            self._choose(option)
        elif keys and self._wants_human(Keyed(digits=keys)):
            self._go_to_human()
        elif isinstance(node, AskStep) and (value := accepted(node, keys)) is not None:
            self.put(node.variable, value)
            self.walk(node.goto)
        else:
            self._fail(is_silent=not keys)

    def _wants_human(self, given: Said | Keyed | Recorded) -> bool:
        if self.flow.human not in self.flow.nodes:
            return False
        match given:
            case Said():
                said = (given.text, given.choice or "")
            case Keyed():
                said = (given.digits, "")
            case Recorded():
                return False
        return any(asks_for_human(text, self.flow.human_words) for text in said if text)

    def _choose(self, option: Option | Grade) -> None:
        node = self.flow.nodes[self._node]
        self._history[-1:] = [Visit(node=self._node, key=option.key)]
        match node, option:
            case MenuStep(), Option():
                if node.variable:
                    self.put(node.variable, option.key)
                self.walk(option.goto)
            case RateStep(), Grade():
                self._score = option.score
                if node.variable:
                    self.put(node.variable, str(option.score))
                self.actions.append(Rated(score=option.score, best=_best(node)))
                if node.comment_text and option.score <= node.comment_up_to:
                    self._say(node.comment_text)
                    self._wait("comment")
                else:
                    self.walk(node.goto)
            case _:
                pass

    def _take_comment(self, node: RateStep, text: str) -> None:
        if text:
            self.actions.append(Rated(score=self._score, best=_best(node), comment=text))
        self.walk(node.goto)

    def _take_message(self, node: TakeMessageStep, text: str, media_ids: tuple[str, ...]) -> None:
        if node.variable:
            self.put(node.variable, text)
        self.actions.append(
            TakeMessage(
                queue_id=node.queue_id,
                text=text,
                media_ids=media_ids,
                priority=node.priority,
                skills=dict(node.skills),
                shown=self._shown(node.show),
            )
        )
        self.walk(node.goto)

    def _take_recording(self, given: Recorded) -> None:
        node = self.flow.nodes.get(self._node)
        if isinstance(node, TakeMessageStep):
            if given.media_id and given.length_s >= MIN_MESSAGE_S:
                self._take_message(node, "", (given.media_id,))
            else:
                self._fail(is_silent=True)

    def _fail(self, *, is_silent: bool) -> None:
        """Ask again, or go on when all tries are used up."""
        node = self.flow.nodes.get(self._node)
        if not isinstance(node, _WaitingStep):
            self._go_to_human()
            return
        self._failures += 1
        self._digits = ""
        if self._failures <= node.retries:
            self._prompt(node, is_retry=not is_silent)
            self._wait(self._awaiting)
        elif target := node.on_timeout if is_silent else node.otherwise:
            self.walk(target)
        elif is_silent:
            self.end("timed_out")
        else:
            self._go_to_human()

    # -- what machines and clocks answer

    def learn(self, given: TimedOut | LookedUp | CalendarAnswered | QueueLeft | TransferEnded) -> None:
        """Take an answer that is not too late, if it is of the kind waited for."""
        if not isinstance(given, _ANSWERS.get(self._awaiting, TimedOut)):
            return
        self._unattended += 1
        if self._unattended > MAX_UNATTENDED:
            self.end("unattended")
            return
        match self.flow.nodes.get(self._node), given:
            case _, TimedOut():
                self._take_silence()
            case LookupStep() as node, LookedUp():
                self._take_lookup(node, given)
            case CalendarStep() as node, CalendarAnswered():
                ways = {"open": node.open, "closed": node.closed, "holiday": node.holiday or node.closed}
                self.walk(ways[given.situation])
            case QueueStep() as node, QueueLeft():
                reason = "served" if given.outcome == "served" else f"queue_{given.outcome}"
                self._follow(node.on.get(given.outcome, ""), reason)
            case TransferStep() as node, TransferEnded():
                self._follow(node.goto if given.is_answered else node.on_failure, "transferred")
            case _:
                pass

    def _take_silence(self) -> None:
        node = self.flow.nodes.get(self._node)
        if isinstance(node, RateStep) and self._awaiting == "comment":
            self.walk(node.goto)
        elif self._digits:
            self._finish_keys()
        else:
            self._fail(is_silent=True)

    def _follow(self, target: str, reason: str) -> None:
        """Go on at ``target``, or end where there is none."""
        if target:
            self.walk(target)
        else:
            self.end(reason)

    def _take_lookup(self, node: LookupStep, given: LookedUp) -> None:
        if given.status == "found":
            for field, name in node.results.items():
                self.put(name, given.values.get(field, ""))
            self.walk(node.goto)
        else:
            self.walk(node.on_missing if given.status == "missing" and node.on_missing else node.on_failure)

    # -- what is said

    def _prompt(self, node: _WaitingStep, *, is_retry: bool = False) -> None:
        options = _options(node, _awaited(node))
        choices = tuple(Choice(key=option.key, label=localized(option.label, self._language())) for option in options)
        if is_retry:
            self._say(node.retry_text)
        self._say(node.text, choices=choices, prompt=node.prompt)

    def _say(
        self, text: Mapping[str, str], *, choices: tuple[Choice, ...] = (), prompt: str = "", can_interrupt: bool = True
    ) -> None:
        language = self._language()
        words, readings = fill_for_voice(localized(text, language), self._variables)
        if words or choices or prompt:
            self.actions.append(
                Say(
                    text=words,
                    choices=choices,
                    language=language,
                    prompt=prompt,
                    readings=readings,
                    can_interrupt=can_interrupt,
                )
            )

    def _language(self) -> str:
        wanted = self._variables.get("language", "")
        known = self.flow.languages
        return next((language for language in (wanted, wanted.split("-")[0]) if language in known), known[0])

    def _is_voice(self) -> bool:
        return self._variables.get("medium") == "voice"

    def _shown(self, names: Sequence[str]) -> dict[str, str]:
        return {name: self._variables[name] for name in names if self._variables.get(name)}


def _awaited(node: Node) -> Awaiting:
    """Return what ``node`` waits for when it is entered."""
    return _AWAITED.get(type(node), "nothing")


def _options(node: Node | None, awaiting: Awaiting) -> Sequence[Option | Grade]:
    match node:
        case MenuStep():
            return node.choices
        case RateStep() if awaiting == "grade":
            return node.grades
        case _:
            return ()


def _full_length(node: AskStep) -> int:
    """Return how many keys are certainly the whole answer."""
    return node.max_length if node.kind == "digits" else _FULL_LENGTHS.get(node.kind, 32)


def _best(node: RateStep) -> int:
    return max(grade.score for grade in node.grades)


def _clean(text: str) -> str:
    """Return ``text`` without halves of surrogate pairs, which no encoder takes."""
    return text.encode("utf-8", "replace").decode()
