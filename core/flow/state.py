"""Where a running flow stands: all there is to store between two inputs."""

from typing import Final, Literal

from msgspec import Struct

Awaiting = Literal[
    "choice", "answer", "message", "grade", "comment", "lookup", "knowledge", "calendar", "queue", "transfer", "send",
    "nothing",
]  # fmt: skip

FROM_PERSON: Final[frozenset[Awaiting]] = frozenset({"choice", "answer", "message", "grade", "comment"})

SYSTEM_VARIABLES: Final = frozenset({"language", "medium", "said"})  # there without being declared

MAX_VARIABLES: Final = 200
MAX_VALUE_CHARS: Final = 2_000
MAX_HISTORY: Final = 50


class Visit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node a person came to, and the key chosen there."""

    node: str
    key: str = ""


class NearArticle(Struct, frozen=True, kw_only=True):
    """An article that a person may have meant."""

    article_id: str
    title: str


class State(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One running flow; JSON by msgspec, the same again after any number of round trips.

    ``turn`` numbers the waits, so that late answers are told apart; ``failures`` counts wrong and missing answers at
    ``node``; ``unattended`` counts steps since a person last did something; ``digits`` are keys pressed so far;
    ``near`` are the articles to choose from, ``picked`` is the one chosen, ``reworded`` what was asked instead.
    """

    flow: str
    version: int
    node: str
    awaiting: Awaiting = "nothing"
    variables: dict[str, str] = {}
    turn: int = 0
    failures: int = 0
    unattended: int = 0
    digits: str = ""
    score: int = 0
    seeks_human: bool = False
    history: tuple[Visit, ...] = ()
    near: tuple[NearArticle, ...] = ()
    picked: str = ""
    reworded: str = ""

    @property
    def is_over(self) -> bool:
        """Tell whether the flow has ended and takes no more inputs."""
        return self.awaiting == "nothing"
