"""What a caller may say at a menu that takes speech as well as keys."""

from core.flow.matching import asks_for_human, chosen
from core.flow.state import State
from core.flow.steps import Flow, MenuStep
from core.numerals import DIGITS_ZH


def phrases(flow: Flow, state: State) -> tuple[str, ...]:
    """Return everything that is understood where the flow waits now; nothing where only keys are."""
    menu = _spoken_menu(flow, state)
    if menu is None:
        return ()
    found: list[str] = []
    for choice in menu.choices:
        found += [*choice.label.values(), *choice.synonyms]
        if choice.key.isdecimal():
            found.append("".join(DIGITS_ZH[int(digit)] for digit in choice.key))
    if flow.human in flow.nodes:
        found += [word for word in flow.human_words if not word.isdecimal()]
    return tuple(dict.fromkeys(one for one in found if one))


def understands(flow: Flow, state: State, text: str) -> bool:
    """Whether ``text`` is an answer to the menu at which the flow waits."""
    menu = _spoken_menu(flow, state)
    if menu is None:
        return False
    wants_human = flow.human in flow.nodes and asks_for_human(text, flow.human_words)
    return wants_human or chosen(text, menu.choices) is not None


def _spoken_menu(flow: Flow, state: State) -> MenuStep | None:
    node = flow.nodes.get(state.node)
    is_heard = state.awaiting == "choice" and state.variables.get("medium") == "voice"
    return node if is_heard and isinstance(node, MenuStep) and node.is_spoken else None
