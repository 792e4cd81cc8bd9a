"""What this channel says of itself until an operator changes it, Chinese first."""

from typing import Final

from core.catalogue import Catalogue

text: Final = Catalogue(
    {
        "zh": {"name": "便民热线", "subject": "来自便民热线的消息"},
        "en": {"name": "Hotline", "subject": "A message from the hotline"},
    }
)
