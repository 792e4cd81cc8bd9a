"""How a text becomes parts: the alphabet, where it is cut, and what that leaves free.

The desk's composer has a twin in web/src/sms/segments.ts; both are held to the same vectors (segments.json, and
connections.json for what each kind of connection sends).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.events import SmsAlphabet
from core.parts import well_formed
from plugins.sms.wire.alphabets import GSM7, UCS2, Alphabet


@dataclass(frozen=True, slots=True)
class Segments:
    """A text cut into parts; ``left`` units are free in the last one."""

    alphabet: Alphabet
    parts: tuple[str, ...]
    left: int

    @property
    def encoding(self) -> SmsAlphabet:
        """Return the alphabet's name."""
        return self.alphabet.name


def segments(text: str, alphabets: Sequence[Alphabet] = (GSM7, UCS2), *, is_16_bit: bool = False) -> Segments:
    """Return ``text`` cut for the first of ``alphabets`` that has all its characters (the last one must).

    No character is ever cut: neither a surrogate pair nor an escape sequence nor a multi-byte character.
    """
    text = well_formed(text)
    alphabet = next((one for one in alphabets[:-1] if one.fits(text)), alphabets[-1])
    whole = sum(map(alphabet.cost, text))
    if whole <= alphabet.units:
        return Segments(alphabet, (text,), alphabet.units - whole)
    room = alphabet.units_16 if is_16_bit else alphabet.units_8
    parts: list[str] = []
    start = used = 0
    for index, char in enumerate(text):
        cost = alphabet.cost(char)
        if used + cost > room:
            parts.append(text[start:index])
            start, used = index, 0
        used += cost
    parts.append(text[start:])
    return Segments(alphabet, tuple(parts), room - used)
