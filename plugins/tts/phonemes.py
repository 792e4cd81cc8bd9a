"""Words to the phonemes Kokoro was trained on: pinyin by misaki's table, English by its pronouncing dictionary.

No espeak anywhere: what the dictionary lacks is spelled out.
"""

import json
import re
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import rjieba
from misaki.transcription import pinyin_to_ipa  # type: ignore[import-untyped]
from pypinyin import Style, lazy_pinyin

# Kokoro's symbols with the numbers of its config.json
_SYMBOLS: Final[dict[str, int]] = json.loads(Path(__file__).with_name("symbols.json").read_text("utf-8"))
_TONES: Final = (("˧˩˧", "↓"), ("˧˥", "↗"), ("˥˩", "↘"), ("˥", "→"))  # the longer ones first
_SYLLABIC: Final = "\u0329"
_NON_SYLLABIC: Final = "\u032f"
_MARKS: Final = str.maketrans("，、。．！？：；（）《》「」【】\n", ",,..!?:;()“”“”“”.")
_RUNS: Final = re.compile(r"[\u3400-\u9fff]+|[A-Za-z]+(?:['’][A-Za-z]+)*|[^\u3400-\u9fffA-Za-z]+")


def tokens(phonemes: str) -> list[int]:
    """Return Kokoro's numbers for ``phonemes``; what it does not know is left out."""
    return [_SYMBOLS[symbol] for symbol in phonemes if symbol in _SYMBOLS]


def phonemize(text: str) -> str:
    """Return how ``text``, Chinese and English mixed, is pronounced; punctuation stays as pauses."""
    parts: list[str] = []
    for run in _RUNS.findall(text):
        if run[0] >= "\u3400":
            parts.append(_chinese(run))
        elif run[0].isalpha():
            parts.append(_english(run))
        else:
            parts.append(run.translate(_MARKS))
    spoken = re.sub(r"\s+", " ", " ".join(part.strip() for part in parts))
    return re.sub(r" (?=[,.!?:;)”])", "", spoken).strip()


def _chinese(run: str) -> str:
    words = rjieba.cut(run)
    syllables = iter(
        lazy_pinyin(words, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True, errors="ignore")
    )
    return " ".join(
        "".join(_syllable(syllable) for _, syllable in zip(word, syllables, strict=False)) for word in words
    )


@lru_cache(maxsize=2_048)
def _syllable(pinyin: str) -> str:
    try:
        ipa = "".join(next(iter(pinyin_to_ipa(pinyin))))
    except ValueError:  # an exclamation such as 哼: no final
        return ""
    for tone, arrow in _TONES:
        ipa = ipa.replace(tone, arrow)
    ipa = ipa.replace("ɻ" + _SYLLABIC, "ɨ").replace("ɹ" + _SYLLABIC, "ɨ")
    return ipa.replace(_SYLLABIC, "").replace(_NON_SYLLABIC, "")


def _english(word: str) -> str:
    word = word.replace("’", "'")
    if not (word.isupper() and 1 < len(word) <= 5):  # APP, VIP, ID are spelled
        for form in (word.lower(), word):
            if found := _pronounced(form):
                return found
    return " ".join(_pronounced(letter.upper()) for letter in word if letter.isalpha())


def _pronounced(word: str) -> str:
    entry: Any = _dictionary().get(word)
    if isinstance(entry, dict):
        entry = entry.get("DEFAULT")
    return entry or ""


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, Any]:
    data = resources.files("misaki.data")
    silver: dict[str, Any] = json.loads((data / "us_silver.json").read_text("utf-8"))
    gold: dict[str, Any] = json.loads((data / "us_gold.json").read_text("utf-8"))
    return silver | gold
