"""What a search engine has to do; the two that can be chosen pass the same tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from hub.knowledge.search.documents import Candidate, SearchDocument
from hub.knowledge.search.planning import Plan

FIELDS: Final = ("words", "grams", "sounds", "letters", "initials", "keys")
SCHEMA: Final = 3  # rises when what is indexed changes: an index of another schema is rebuilt


class Engine(Protocol):
    """One index in one folder; a single thread writes, any may search."""

    def write(self, documents: Sequence[SearchDocument], removed: Sequence[str] = ()) -> None:
        """Put ``documents`` in, replacing those of the same id, take ``removed`` out; on return both can be found."""
        ...

    def search(self, plan: Plan, limit: int) -> list[Candidate]:
        """Return the best ``limit`` documents, best first."""
        ...

    def rarity(self, field: str, term: str) -> float:
        """Return how telling ``term`` is: the logarithm of documents to documents that have it."""
        ...

    def count(self) -> int:
        """Return how many documents there are."""
        ...

    def tidy(self) -> None:
        """Merge what single changes have left behind, when that is worth it."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


def open_engine(name: str, folder: Path) -> Engine:
    """Return the engine of this name over ``folder``, which is made when it is not there."""
    if name == "tantivy":
        from hub.knowledge.search.tantivy_engine import TantivyEngine  # noqa: PLC0415 - only the chosen one is loaded

        return TantivyEngine(folder)
    from hub.knowledge.search.whoosh_engine import WhooshEngine  # noqa: PLC0415

    return WhooshEngine(folder)
