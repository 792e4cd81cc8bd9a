"""Turns what a flow says into a chat message: buttons where there are some, numbered lines elsewhere."""

from core.events import Choice
from core.flow.actions import Say


def render(say: Say, *, max_buttons: int, max_label_chars: int = 60) -> tuple[str, tuple[Choice, ...]]:
    """Return the text and the buttons of ``say`` for a channel with room for ``max_buttons`` (0: it has none).

    Choices that do not all fit become lines ``key. label`` under the text; the keys work typed in either case.
    """
    labels_fit = all(len(choice.label) <= max_label_chars for choice in say.choices)
    if len(say.choices) <= max_buttons and labels_fit:
        return say.text, say.choices
    lines = [f"{choice.key}. {choice.label}" for choice in say.choices]
    return "\n".join([say.text, *lines] if say.text else lines), ()
