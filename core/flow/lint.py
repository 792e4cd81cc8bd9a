"""Finds what would go wrong in a flow before it is published."""

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from core.flow.matching import names, plain
from core.flow.state import SYSTEM_VARIABLES
from core.flow.steps import (
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
    TakeMessageStep,
    TransferStep,
    targets,
)
from core.flow.templates import names_in

_ANSWERED_BY_A_PERSON: Final = ("choices", "goto", "otherwise")  # the ways out of an asking step that need input
_TRUE_ONLY_WHEN_SET: Final = frozenset({"eq", "in", "starts_with", "lt", "le", "gt", "ge", "set"})


class FlowFault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault: a stable ``code``, the node (empty: the flow itself) and the values for its sentence."""

    code: str
    node: str = ""
    params: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What exists around a flow; None leaves that unchecked. ``flows`` maps names to their node ids."""

    queues: Collection[str] | None = None
    calendars: Collection[str] | None = None
    connectors: Collection[str] | None = None
    connector_params: Mapping[str, Collection[str]] | None = None  # what each connector cannot be asked without
    flows: Mapping[str, Collection[str]] | None = None
    channels: Collection[str] | None = None  # schemes and instances that can write first
    templates: Collection[str] | None = None


def lint(flow: Flow, surroundings: Surroundings = Surroundings()) -> tuple[FlowFault, ...]:
    """Return all faults of ``flow``; only one without any is fit to be published.

    Codes: ``target_unknown``, ``reference_unknown``, ``param_missing``, ``node_unreachable``, ``no_way_to_person``,
    ``person_after_question``, ``endless_loop``, ``text_empty``, ``translation_missing``, ``key_duplicate``,
    ``word_duplicate``, ``key_reserved``, ``timeout_missing``, ``variable_unset``, ``secret_shown``, ``bounds_empty``.
    """
    return (
        *_target_faults(flow),
        *_reference_faults(flow, surroundings),
        *_param_faults(flow, surroundings),
        *_reach_faults(flow),
        *_human_faults(flow),
        *_loop_faults(flow),
        *_text_faults(flow),
        *_choice_faults(flow),
        *_asking_faults(flow),
        *_variable_faults(flow),
    )


def entrances(flow: Flow) -> tuple[str, ...]:
    """Return where besides its start ``flow`` can begin: its entries, and menus that need nothing from before them."""
    menus = (node_id for node_id, node in flow.nodes.items() if isinstance(node, MenuStep) and node_id != flow.start)
    return flow.entries + tuple(
        menu
        for menu in menus
        if menu not in flow.entries
        and not any(
            fault.code == "variable_unset"
            for fault in _variable_faults(msgspec.structs.replace(flow, start=menu, entries=()))
        )
    )


def _target_faults(flow: Flow) -> Iterator[FlowFault]:
    named = [("start", flow.start), *((f"entries[{index}]", entry) for index, entry in enumerate(flow.entries))]
    if flow.human:
        named.append(("human", flow.human))
    for field, target in named:
        if target not in flow.nodes:
            yield FlowFault(code="target_unknown", params={"field": field, "target": target})
    for node_id, node in flow.nodes.items():
        for field, target in targets(node):
            if target not in flow.nodes:
                yield FlowFault(code="target_unknown", node=node_id, params={"field": field, "target": target})


def _reference_faults(flow: Flow, known: Surroundings) -> Iterator[FlowFault]:
    for node_id, node in flow.nodes.items():
        match node:
            case QueueStep() | TakeMessageStep():
                kind, name, existing = "queue", node.queue_id, known.queues
                others = node.or_queues if isinstance(node, QueueStep) else ()
                if existing is not None:
                    name = next((one for one in (name, *others) if one not in existing), name)
            case CalendarStep():
                kind, name, existing = "calendar", node.calendar, known.calendars
            case LookupStep():
                kind, name, existing = "connector", node.connector, known.connectors
            case SendStep():
                kind, name, existing = "channel", node.channel, known.channels
                if node.template_id and known.templates is not None and node.template_id not in known.templates:
                    kind, name, existing = "template", node.template_id, known.templates
            case HandOverStep():
                kind, name, existing = "flow", node.flow, known.flows
                nodes = (known.flows or {}).get(node.flow)
                if node.node and nodes is not None and node.node not in nodes:
                    kind, name, existing = "node", node.node, nodes
            case _:
                continue
        if existing is not None and name not in existing:
            yield FlowFault(code="reference_unknown", node=node_id, params={"kind": kind, "name": name})


def _param_faults(flow: Flow, known: Surroundings) -> Iterator[FlowFault]:
    for node_id, node in flow.nodes.items():
        if isinstance(node, LookupStep):
            for name in (known.connector_params or {}).get(node.connector, ()):
                if name not in node.params:
                    yield FlowFault(
                        code="param_missing", node=node_id, params={"connector": node.connector, "name": name}
                    )


def _ways(flow: Flow, node: Node) -> set[str]:
    """Return the existing nodes that may follow ``node``, the human one wherever a person is awaited included."""
    ways = {target for _, target in targets(node)}
    if isinstance(node, Asking):
        ways.add(flow.human)
    return ways & flow.nodes.keys()


def _ways_without_input(flow: Flow, node: Node) -> set[str]:
    """Return the existing nodes that may follow ``node`` while no person does anything."""
    ways = {
        target
        for field, target in targets(node)
        if not (isinstance(node, Asking) and field.startswith(_ANSWERED_BY_A_PERSON))
        and not (isinstance(node, QueueStep) and field == "on.served")
        and not (isinstance(node, TransferStep) and field == "goto")
    }
    return ways & flow.nodes.keys()


def _reached(
    roots: Collection[str], ways: Mapping[str, Collection[str]], *, apart_from: Collection[str] = ()
) -> set[str]:
    seen: set[str] = set()
    ahead = [root for root in roots if root in ways]
    while ahead:
        node_id = ahead.pop()
        if node_id not in seen and node_id not in apart_from:
            seen.add(node_id)
            ahead += ways[node_id]
    return seen


def _reach_faults(flow: Flow) -> Iterator[FlowFault]:
    reached = _reached([flow.start, *flow.entries], {key: _ways(flow, node) for key, node in flow.nodes.items()})
    for node_id in flow.nodes:
        if node_id not in reached:
            yield FlowFault(code="node_unreachable", node=node_id)


def _reached_at_once(flow: Flow, root: str) -> set[str]:
    """Return what follows ``root`` before a person, a queue or an outside number takes over."""
    seen: set[str] = set()
    ahead = [root]
    while ahead:
        node_id = ahead.pop()
        node = flow.nodes.get(node_id)
        if node is not None and node_id not in seen:
            seen.add(node_id)
            if not isinstance(node, Asking | QueueStep | TransferStep):
                ahead += _ways_without_input(flow, node)
    return seen


def _human_faults(flow: Flow) -> Iterator[FlowFault]:
    reached = _reached_at_once(flow, flow.human)
    if not any(isinstance(flow.nodes[node_id], QueueStep) for node_id in reached):
        yield FlowFault(code="no_way_to_person", params={"human": flow.human})
    if not any(plain(word) for word in flow.human_words):
        yield FlowFault(code="no_way_to_person", params={"human_words": ""})
    for node_id in flow.nodes:
        if node_id in reached and isinstance(flow.nodes[node_id], MenuStep | AskStep | RateStep):
            yield FlowFault(code="person_after_question", node=node_id)


def _loop_faults(flow: Flow) -> Iterator[FlowFault]:
    ways = {node_id: _ways_without_input(flow, node) for node_id, node in flow.nodes.items()}
    for component in _loops(ways):
        members = [node_id for node_id in flow.nodes if node_id in component]
        yield FlowFault(code="endless_loop", node=members[0], params={"nodes": ", ".join(members[:20])})


def _loops(ways: Mapping[str, Collection[str]]) -> list[set[str]]:
    """Return the strongly connected sets of nodes that contain a cycle (Kosaraju), in a stable order."""
    finished: list[str] = []
    seen: set[str] = set()
    for root in ways:
        stack = [(root, False)]
        while stack:
            node_id, is_done = stack.pop()
            if is_done:
                finished.append(node_id)
            elif node_id not in seen:
                seen.add(node_id)
                stack.append((node_id, True))
                stack += [(following, False) for following in sorted(ways[node_id])]
    backwards: dict[str, set[str]] = {node_id: set() for node_id in ways}
    for node_id, following_ids in ways.items():
        for following in following_ids:
            backwards[following].add(node_id)
    loops: list[set[str]] = []
    placed: set[str] = set()
    for root in reversed(finished):
        if root in placed:
            continue
        component = _reached([root], backwards, apart_from=placed)
        placed |= component
        if len(component) > 1 or root in ways[root]:
            loops.append(component)
    return loops


def _texts(node: Node) -> Iterator[tuple[str, dict[str, str], bool]]:
    """Yield (field, text, is required) of everything ``node`` says."""
    for field in ("text", "retry_text", "comment_text", "near_text", "subject"):
        text = getattr(node, field, None)
        if text is not None:
            is_required = isinstance(node, Asking | SayStep) or (isinstance(node, SendStep) and not node.template_id)
            yield field, text, field == "text" and is_required
    for field, options in (("choices", getattr(node, "choices", ())), ("grades", getattr(node, "grades", ()))):
        for index, option in enumerate(options):
            yield f"{field}[{index}].label", option.label, True


def _text_faults(flow: Flow) -> Iterator[FlowFault]:
    for node_id, node in flow.nodes.items():
        for field, text, is_required in _texts(node):
            worded = {language for language, words in text.items() if words.strip()}
            if not worded:
                if is_required or text:
                    yield FlowFault(code="text_empty", node=node_id, params={"field": field})
                continue
            for language in flow.languages:
                if language not in worded:
                    params = {"field": field, "language": language}
                    yield FlowFault(code="translation_missing", node=node_id, params=params)


def _choice_faults(flow: Flow) -> Iterator[FlowFault]:
    human_words = {plain(word) for word in flow.human_words}
    person_follows = functools.cache(functools.partial(_leads_to_person, flow))
    for node_id, node in flow.nodes.items():
        options: tuple[Option | Grade, ...] = ()
        if isinstance(node, MenuStep):
            options = node.choices
        elif isinstance(node, RateStep):
            options = node.grades
        keys: set[str] = set()
        words: set[str] = set()
        for option in options:
            if option.key in keys:
                yield FlowFault(code="key_duplicate", node=node_id, params={"key": option.key})
            elif shared := sorted(names(option) & words):
                yield FlowFault(code="word_duplicate", node=node_id, params={"word": shared[0]})
            reserved = sorted(names(option) & human_words)
            if reserved and not (isinstance(option, Option) and person_follows(option.goto)):
                yield FlowFault(code="key_reserved", node=node_id, params={"key": option.key, "word": reserved[0]})
            keys.add(option.key)
            words |= names(option)


def _leads_to_person(flow: Flow, node_id: str) -> bool:
    return any(isinstance(flow.nodes[reached], QueueStep) for reached in _reached_at_once(flow, node_id))


def _asking_faults(flow: Flow) -> Iterator[FlowFault]:
    for node_id, node in flow.nodes.items():
        if isinstance(node, Asking):
            for field, value in (("timeout_s", node.timeout_s), ("on_timeout", node.on_timeout)):
                if not value:
                    yield FlowFault(code="timeout_missing", node=node_id, params={"field": field})
        if isinstance(node, AskStep):
            if node.min_length > node.max_length:
                yield FlowFault(code="bounds_empty", node=node_id, params={"field": "max_length"})
            if node.minimum is not None and node.maximum is not None and node.minimum > node.maximum:
                yield FlowFault(code="bounds_empty", node=node_id, params={"field": "maximum"})


def _variable_faults(flow: Flow) -> Iterator[FlowFault]:
    secrets = {node.variable for node in flow.nodes.values() if isinstance(node, AskStep) and node.is_secret}
    certain = _certainly_set(flow)
    for node_id, node in flow.nodes.items():
        used = _used(node)
        for name in sorted(used - certain.get(node_id, used)):
            yield FlowFault(code="variable_unset", node=node_id, params={"variable": name})
        said = {name for _, text, _ in _texts(node) for words in text.values() for name in names_in(words)}
        for name in sorted((said | set(getattr(node, "show", ()))) & secrets):
            yield FlowFault(code="secret_shown", node=node_id, params={"variable": name})


def _used(node: Node) -> set[str]:
    """Return the variables whose value ``node`` needs; those it only shows to agents may be missing."""
    templates = [words for _, text, _ in _texts(node) for words in text.values()]
    used: set[str] = set()
    match node:
        case SetStep():
            templates += node.values.values()
        case LookupStep():
            templates += node.params.values()
        case TransferStep():
            templates.append(node.number)
        case QueueStep():
            templates.append(node.agent)
        case AnswerStep():
            templates.append(node.question)
        case SendStep():
            templates.append(node.recipient)
        case BranchStep():
            for comparison in (comparison for case in node.cases for comparison in case.when):
                templates += [comparison.value, *comparison.values]
                if comparison.op not in {"set", "unset"}:
                    used.add(comparison.variable)
        case _:
            pass
    return used | {name for template in templates for name in names_in(template)}


def _certainly_set(flow: Flow) -> dict[str, frozenset[str]]:
    """Return for each reached node the variables set on every way to it."""
    given = frozenset(flow.variables) | SYSTEM_VARIABLES
    certain = {root: given for root in (flow.start, *flow.entries) if root in flow.nodes}
    changed = list(certain)
    while changed:
        node_id = changed.pop()
        for target, added in _effects(flow, flow.nodes[node_id]):
            before = certain.get(target)
            after = certain[node_id] | added if before is None else before & (certain[node_id] | added)
            if target in flow.nodes and after != before:
                certain[target] = after
                changed.append(target)
    return certain


def _effects(flow: Flow, node: Node) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield (target, variables set on the way there)."""
    variable = frozenset({name} if (name := getattr(node, "variable", "")) else ())
    if isinstance(node, Asking):
        yield flow.human, frozenset()
    for index, (field, target) in enumerate(targets(node)):
        match node:
            case AskStep() | AnswerStep() | TakeMessageStep() | RateStep() if field == "goto":
                yield target, variable
            case MenuStep() if field.startswith("choices"):
                yield target, variable
            case SetStep():
                yield target, frozenset(node.values)
            case LookupStep() if field == "goto":
                yield target, frozenset(node.results.values())
            case BranchStep() if field.startswith("cases"):
                tests = node.cases[index].when
                yield target, frozenset(test.variable for test in tests if test.op in _TRUE_ONLY_WHEN_SET)
            case EndStep():
                pass
            case _:
                yield target, frozenset()
