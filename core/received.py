"""Words that stand for what a channel cannot take over from its network as it came."""

from typing import Literal

import msgspec

from core.events import Location, MessageReceived
from core.texts import text

Missing = Literal["empty", "too_large", "gone", "unreachable", "refused"]  # the last by the hub, "gone" at the far end


def without_file(event: MessageReceived, file: str, why: Missing, language: str) -> MessageReceived:
    """Return ``event`` with a line that says why ``file`` is not there."""
    note = text("file_left_out", language, file=file, reason=text(why, language))
    return msgspec.structs.replace(event, text=f"{event.text}\n{note}".strip())


def place_text(place: Location, map_url: str, language: str) -> str:
    """Return a place in words with a link to a map; ``map_url`` names ``latitude`` and ``longitude``."""
    label = place.label or f"{place.latitude:.5f}, {place.longitude:.5f}"
    url = map_url.format(latitude=place.latitude, longitude=place.longitude)
    return text("location", language, label=label, url=url)


def unreadable(language: str) -> str:
    """Return what is shown of a message that cannot be."""
    return text("unreadable", language)
