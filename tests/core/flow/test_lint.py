"""Every fault lint knows is found in a flow that has it, and the demo flows have none."""

from collections.abc import Callable
from typing import Any

import pytest

from core.flow import Flow, FlowFault, Surroundings, lint

FlowOf = Callable[..., Flow]

ZH = {"zh": "请说"}
SAY = {"step": "say", "text": ZH, "goto": "bye"}
ASK = {"step": "ask", "text": ZH, "variable": "x", "timeout_s": 60, "on_timeout": "bye", "goto": "bye"}


def menu(*choices: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"step": "menu", "text": ZH, "timeout_s": 60, "on_timeout": "bye", "choices": list(choices), **fields}


def choice(key: str, label: str = "", goto: str = "bye") -> dict[str, Any]:
    return {"key": key, "label": {"zh": label or f"选项{key}"}, "goto": goto}


def test_the_demo_flows_are_fit_to_be_published(hotline: Flow, rating: Flow) -> None:
    known = Surroundings(queues={"general"}, calendars={"office-hours"}, connectors=(), flows={})
    assert lint(hotline, known) == lint(rating, known) == ()


def test_a_sound_flow_has_no_faults(flow_of: FlowOf) -> None:
    assert lint(flow_of({"a": ASK})) == ()


FAULTY: dict[str, tuple[dict[str, Any], dict[str, Any], FlowFault]] = {
    "target": (
        {"a": {**ASK, "goto": "nowhere"}},
        {},
        FlowFault(code="target_unknown", node="a", params={"field": "goto", "target": "nowhere"}),
    ),
    "start": ({"a": ASK}, {"start": "b"}, FlowFault(code="target_unknown", params={"field": "start", "target": "b"})),
    "unreachable": ({"a": ASK, "s": SAY}, {}, FlowFault(code="node_unreachable", node="s")),
    "no human": ({"a": ASK}, {"human": ""}, FlowFault(code="no_way_to_person", params={"human": ""})),
    "human is no queue": ({"a": ASK}, {"human": "bye"}, FlowFault(code="no_way_to_person", params={"human": "bye"})),
    "no words": ({"a": ASK}, {"human_words": []}, FlowFault(code="no_way_to_person", params={"human_words": ""})),
    "person after question": (
        {
            "a": {**ASK, "goto": "b"},
            "b": {
                "step": "branch",
                "cases": [{"when": [{"variable": "x", "op": "set"}], "goto": "a"}],
                "otherwise": "people",
            },
        },
        {"human": "b"},
        FlowFault(code="person_after_question", node="a"),
    ),
    "loop": (
        {"s": {**SAY, "goto": "t"}, "t": {**SAY, "goto": "s"}},
        {},
        FlowFault(code="endless_loop", node="s", params={"nodes": "s, t"}),
    ),
    "loop of silence": (
        {"a": {**ASK, "on_timeout": "a"}},
        {},
        FlowFault(code="endless_loop", node="a", params={"nodes": "a"}),
    ),
    "empty": (
        {"a": {**ASK, "text": {"zh": " "}}},
        {},
        FlowFault(code="text_empty", node="a", params={"field": "text"}),
    ),
    "translation": (
        {"a": ASK},
        {"languages": ["zh", "en"]},
        FlowFault(code="translation_missing", node="a", params={"field": "text", "language": "en"}),
    ),
    "key": (
        {"m": menu(choice("1", "甲"), choice("1", "乙"))},
        {},
        FlowFault(code="key_duplicate", node="m", params={"key": "1"}),
    ),
    "word": (
        {"m": menu(choice("1", "社保"), choice("2", "社 保。"))},
        {},
        FlowFault(code="word_duplicate", node="m", params={"word": "社保"}),
    ),
    "zero": (
        {"m": menu(choice("0", "返回"))},
        {},
        FlowFault(code="key_reserved", node="m", params={"key": "0", "word": "0"}),
    ),
    "timeout": (
        {"a": {**ASK, "timeout_s": None}},
        {},
        FlowFault(code="timeout_missing", node="a", params={"field": "timeout_s"}),
    ),
    "way for silence": (
        {"a": {**ASK, "on_timeout": ""}},
        {},
        FlowFault(code="timeout_missing", node="a", params={"field": "on_timeout"}),
    ),
    "unset": (
        {"s": {**SAY, "text": {"zh": "{name}"}}},
        {},
        FlowFault(code="variable_unset", node="s", params={"variable": "name"}),
    ),
    "set on one way only": (
        {
            "m": menu(choice("1", "甲", "v"), choice("2", "乙", "s")),
            "v": {"step": "set", "values": {"n": "1"}, "goto": "s"},
            "s": {**SAY, "text": {"zh": "{n}"}},
        },
        {},
        FlowFault(code="variable_unset", node="s", params={"variable": "n"}),
    ),
    "secret": (
        {"a": {**ASK, "is_secret": True, "goto": "s"}, "s": {**SAY, "text": {"zh": "{x}"}}},
        {},
        FlowFault(code="secret_shown", node="s", params={"variable": "x"}),
    ),
    "bounds": (
        {"a": {**ASK, "min_length": 9, "max_length": 3}},
        {},
        FlowFault(code="bounds_empty", node="a", params={"field": "max_length"}),
    ),
}


@pytest.mark.parametrize("label", FAULTY)
def test_lint_finds_the_fault(flow_of: FlowOf, label: str) -> None:
    nodes, fields, fault = FAULTY[label]
    assert fault in lint(flow_of(nodes, **fields))


def test_a_branch_on_a_set_variable_makes_its_use_safe(flow_of: FlowOf) -> None:
    case = {"when": [{"variable": "name", "op": "set"}], "goto": "s"}
    branch = {"step": "branch", "cases": [case], "otherwise": "bye"}
    faults = lint(flow_of({"b": branch, "s": {**SAY, "text": {"zh": "{name}"}}}))
    assert "variable_unset" not in {fault.code for fault in faults}


def test_key_zero_may_lead_to_a_person(flow_of: FlowOf) -> None:
    assert lint(flow_of({"m": menu(choice("1"), choice("0", "人工", "people"))})) == ()


@pytest.mark.parametrize(
    ("node", "kind", "name"),
    [
        ({"step": "queue", "queue_id": "none"}, "queue", "none"),
        ({"step": "calendar", "calendar": "none", "open": "bye", "closed": "bye"}, "calendar", "none"),
        ({"step": "lookup", "connector": "none", "goto": "bye", "on_failure": "bye"}, "connector", "none"),
        ({"step": "hand_over", "flow": "none"}, "flow", "none"),
        ({"step": "hand_over", "flow": "rating", "node": "none"}, "node", "none"),
    ],
)
def test_lint_finds_references_to_nothing(flow_of: FlowOf, node: dict[str, Any], kind: str, name: str) -> None:
    known = Surroundings(queues={"general"}, calendars=(), connectors=(), flows={"rating": {"rate"}})
    faults = lint(flow_of({"n": node}), known)
    assert FlowFault(code="reference_unknown", node="n", params={"kind": kind, "name": name}) in faults
