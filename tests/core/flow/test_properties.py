"""Random flows and random people: nothing raises, nothing runs on for ever, a person is always in reach."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.flow import (
    AnyInput,
    AskCalendar,
    CalendarAnswered,
    Enqueue,
    Flow,
    Keyed,
    KnowledgeFound,
    LookedUp,
    NearArticle,
    PersonLeft,
    QueueLeft,
    Recorded,
    Said,
    SearchKnowledge,
    SendTaken,
    StartLookup,
    State,
    TimedOut,
    TransferEnded,
    advance,
    decode_flow,
    lint,
    resume,
    start,
)
from core.flow.state import FROM_PERSON, MAX_HISTORY, MAX_VALUE_CHARS, MAX_VARIABLES

MODERATE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

ids = st.sampled_from([f"n{index}" for index in range(8)])
targets = st.one_of(ids, st.sampled_from(["people", "bye"]))
optional = st.one_of(st.just(""), targets)
variables = st.sampled_from(["a", "b", "said"])
templates = st.sampled_from(["", "1", "{a}", "{b:digits} x {a}", "{said}{said}"])
texts = st.fixed_dictionaries({"zh": st.sampled_from(["请说", "{a}", "{said}", "您好 {b:amount}"])})
keys = st.sampled_from(["0", "1", "2", "12", "#", "*"])
labels = st.fixed_dictionaries({"zh": st.sampled_from(["社保", "供热", "人工", "一"])})


def step(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"step": st.just(name), **fields})


asking: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "retries": st.integers(0, 3),
    "timeout_s": st.one_of(st.none(), st.just(60)),
    "on_timeout": optional,
    "otherwise": optional,
}
comparisons = st.fixed_dictionaries(
    {
        "variable": variables,
        "op": st.sampled_from(["eq", "ne", "lt", "ge", "in", "starts_with", "set", "unset"]),
        "value": templates,
    }
)
kinds = st.sampled_from(["text", "digits", "number", "date", "phone", "id_number", "email", "yes_no"])
options = st.lists(st.fixed_dictionaries({"key": keys, "label": labels, "goto": targets}), min_size=1, max_size=4)
grades = st.lists(
    st.fixed_dictionaries({"key": keys, "label": labels, "score": st.integers(1, 5)}), min_size=2, max_size=4
)
cases = st.lists(
    st.fixed_dictionaries({"when": st.lists(comparisons, min_size=1, max_size=2), "goto": targets}),
    min_size=1,
    max_size=3,
)
ends = st.dictionaries(st.sampled_from(["served", "full", "closed", "timed_out"]), targets)

nodes = st.one_of(
    step("say", text=texts, goto=targets),
    step("ask", **asking, variable=variables, kind=kinds, goto=targets),
    step("menu", **asking, choices=options),
    step("branch", cases=cases, otherwise=targets),
    step("set", values=st.dictionaries(variables, templates, min_size=1), goto=targets),
    step("lookup", connector=st.just("c"), goto=targets, on_failure=targets, results=st.just({"f": "a"})),
    step(
        "answer",
        question=templates,
        goto=targets,
        on_unsure=targets,
        near_text=st.one_of(st.just({}), texts),
        variable=st.one_of(st.just(""), variables),
    ),
    step("calendar", calendar=st.just("c"), open=targets, closed=targets),
    step("queue", queue_id=st.just("q"), show=st.lists(variables), on=ends),
    step("take_message", **asking, queue_id=st.just("q"), goto=targets),
    step("rate", **asking, grades=grades, goto=targets, comment_text=st.one_of(st.just({}), texts)),
    step("send", channel=st.just("tel"), recipient=templates, text=texts, goto=targets, on_failure=optional),
    step("transfer", number=templates, on_failure=targets, goto=optional),
    step("hand_over", flow=st.just("other")),
    step("end", text=texts),
)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Draw a decodable flow; some of its targets do not exist."""
    graph = draw(st.dictionaries(ids, nodes, min_size=1, max_size=8))
    graph["people"] = {"step": "queue", "queue_id": "general"}
    graph["bye"] = {"step": "end"}
    human = draw(st.sampled_from(["people", "", *graph]))
    raw = {"name": "drawn", "version": 7, "start": next(iter(graph)), "human": human, "languages": ["zh"]}
    return decode_flow(msgspec.json.encode({**raw, "nodes": graph}))


@st.composite
def sound_flows(draw: st.DrawFn) -> Flow:
    """Draw a flow that lint passes: asking nodes in a row, with a way to people that first looks at a calendar."""
    count = draw(st.integers(1, 5))
    graph: dict[str, Any] = {
        "hours": {"step": "calendar", "calendar": "c", "open": "people", "closed": "bye"},
        "people": {"step": "queue", "queue_id": "general"},
        "bye": {"step": "end"},
    }
    for index in range(count):
        following = f"n{index + 1}" if index + 1 < count else "bye"
        waiting = {"text": {"zh": "请说"}, "timeout_s": 60, "on_timeout": "bye", "goto": following}
        choice = {"key": "1", "label": {"zh": "社保"}, "goto": following}
        graph[f"n{index}"] = draw(
            st.sampled_from(
                [
                    {**waiting, "step": "ask", "variable": "a", "kind": draw(kinds)},
                    {**waiting, "step": "take_message", "queue_id": "q"},
                    {key: value for key, value in waiting.items() if key != "goto"}
                    | {"step": "menu", "choices": [choice]},
                    {
                        **waiting,
                        "step": "rate",
                        "comment_text": {"zh": "为什么"},
                        "grades": [
                            {"key": "1", "label": {"zh": "好"}, "score": 2},
                            {"key": "2", "label": {"zh": "不好"}, "score": 1},
                        ],
                    },
                ]
            )
        )
    raw = {"name": "sound", "start": "n0", "human": "hours", "languages": ["zh"], "nodes": graph}
    return decode_flow(msgspec.json.encode(raw))


turns = st.integers(0, 12)
words = st.one_of(
    st.sampled_from(["人工", "0", "1", "一", "社保", "{a}", "2026-01-01", "13800138000", "\ud800", "长" * 9_000]),
    st.text(),
)
values = st.dictionaries(st.sampled_from(["f", "a", "b"]), words)
inputs: st.SearchStrategy[AnyInput] = st.one_of(
    st.builds(Said, text=words, choice=st.one_of(st.none(), keys, words), media_ids=st.just(())),
    st.builds(Keyed, digits=st.text(alphabet="0123456789*#a", max_size=40)),
    st.builds(Recorded, media_id=st.just("m"), length_s=st.floats(), turn=turns),
    st.builds(TimedOut, turn=turns),
    st.builds(LookedUp, turn=turns, status=st.sampled_from(["found", "missing", "failed"]), values=values),
    st.builds(
        KnowledgeFound,
        turn=turns,
        status=st.sampled_from(["found", "unsure", "failed"]),
        text=words,
        near=st.sampled_from(
            [(), (NearArticle(article_id="a1", title="社保"), NearArticle(article_id="a2", title="0"))]
        ),
    ),
    st.builds(CalendarAnswered, turn=turns, situation=st.sampled_from(["open", "closed", "holiday"])),
    st.builds(QueueLeft, turn=turns, outcome=st.sampled_from(["served", "full", "closed", "timed_out"])),
    st.builds(SendTaken, turn=turns, is_taken=st.booleans()),
    st.builds(TransferEnded, turn=turns, is_answered=st.booleans()),
    st.builds(PersonLeft),
)


def with_turn(given_input: AnyInput, state: State, *, is_late: bool) -> AnyInput:
    """Return the input as the answer to the present turn, or as drawn."""
    if is_late or not hasattr(given_input, "turn"):
        return given_input
    return msgspec.structs.replace(given_input, turn=state.turn)


@MODERATE
@given(flows(), values, st.lists(st.tuples(inputs, st.booleans()), max_size=25))
def test_any_flow_takes_any_input_the_same_way_twice_and_across_a_restart(
    flow: Flow, context: dict[str, str], drawn: list[tuple[AnyInput, bool]]
) -> None:
    state, actions = start(flow, context)
    for given_input, is_late in drawn:
        answer = with_turn(given_input, state, is_late=is_late)
        restored = msgspec.json.decode(msgspec.json.encode(state), type=State)
        assert restored == state
        state, actions = advance(flow, state, answer)
        assert advance(flow, restored, answer) == (state, actions)
        msgspec.json.encode(actions)
        resume(flow, state)
        assert len(actions) <= 1_000
        assert len(state.history) <= MAX_HISTORY
        assert len(state.variables) <= MAX_VARIABLES
        assert all(len(value) <= MAX_VALUE_CHARS for value in state.variables.values())


@MODERATE
@given(flows())
def test_lint_judges_any_flow_without_raising_and_always_the_same_way(flow: Flow) -> None:
    assert lint(flow) == lint(flow)


def reaches_person(flow: Flow, state: State, wish: AnyInput) -> bool:
    """Tell whether ``wish`` leads to a queue, calendars being open and lookups answered."""
    state, actions = advance(flow, state, wish)
    for _ in range(10):
        match actions[-1]:
            case Enqueue():
                return True
            case AskCalendar(turn=turn):
                state, actions = advance(flow, state, CalendarAnswered(turn=turn, situation="open"))
            case StartLookup(turn=turn):
                state, actions = advance(flow, state, LookedUp(turn=turn, status="found"))
            case SearchKnowledge(turn=turn):
                state, actions = advance(flow, state, KnowledgeFound(turn=turn, status="unsure"))
            case _:
                return False
    return False


@MODERATE
@given(sound_flows(), st.lists(st.tuples(inputs, st.booleans()), max_size=10))
def test_a_person_is_in_reach_wherever_a_flow_without_faults_waits_for_input(
    flow: Flow, drawn: list[tuple[AnyInput, bool]]
) -> None:
    assert lint(flow) == ()
    state, _ = start(flow, {})
    for given_input, is_late in drawn:
        if state.awaiting in FROM_PERSON:
            for wish in (Said(text="人工"), Said(text="0"), Said(text="Agent!"), Said(choice="0")):
                assert reaches_person(flow, state, wish)
        state, _ = advance(flow, state, with_turn(given_input, state, is_late=is_late))


@MODERATE
@given(flows(), st.integers(0, 3))
def test_a_flow_nobody_answers_comes_to_an_end(flow: Flow, pick: int) -> None:
    state, _ = start(flow, {})
    assume(not state.is_over)
    for _ in range(60):
        silent: dict[str, AnyInput] = {
            "lookup": LookedUp(turn=state.turn, status=("found", "missing", "failed", "found")[pick]),
            "knowledge": KnowledgeFound(turn=state.turn, status=("found", "unsure", "failed", "found")[pick], text="x"),
            "calendar": CalendarAnswered(turn=state.turn, situation=("open", "closed", "holiday", "open")[pick]),
            "queue": QueueLeft(turn=state.turn, outcome=("served", "full", "closed", "timed_out")[pick]),
            "send": SendTaken(turn=state.turn, is_taken=pick % 2 == 0),
            "transfer": TransferEnded(turn=state.turn, is_answered=pick % 2 == 0),
        }
        state, _ = advance(flow, state, silent.get(state.awaiting, TimedOut(turn=state.turn)))
    assert state.is_over
