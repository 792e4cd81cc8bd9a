"""The index in Whoosh: pure Python, no server, for up to some twenty thousand entries."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from whoosh import index
from whoosh.analysis.tokenizers import SpaceSeparatedTokenizer
from whoosh.fields import ID, STORED, TEXT, Schema
from whoosh.query.compound import And, Or
from whoosh.query.terms import Term as WhooshTerm

from hub.knowledge.search.analysis import analyze, stored
from hub.knowledge.search.documents import Candidate, SearchDocument, Stored
from hub.knowledge.search.engine import FIELDS
from hub.knowledge.search.planning import Plan, within

# seven times faster than what Whoosh picks by itself above 5,000 documents, with the same result
Or.matcher_type = Or.ARRAY_MATCHER

LOCK_S: Final = 10.0
LARGE: Final = 20_000  # above that common terms are worth more of their time: homophones at 100,000 need twice as many
MAX_SEGMENTS: Final = 15  # above that a query costs twice as much


class WhooshEngine:
    """An index in ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        exists = index.exists_in(str(folder))
        self._index = index.open_dir(str(folder)) if exists else index.create_in(str(folder), _schema())
        self._searcher = self._index.searcher()

    def write(self, documents: Sequence[SearchDocument], removed: Sequence[str] = ()) -> None:
        writer = self._index.writer(timeout=LOCK_S)
        try:
            for document_id in removed:
                writer.delete_by_term("document_id", document_id)
            for document in documents:
                writer.update_document(**_row(document))
        except BaseException:
            writer.cancel()
            raise
        writer.commit()
        self._refresh()

    def search(self, plan: Plan, limit: int) -> list[Candidate]:
        if not plan.terms:
            return []
        searcher = self._searcher
        reader = searcher.reader()
        postings = int(plan.postings * max(1.0, math.sqrt(reader.doc_count_all() / LARGE)))
        terms = within(plan.terms, lambda term: int(reader.doc_frequency(term.field, term.text)), postings)
        query: Any = Or([WhooshTerm(term.field, term.text, boost=term.weight) for term in terms])
        filters = [Or([WhooshTerm("tags", tag) for tag in group]) for group in plan.filters]
        found = searcher.search(query, limit=limit, filter=And(filters) if filters else None, scored=True)
        return [_candidate(found.fields(at), found.score(at) or 0.0) for at in range(found.scored_length())]

    def rarity(self, field: str, term: str) -> float:
        reader = self._searcher.reader()
        return math.log((1 + reader.doc_count()) / (1 + reader.doc_frequency(field, term)))

    def count(self) -> int:
        return int(self._index.doc_count())

    def tidy(self) -> None:
        if len(self._index._segments()) > MAX_SEGMENTS:
            self._index.writer(timeout=LOCK_S).commit(optimize=True)
            self._refresh()

    def close(self) -> None:
        self._searcher.close()
        self._index.close()

    def _refresh(self) -> None:
        # Searcher.refresh of whoosh3 3.54 goes on showing what was deleted, and fails on an index that was empty
        self._searcher = self._index.searcher()


def _schema() -> Schema:
    text = {name: TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=False) for name in FIELDS}
    tags = TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=False, spelling=False)
    return Schema(document_id=ID(unique=True, stored=True), tags=tags, stored=STORED, **text)


def _row(document: SearchDocument) -> dict[str, Any]:
    terms = {field: " ".join(found) for field, found in analyze(document).items()}
    return {
        "document_id": document.document_id,
        "tags": " ".join(document.tags),
        "stored": msgspec.json.encode(stored(document)),
        **terms,
    }


def _candidate(fields: dict[str, Any], score: float) -> Candidate:
    return Candidate(
        document_id=fields["document_id"], score=score, stored=msgspec.json.decode(fields["stored"], type=Stored)
    )
