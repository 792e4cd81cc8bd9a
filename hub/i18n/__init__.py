"""What the hub says to citizens and at the terminal, by language; a missing text is a fault that a test finds."""

import os
from functools import cache
from importlib import resources
from typing import Final

import msgspec

LANGUAGES: Final = ("zh", "en")


def text(key: str, language: str, **values: object) -> str:
    """Return the catalogue's text for ``key`` with ``values`` filled in; unknown languages read Chinese."""
    return _catalogue(language if language in LANGUAGES else LANGUAGES[0])[key].format(**values)


def terminal_text(key: str, **values: object) -> str:
    """Return the text for whoever sits at the terminal: English where the locale says so, Chinese otherwise."""
    named = next(filter(None, map(os.environ.get, ("LIANXIN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return text(f"terminal.{key}", named.partition("_")[0].lower(), **values)


@cache
def _catalogue(language: str) -> dict[str, str]:
    raw = resources.files(__name__).joinpath(f"{language}.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, str])
