"""What a flow says on the phone, known before anybody calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.events import Choice
from core.flow import Flow, Say
from core.flow.steps import MenuStep, RateStep, SendStep
from core.flow.templates import fill_for_voice, localized, names_in
from hub.calls.reading import static_fragments
from hub.calls.steps import pieces
from hub.calls.utterances import Piece


@dataclass(frozen=True, slots=True)
class SpokenText:
    """One text of a flow in one language; ``pieces`` are those of its sounds that are the same for everybody.

    ``prompt`` names the recording that wins over the text. ``is_fixed`` tells that no value stands in it.
    """

    node_id: str
    field: str
    language: str
    text: str
    prompt: str
    is_fixed: bool
    pieces: tuple[Piece, ...]


def spoken_texts(flow: Flow) -> Iterator[SpokenText]:
    """Yield everything that ``flow`` can say, in the order of its nodes."""
    for node_id, node in flow.nodes.items():
        if isinstance(node, SendStep):
            continue
        for field in ("text", "retry_text", "comment_text"):
            texts: Mapping[str, str] = getattr(node, field, None) or {}
            prompt = getattr(node, "prompt", "") if field == "text" else ""
            options = node.choices if isinstance(node, MenuStep) else node.grades if isinstance(node, RateStep) else ()
            for language in flow.languages if texts or prompt else ():
                choices = tuple(Choice(key=one.key, label=localized(one.label, language)) for one in options)
                say = Say(
                    text=localized(texts, language),
                    language=language,
                    prompt=prompt,
                    choices=choices if field == "text" else (),
                    may_say=field == "text" and isinstance(node, MenuStep) and node.is_spoken,
                )
                yield _spoken(node_id, field, say)


def _spoken(node_id: str, field: str, say: Say) -> SpokenText:
    names = list(names_in(say.text))
    filled, readings = fill_for_voice(say.text, dict.fromkeys(names, "0"))
    if not names:
        fixed = pieces(say)
    elif say.prompt or len(readings) < len(names):  # a whole that is other words for everybody
        fixed = []
    else:
        fixed = [Piece(text=words, language=say.language) for words in static_fragments(filled, readings)]
    return SpokenText(node_id, field, say.language, say.text, say.prompt, not names, tuple(fixed))
