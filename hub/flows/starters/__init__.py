"""Graphs that a new flow can begin as, so that nobody starts from nothing."""

from importlib import resources
from typing import Any, Final

import msgspec

from hub.flows.views import References

NAMES: Final = ("reception", "opening_hours", "menu", "knowledge", "rating")
QUEUE, CALENDAR = "QUEUE", "CALENDAR"  # stand in the graphs for what a hub has


class Starter(msgspec.Struct, frozen=True, kw_only=True):
    """A graph to begin with; its title says what for."""

    name: str
    title: dict[str, str]
    graph: dict[str, Any]


def starters(there: References) -> list[Starter]:
    """Return all of them, with the first queue and the first calendar that are there."""
    queue = there.queue[0].id if there.queue else ""
    calendar = there.calendar[0].id if there.calendar else ""
    found = []
    for name in NAMES:
        text = resources.files(__name__).joinpath(f"{name}.json").read_text()
        text = text.replace(f'"{QUEUE}"', f'"{queue or "general"}"').replace(
            f'"{CALENDAR}"', f'"{calendar or "office-hours"}"'
        )
        graph = msgspec.json.decode(text)
        found.append(Starter(name=name, title=graph["title"], graph=graph))
    return found
