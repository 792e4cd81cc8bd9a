"""One advance of a flow in the making: goes from node to node until one waits, and gathers what is to be done."""

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
    Say,
    SearchKnowledge,
    Send,
    SetTimer,
    StartLookup,
    StartRecording,
    Transfer,
)
from core.flow.conditions import holds
from core.flow.state import (
    FROM_PERSON,
    MAX_HISTORY,
    MAX_VALUE_CHARS,
    MAX_VARIABLES,
    Awaiting,
    NearArticle,
    State,
    Visit,
)
from core.flow.steps import (
    MAX_TEXT_CHARS,
    NAME_PATTERN,
    AnswerStep,
    Asking,
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
    SendStep,
    SetStep,
    Step,
    TakeMessageStep,
    TransferStep,
)
from core.flow.templates import fill, fill_for_voice, localized

MAX_STEPS: Final = 200  # nodes entered without waiting, in one advance
INTER_KEY_S: Final = 4.0
NEAR_TIMEOUT_S: Final = 600.0  # for choosing among the nearest articles

_YES_NO: Final = {"yes": {"zh": "是", "en": "yes"}, "no": {"zh": "否", "en": "no"}}
_NAME: Final = re.compile(NAME_PATTERN)

_AWAITED: Final[dict[type[Step], Awaiting]] = {
    MenuStep: "choice",
    AskStep: "answer",
    RateStep: "grade",
    TakeMessageStep: "message",
    LookupStep: "lookup",
    AnswerStep: "knowledge",
    CalendarStep: "calendar",
    QueueStep: "queue",
    TransferStep: "transfer",
    SendStep: "send",
}


class Run:
    """What a ``State`` holds, open to change for the time of one advance, and the actions that come of it."""

    def __init__(self, flow: Flow, state: State) -> None:
        self.flow = flow
        self.actions: list[AnyAction] = []
        self.awaiting: Awaiting = state.awaiting
        self.turn = state.turn
        self.failures = state.failures
        self.unattended = state.unattended
        self.digits = state.digits
        self.score = state.score
        self.seeks_human = state.seeks_human
        self._near = state.near
        self._picked = state.picked
        self._reworded = state.reworded
        self._state = state
        self._node_id = state.node
        self._variables = dict(state.variables)
        self._history = list(state.history)

    @property
    def node(self) -> Node | None:
        """The present node; None when the flow has none of that name."""
        return self.flow.nodes.get(self._node_id)

    @property
    def options(self) -> Sequence[Option | Grade]:
        """What the person may choose from now."""
        node = self.node
        if isinstance(node, AnswerStep):
            return [
                Option(key=str(number), label={self._language(): one.title}, goto=node.goto)
                for number, one in enumerate(self._near, 1)
            ]
        return _options(node, self.awaiting)

    def result(self) -> tuple[State, tuple[AnyAction, ...]]:
        """Return the state as it is now and the actions so far."""
        state = msgspec.structs.replace(
            self._state,
            node=self._node_id,
            awaiting=self.awaiting,
            variables=self._variables,
            turn=self.turn,
            failures=self.failures,
            unattended=self.unattended,
            digits=self.digits,
            score=self.score,
            seeks_human=self.seeks_human,
            history=tuple(self._history[-MAX_HISTORY:]),
            near=self._near,
            picked=self._picked,
            reworded=self._reworded,
        )
        return state, tuple(self.actions)

    def put(self, name: str, value: str) -> None:
        """Keep a variable within the limits; surplus names and characters are dropped."""
        known = name in self._variables
        if known or (len(self._variables) < MAX_VARIABLES and _NAME.match(name)):
            self._variables[name] = encodable(value)[:MAX_VALUE_CHARS]

    def shown(self, names: Sequence[str]) -> dict[str, str]:
        """Return those of the named variables that hold something, by what agents call them."""
        language, titles = self.flow.languages[0], self.flow.variable_titles
        asks = (node for node in self.flow.nodes.values() if isinstance(node, AskStep) and node.kind == "yes_no")
        asked = {ask.variable for ask in asks}
        shown = {}
        for name in names:
            if value := self._variables.get(name):
                words = _YES_NO.get(value, {}) if name in asked else {}
                shown[titles.get(name, {}).get(language) or name] = words.get(language.partition("-")[0], value)
        return shown

    def note_choice(self, key: str) -> None:
        """Keep in the history which key was chosen at the present node."""
        self._history[-1:] = [Visit(node=self._node_id, key=key)]

    # -- going from node to node

    def walk(self, target: str) -> None:
        """Enter nodes until one waits or the flow ends."""
        following: str | None = target
        steps = 0
        while following is not None and steps < MAX_STEPS:
            following = self._enter(following)
            steps += 1
        if following is not None:
            self.go_to_human()

    def end(self, reason: str) -> None:
        """Wait for nothing any more."""
        self.awaiting = "nothing"
        self.digits = ""
        self.actions.append(End(reason=reason))

    def go_to_human(self) -> None:
        """Go where people are; when that way itself is broken, end."""
        if self.seeks_human or self.flow.human not in self.flow.nodes:
            self.end("broken")
            return
        self.seeks_human = True
        self.walk(self.flow.human)

    def _enter(self, target: str) -> str | None:
        """Do what a node says; return the next one, or None when it waits or ended."""
        node = self.flow.nodes.get(target)
        if node is None:
            self.go_to_human()
            return None
        self._node_id = target
        self.failures = 0
        self.digits = ""
        self._near, self._picked, self._reworded = (), "", ""
        self._history.append(Visit(node=target))
        match node:
            case SayStep():
                self.say(node.text, prompt=node.prompt, can_interrupt=node.can_interrupt)
                return node.goto
            case BranchStep():
                return next((case.goto for case in node.cases if holds(case.when, self._variables)), node.otherwise)
            case SetStep():
                values = {name: fill(template, self._variables) for name, template in node.values.items()}
                for name, value in values.items():
                    self.put(name, value)
                return node.goto
            case HandOverStep():
                self.awaiting = "nothing"
                self.actions.append(HandOver(flow=node.flow, node=node.node, variables=dict(self._variables)))
            case EndStep():
                self.say(node.text, prompt=node.prompt)
                self.end(node.reason)
            case MenuStep() | AskStep() | RateStep() | TakeMessageStep():
                self.prompt(node)
                self.wait(_AWAITED[type(node)])
            case QueueStep() | TransferStep():
                self.say(node.text, prompt=node.prompt)
                self.wait(_AWAITED[type(node)])
            case LookupStep() | AnswerStep() | CalendarStep() | SendStep():
                self.wait(_AWAITED[type(node)])
        return None

    # -- waiting

    def wait(self, awaiting: Awaiting) -> None:
        """Begin a new turn at the present node; answers to earlier ones are late from now on."""
        self.awaiting = awaiting
        self.turn += 1
        if awaiting in FROM_PERSON:
            self.seeks_human = False
        self.request()

    def request(self) -> None:
        """Ask for whatever the present node waits for."""
        match self.node, self.awaiting:
            case (Asking() as node, _) if self.awaiting in FROM_PERSON:
                self._request_from_person(node)
            case LookupStep() as node, "lookup":
                params = {name: fill(template, self._variables) for name, template in node.params.items()}
                self.actions.append(
                    StartLookup(connector=node.connector, params=params, timeout_s=node.timeout_s, turn=self.turn)
                )
            case AnswerStep() as node, "knowledge":
                question = self._reworded or fill(node.question, self._variables)
                self.actions.append(
                    SearchKnowledge(
                        question=question, article_id=self._picked, timeout_s=node.timeout_s, turn=self.turn
                    )
                )
            case AnswerStep(), "choice":
                self.actions.append(SetTimer(seconds=NEAR_TIMEOUT_S, turn=self.turn))
            case CalendarStep() as node, "calendar":
                self.actions.append(AskCalendar(calendar=node.calendar, turn=self.turn))
            case QueueStep() as node, "queue":
                self.actions.append(
                    Enqueue(
                        queue_id=node.queue_id,
                        turn=self.turn,
                        or_queues=node.or_queues,
                        priority=node.priority,
                        skills=dict(node.skills),
                        shown=self.shown(node.show),
                        agent=fill(node.agent, self._variables),
                    )
                )
            case TransferStep() as node, "transfer":
                self.actions.append(Transfer(number=fill(node.number, self._variables), turn=self.turn))
            case SendStep() as node, "send":
                self.actions.append(self._sent(node))
            case _:
                pass

    def _sent(self, node: SendStep) -> Send:
        """Return the order to send what ``node`` says; a template gets no secret answer."""
        language = self._language()
        secrets = {ask.variable for ask in self.flow.nodes.values() if isinstance(ask, AskStep) and ask.is_secret}
        open_variables = {name: value for name, value in self._variables.items() if name not in secrets}
        return Send(
            channel=node.channel,
            recipient=fill(node.recipient, self._variables),
            text=fill(localized(node.text, language), self._variables),
            subject=fill(localized(node.subject, language), self._variables),
            template_id=node.template_id,
            variables=open_variables if node.template_id else {},
            answers_follow=node.answers_follow,
            turn=self.turn,
        )

    def _request_from_person(self, node: Asking) -> None:
        """Have a recording or a timer started; an answer is asked for by what was said."""
        if self.awaiting == "message" and isinstance(node, TakeMessageStep) and self._is_voice():
            self.actions.append(StartRecording(max_s=node.max_voice_s, turn=self.turn))
        elif self.digits:
            self.actions.append(SetTimer(seconds=INTER_KEY_S, turn=self.turn))
        elif seconds := node.voice_timeout_s if self._is_voice() else node.timeout_s:
            self.actions.append(SetTimer(seconds=seconds, turn=self.turn))

    # -- the nearest articles

    def offer(self, node: AnswerStep, near: tuple[NearArticle, ...]) -> bool:
        """Let the person choose among articles; False where the step or the medium has no way to."""
        if not near or not any(node.near_text.values()) or self._is_voice():
            return False
        self._near, self._picked = near, ""
        choices = tuple(Choice(key=str(number), label=one.title) for number, one in enumerate(near, 1))
        self.say(node.near_text, choices=choices)
        self.wait("choice")
        return True

    def pick(self, key: str) -> None:
        """Have the chosen one of the offered articles told."""
        self._picked = self._near[int(key) - 1].article_id
        self._near = ()
        self.wait("knowledge")

    def search_again(self, question: str) -> None:
        """Look for an answer to other words than the step's own."""
        self._near, self._reworded = (), question[:MAX_VALUE_CHARS]
        self.wait("knowledge")

    # -- what is said

    def prompt(self, node: Asking, *, is_retry: bool = False) -> None:
        """Ask the question of ``node``, with its choices; after a wrong answer say first that it was."""
        options = _options(node, _AWAITED[type(node)])
        language = self._language()
        choices = tuple(Choice(key=option.key, label=localized(option.label, language)) for option in options)
        if is_retry:
            self.say(node.retry_text)
        self.say(node.text, choices=choices, prompt=node.prompt, may_say=isinstance(node, MenuStep) and node.is_spoken)

    def say(
        self,
        text: Mapping[str, str],
        *,
        choices: tuple[Choice, ...] = (),
        prompt: str = "",
        can_interrupt: bool = True,
        may_say: bool = False,
    ) -> None:
        """Say ``text`` in the person's language, if there is anything to say, show or play."""
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
                    may_say=may_say,
                )
            )

    def tell(self, words: str) -> None:
        """Say ``words`` as they are: they come from outside the flow, so nothing in them is filled in."""
        self.actions.append(Say(text=words[:MAX_TEXT_CHARS], language=self._language()))

    def _language(self) -> str:
        wanted = self._variables.get("language", "")
        known = self.flow.languages
        return next((language for language in (wanted, wanted.split("-")[0]) if language in known), known[0])

    def _is_voice(self) -> bool:
        return self._variables.get("medium") == "voice"


def encodable(text: str) -> str:
    """Return ``text`` without halves of surrogate pairs, which no encoder takes."""
    return text.encode("utf-8", "replace").decode()


def _options(node: Step | None, awaiting: Awaiting) -> Sequence[Option | Grade]:
    match node:
        case MenuStep():
            return node.choices
        case RateStep() if awaiting == "grade":
            return node.grades
        case _:
            return ()
