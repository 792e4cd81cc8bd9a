"""What callers may say in a menu, as a grammar of words that the model knows."""

from collections.abc import Callable, Iterable
from typing import Final

UNKNOWN: Final = "[unk]"  # Vosk's word for everything that is not in its grammar


def grammar(phrases: Iterable[str], knows: Callable[[str], bool]) -> list[str]:
    """Return ``phrases`` in words that the model ``knows``, and a word for all else; empty when none can be said so.

    Vosk itself drops unknown words without a sign, and would then take half a phrase for the whole.
    """
    spaced = (_spaced(phrase, knows) for phrase in phrases)
    found = list(dict.fromkeys(words for words in spaced if words))
    return [*found, UNKNOWN] if found else []


def _spaced(phrase: str, knows: Callable[[str], bool]) -> str:
    """Return ``phrase`` with spaces between its words, longest words first; empty when it cannot be divided so."""
    words: list[str] = []
    for part in phrase.lower().split():
        rest = part
        while rest:
            length = next((size for size in range(len(rest), 0, -1) if knows(rest[:size])), 0)
            if not length:
                return ""
            words.append(rest[:length])
            rest = rest[length:]
    return " ".join(words)
