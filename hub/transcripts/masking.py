"""Hides identity, phone and bank card numbers in transcripts from users without ``transcript.numbers``."""

import re
from typing import TYPE_CHECKING, Final

import msgspec

from core.events import Word
from hub.accounts.identity import Identity

if TYPE_CHECKING:
    from hub.transcripts.reading import UtteranceView

# from seven digits on a number may be a person's: telephone 7–12, identity card 15 or 18, bank card 16–19 (GB/T 20547)
_DIGITS: Final = "0-9〇零一二三四五六七八九幺"
_NUMBER: Final = re.compile(rf"[{_DIGITS}](?:[ -]?[{_DIGITS}]){{5,30}}[ -]?[{_DIGITS}Xx]")
_SHOWN: Final = 2
_HIDDEN: Final = "*"


def masked(view: "UtteranceView", identity: Identity) -> "UtteranceView":
    """Return ``view`` as ``identity`` may see it: of such a number the last two digits."""
    if identity.may("transcript.numbers"):
        return view
    return msgspec.structs.replace(view, text=mask(view.text), words=_mask_words(view.words))


def mask(text: str) -> str:
    """Return ``text`` with its long numbers hidden up to their last two digits; its length stays."""
    return _NUMBER.sub(lambda found: _hide(found[0]), text)


def _hide(number: str) -> str:
    hidden = number[:-_SHOWN]
    return "".join(_HIDDEN if char.isalnum() else char for char in hidden) + number[-_SHOWN:]


def _mask_words(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Hide numbers that go over several words, too."""
    hidden = mask("".join(word.text for word in words))
    at = 0
    kept = []
    for word in words:
        kept.append(msgspec.structs.replace(word, text=hidden[at : at + len(word.text)]))
        at += len(word.text)
    return tuple(kept)
