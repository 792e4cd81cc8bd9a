"""One collection's index: searched while it is written, rebuilt beside the living one, taken up again after a crash.

``folder/current`` names the generation that is served, by engine and schema; anything else in the folder is left over
from a rebuild that did not end.
"""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from hub.knowledge.search.documents import SearchAnswer, SearchDocument, SearchQuery
from hub.knowledge.search.engine import SCHEMA, Engine, open_engine
from hub.knowledge.search.plain import squeezed
from hub.knowledge.search.planning import plan
from hub.knowledge.search.ranking import best_of_each, counted, ranked

log = logging.getLogger(__name__)

POOL: Final = 50  # candidates that are put in order
FACET_POOL: Final = 200  # and those that are counted
MAX_WINDOW: Final = 1_000
POINTER: Final = "current"


class Index:
    """The index of one collection, in ``folder``; ``write`` and ``rebuild`` may be called from any thread."""

    def __init__(self, folder: Path, engine: str) -> None:
        self._folder = folder
        self._engine_name = engine
        self._writing = threading.Lock()
        self._building: Engine | None = None
        self._touched: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        self._generation = _read_pointer(folder, engine)
        self._sweep()
        opened = self._open(self._generation) if self._generation else None
        self.is_complete = opened is not None
        if opened is None:
            self._generation += 1
            shutil.rmtree(self._place(self._generation), ignore_errors=True)
            opened = open_engine(engine, self._place(self._generation))
        self._engine = opened

    def search(self, query: SearchQuery) -> SearchAnswer:
        """Return what is found; the words' weights tell how much each says."""
        asked = plan(query)
        engine = self._engine
        window = min(query.offset + query.limit, MAX_WINDOW)
        pool = max(window + 1, POOL, FACET_POOL if query.facets else 0)
        try:
            candidates = engine.search(asked, pool)
        except Exception:
            if engine is self._engine:
                raise
            engine = self._engine  # a rebuild has just put another in its place
            candidates = engine.search(asked, pool)
        hits = ranked(query.text, asked.marks, candidates)
        if query.collection == "articles":
            hits = best_of_each(hits)
        return SearchAnswer(
            hits=tuple(hits[query.offset : window]),
            facets=counted(query.facets, candidates),
            terms=asked.marks,
            weights={word: round(engine.rarity("words", word), 4) for word in asked.marks if squeezed(word)},
            has_more=len(hits) > window,
            is_building=not self.is_complete,
        )

    def write(self, documents: Sequence[SearchDocument], removed: Sequence[str] = ()) -> None:
        """Put documents in and take others out; a rebuild that goes on gets them, too."""
        with self._writing:
            self._engine.write(documents, removed)
            if self._building is not None:
                self._building.write(documents, removed)
                self._touched.update(document.document_id for document in documents)
                self._touched.update(removed)

    def rebuild(self, pages: Iterable[Sequence[SearchDocument]], go_on: Callable[[], bool] = lambda: True) -> int:
        """Build a new index from ``pages`` and serve it from then on; return how many documents it has.

        Nothing changes when ``pages`` raises or ``go_on`` says no.
        """
        generation = self._generation + 1
        shutil.rmtree(self._place(generation), ignore_errors=True)
        with self._writing:
            self._touched.clear()
            building = self._building = open_engine(self._engine_name, self._place(generation))
        try:
            for page in pages:
                if not go_on():
                    return building.count()
                with self._writing:  # what came as an event meanwhile is newer than the page
                    building.write([one for one in page if one.document_id not in self._touched])
            with self._writing:
                _write_pointer(self._folder, self._engine_name, generation)
                before, self._engine, self._generation = self._engine, building, generation
                self._building = None
                self.is_complete = True
            before.close()
            return building.count()
        finally:
            if self._building is not None:
                with self._writing:
                    self._building.close()
                    self._building = None
            self._sweep()

    def count(self) -> int:
        """Return how many documents can be found."""
        return self._engine.count()

    def tidy(self) -> None:
        """Merge what many small changes left behind."""
        with self._writing:
            self._engine.tidy()

    def close(self) -> None:
        """Let go of the files."""
        with self._writing:
            self._engine.close()

    def _open(self, generation: int) -> Engine | None:
        try:
            return open_engine(self._engine_name, self._place(generation))
        except Exception:  # whatever a damaged index makes the engine say
            log.exception("the index in %s cannot be read and is built again", self._place(generation))
            return None

    def _place(self, generation: int) -> Path:
        return self._folder / f"{self._engine_name}-{SCHEMA}-{generation}"

    def _sweep(self) -> None:
        """Remove generations that nobody serves; a search that still reads an open file is not disturbed."""
        for place in self._folder.iterdir():
            if place.is_dir() and place != self._place(self._generation):
                shutil.rmtree(place, ignore_errors=True)


def _read_pointer(folder: Path, engine: str) -> int:
    """Return the generation that was served last; 0 when there is none of this engine and schema."""
    try:
        name, schema, generation = (folder / POINTER).read_text("ascii").split("-")
    except (OSError, ValueError):
        return 0
    return int(generation) if (name, schema) == (engine, str(SCHEMA)) and generation.isdecimal() else 0


def _write_pointer(folder: Path, engine: str, generation: int) -> None:
    fresh = folder / f"{POINTER}.new"
    with fresh.open("w", encoding="ascii") as file:
        file.write(f"{engine}-{SCHEMA}-{generation}")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / POINTER)
