"""Graphs that a new flow can begin as, so that nobody starts from nothing."""

from importlib import resources
from typing import Any, Final

import msgspec

from hub.flows.views import References

NAMES: Final = (
    "reception", "opening_hours", "menu", "knowledge", "rating",
    "personal_account", "employer_account", "case_progress",
)  # fmt: skip
STAND_INS: Final = {"QUEUE": "general", "CALENDAR": "office-hours"}  # in the graphs; and what they are at first


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a connector that does not exist yet would be asked with, and the fields it is to answer."""

    connector: str
    params: list[str]
    fields: list[str]


class Starter(msgspec.Struct, frozen=True, kw_only=True):
    """A graph to begin with; its title says what for, ``questions`` which connectors have to be made for it."""

    name: str
    title: dict[str, str]
    graph: dict[str, Any]
    questions: list[Question] = []


def starters(there: References) -> list[Starter]:
    """Return all of them, with a queue and a calendar that are there."""
    names = {"QUEUE": [one.id for one in there.queue], "CALENDAR": [one.id for one in there.calendar]}
    found = []
    for name in NAMES:
        text = resources.files(__name__).joinpath(f"{name}.json").read_text()
        for stand_in, usual in STAND_INS.items():
            existing = names[stand_in]
            chosen = usual if usual in existing or not existing else existing[0]
            text = text.replace(f'"{stand_in}"', f'"{chosen}"')
        graph = msgspec.json.decode(text)
        questions = _questions(graph, {one.id for one in there.connector})
        found.append(Starter(name=name, title=graph["title"], graph=graph, questions=questions))
    return found


def _questions(graph: dict[str, Any], existing: set[str]) -> list[Question]:
    asked = {node["connector"]: node for node in graph["nodes"].values() if node["step"] == "lookup"}
    return [
        Question(connector=connector, params=list(node["params"]), fields=list(node["results"]))
        for connector, node in asked.items()
        if connector not in existing
    ]
