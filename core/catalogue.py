"""Texts in several languages, Chinese first: what a channel itself says to people and agents."""

from collections.abc import Mapping
from typing import Final

FIRST: Final = "zh"


class Catalogue:
    """Texts by language and key; each is a format string."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self._texts = texts

    def __call__(self, key: str, language: str = FIRST, **values: object) -> str:
        """Return the text ``key`` in the catalogue nearest to ``language`` (a BCP 47 tag), filled with ``values``."""
        nearest = language.lower().partition("-")[0]
        return self._texts[nearest if nearest in self._texts else FIRST][key].format(**values)
