"""What this channel says of itself until an operator changes it, Chinese first."""

from typing import Final

_TEXTS: Final = {
    "zh": {"name": "便民热线", "subject": "来自便民热线的消息"},
    "en": {"name": "Hotline", "subject": "A message from the hotline"},
}


def text(key: str, language: str = "zh") -> str:
    """Return the text ``key`` in ``language``."""
    return _TEXTS[language][key]
