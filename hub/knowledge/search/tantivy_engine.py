"""The index in tantivy: compiled, a hundred times faster, for large collections (extra ``tantivy``)."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import tantivy

from hub.knowledge.search.analysis import analyze, stored
from hub.knowledge.search.documents import Candidate, SearchDocument, Stored
from hub.knowledge.search.engine import FIELDS
from hub.knowledge.search.planning import Plan, within

WRITER_BYTES: Final = 50_000_000  # tantivy's least is 15 MB
SPLIT: Final = "whitespace"
POSTINGS: Final = 400_000  # half as many rank worse, more only take longer (100,000 entries)


class TantivyEngine:
    """An index in ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._schema = _schema()
        self._index = tantivy.Index(self._schema, path=str(folder), reuse=True)
        self._writer = self._index.writer(WRITER_BYTES, 1)
        self._index.reload()

    def write(self, documents: Sequence[SearchDocument], removed: Sequence[str] = ()) -> None:
        try:
            for document_id in removed:
                self._writer.delete_documents_by_term("document_id", document_id)
            for document in documents:
                self._writer.delete_documents_by_term("document_id", document.document_id)
                self._writer.add_document(_row(document))
            self._writer.commit()
        except BaseException:
            self._writer.rollback()
            raise
        self._index.reload()

    def search(self, plan: Plan, limit: int) -> list[Candidate]:
        if not plan.terms:
            return []
        should, must = tantivy.Occur.Should, tantivy.Occur.Must
        searcher = self._index.searcher()
        terms = within(plan.terms, lambda term: int(searcher.doc_freq(term.field, term.text)), POSTINGS)
        any_term = tantivy.Query.boolean_query(
            [(should, self._weighted(term.field, term.text, term.weight)) for term in terms]
        )
        parts = [(must, any_term)]
        for group in plan.filters:
            tags = tantivy.Query.term_set_query(self._schema, "tags", list(group))
            parts.append((must, tantivy.Query.const_score_query(tags, 0.0)))
        found = searcher.search(tantivy.Query.boolean_query(parts), limit, count=False)
        return [_candidate(searcher.doc(address).to_dict(), score) for score, address in found.hits]

    def rarity(self, field: str, term: str) -> float:
        searcher = self._index.searcher()
        return math.log((1 + searcher.num_docs) / (1 + searcher.doc_freq(field, term)))

    def count(self) -> int:
        return int(self._index.searcher().num_docs)

    def tidy(self) -> None:
        """Tantivy merges by itself; files of merged segments are taken away."""
        self._writer.garbage_collect_files()

    def close(self) -> None:
        del self._writer

    def _weighted(self, field: str, text: str, weight: float) -> Any:
        term = tantivy.Query.term_query(self._schema, field, text, "freq")
        return tantivy.Query.boost_query(term, weight)


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("document_id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("tags", tokenizer_name=SPLIT, index_option="basic")
    builder.add_bytes_field("stored", stored=True)
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name=SPLIT, index_option="freq")
    return builder.build()


def _row(document: SearchDocument) -> Any:
    row = tantivy.Document()
    row.add_text("document_id", document.document_id)
    row.add_text("tags", " ".join(document.tags))
    row.add_bytes("stored", msgspec.json.encode(stored(document)))
    for field, terms in analyze(document).items():
        row.add_text(field, " ".join(terms))
    return row


def _candidate(fields: dict[str, list[Any]], score: float) -> Candidate:
    return Candidate(
        document_id=fields["document_id"][0],
        score=score,
        stored=msgspec.json.decode(bytes(fields["stored"][0]), type=Stored),
    )
