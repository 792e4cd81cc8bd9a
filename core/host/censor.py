"""Strikes a channel's secrets out of whatever leaves its process as text for people."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from core.config import MASK, Secret, Settings

MIN_LENGTH: Final = 4  # striking out "on" or "1" would make every log unreadable and hide nothing


class Censor:
    """Replaces every secret of ``settings`` by ``***``; without settings it changes nothing."""

    def __init__(self, settings: Settings | None = None) -> None:
        secrets = {secret.reveal() for secret in _secrets(settings)}
        self._secrets = sorted((text for text in secrets if len(text) >= MIN_LENGTH), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


def _secrets(value: Any) -> Iterator[Secret]:
    match value:
        case Secret():
            yield value
        case msgspec.Struct():
            for field in value.__struct_fields__:
                yield from _secrets(getattr(value, field))
        case dict():
            for part in value.values():
                yield from _secrets(part)
        case list() | tuple() | set() | frozenset():
            for part in value:
                yield from _secrets(part)
