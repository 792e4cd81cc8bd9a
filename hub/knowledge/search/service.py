"""The search process at work: follows what happens on the bus, answers searches, rebuilds beside what is served.

The database is the truth and the index a copy of it: an event is acknowledged when the index has it on disk, so what
a killed process had not written comes again, and writing it twice changes nothing.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

from core.bus import Bus, Delivery
from core.errors import BusUnavailable, LianxinError, TryLater
from core.ids import new_id
from core.streams import EVENTS, search_consumer
from core.subjects import ASK_DOCUMENTS, ASK_HITS, ASK_REBUILD
from hub.knowledge.search.conversion import changed_documents, removed_documents
from hub.knowledge.search.documents import (
    COLLECTIONS,
    Collection,
    Documents,
    DocumentsRequest,
    RebuildAnswer,
    RebuildRequest,
    SearchAnswer,
    SearchDocument,
    SearchQuery,
)
from hub.knowledge.search.index import Index

log = logging.getLogger(__name__)

BATCH: Final = 1_000
BREATH_S: Final = 0.3  # between two writes: many small ones cost the disk and the processor that messages need
SEARCHES: Final = 4  # at a time: they share one interpreter
PAGE_S: Final = 30.0
AWAY_S: Final = 2.0
TIDY_S: Final = 300.0
BUILD_DOCUMENTS: Final = 2_000  # written at once in a rebuild
NODE: Final = "node"


class SearchService:
    """Owns the indexes in ``folder`` from ``run`` to its end."""

    def __init__(self, bus: Bus, folder: Path, engine: str) -> None:
        self._bus = bus
        self._folder = folder
        self._engine = engine
        self._indexes: dict[Collection, Index] = {}
        self._rebuilding: dict[Collection, asyncio.Task[None]] = {}
        self._is_stopping = False

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; ``ready`` is called when searches are answered."""
        node = await asyncio.to_thread(self._open)
        await self._bus.ensure(consumers=[search_consumer(node)])
        await self._bus.respond(ASK_HITS, self._search, request=SearchQuery, concurrency=SEARCHES, group="search")
        await self._bus.respond(ASK_REBUILD, self._asked_to_rebuild, request=RebuildRequest)
        consumption = self._bus.consume(
            EVENTS.name, search_consumer(node).name, self._take, batch=BATCH, max_in_flight=BATCH
        )
        for collection, index in self._indexes.items():
            if not index.is_complete:
                self._start_rebuild(collection)
        ready()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(consumption.wait())
                group.create_task(self._tidy())
                group.create_task(_until_closed(self._bus))
        finally:
            self._is_stopping = True
            await consumption.close()
            await asyncio.gather(*self._rebuilding.values(), return_exceptions=True)
            for index in self._indexes.values():
                await asyncio.to_thread(index.close)

    def _open(self) -> str:
        """Open the indexes and return this machine's name, by which JetStream knows how far it has read."""
        self._folder.mkdir(parents=True, exist_ok=True)
        place = self._folder / NODE
        if not place.exists():
            place.write_text(new_id(), "ascii")
        self._indexes = {name: Index(self._folder / name, self._engine) for name in COLLECTIONS}
        return place.read_text("ascii").strip()

    async def _search(self, _: str, query: SearchQuery) -> SearchAnswer:
        return await asyncio.to_thread(self._indexes[query.collection].search, query)

    async def _take(self, deliveries: list[Delivery]) -> None:
        """Write a batch of events, then let the next one gather; of several about one document the last one counts."""
        written: dict[Collection, dict[str, SearchDocument]] = {name: {} for name in COLLECTIONS}
        removed: dict[Collection, dict[str, None]] = {name: {} for name in COLLECTIONS}
        for delivery in deliveries:
            for document in changed_documents(delivery.event, delivery.envelope.conversation_id):
                written[document.collection][document.document_id] = document
                removed[document.collection].pop(document.document_id, None)
            collection, document_ids = removed_documents(delivery.event) or ("articles", [])
            for document_id in document_ids:
                removed[collection][document_id] = None
                written[collection].pop(document_id, None)
        changed = [name for name in COLLECTIONS if written[name] or removed[name]]
        for name in changed:
            try:
                await asyncio.to_thread(self._indexes[name].write, list(written[name].values()), list(removed[name]))
            except OSError as error:  # a full disk is no fault of these events
                raise TryLater(f"the index cannot be written: {error}") from error
        if changed:
            await asyncio.sleep(BREATH_S)

    async def _asked_to_rebuild(self, _: str, request: RebuildRequest) -> RebuildAnswer:
        return RebuildAnswer(is_started=self._start_rebuild(request.collection))

    def _start_rebuild(self, collection: Collection) -> bool:
        task = self._rebuilding.get(collection)
        if task is not None and not task.done():
            return False
        self._rebuilding[collection] = asyncio.create_task(self._rebuild(collection), name=f"rebuild {collection}")
        return True

    async def _rebuild(self, collection: Collection) -> None:
        """Build the collection anew; when the hub or the bus goes away meanwhile, begin again."""
        while not self._is_stopping:
            log.info("building the index of %s", collection)
            try:
                count = await self._build(collection)
            except (TryLater, BusUnavailable) as error:
                log.warning("the index of %s is not built yet: %s", collection, error)
            except (OSError, LianxinError):
                log.exception("the index of %s is not built", collection)
            else:
                log.info("the index of %s has %d documents", collection, count)
                return
            await asyncio.sleep(AWAY_S)

    async def _build(self, collection: Collection) -> int:
        loop = asyncio.get_running_loop()
        async with aclosing(self._pages(collection)) as pages:

            def following() -> Iterator[Sequence[SearchDocument]]:
                while page := asyncio.run_coroutine_threadsafe(_next(pages), loop).result():
                    yield page

            return await asyncio.to_thread(
                self._indexes[collection].rebuild, following(), lambda: not self._is_stopping
            )

    async def _pages(self, collection: Collection) -> AsyncGenerator[list[SearchDocument], None]:
        """Yield the collection as the hub's database has it, many documents at once."""
        gathered: list[SearchDocument] = []
        after = ""
        while True:
            request = DocumentsRequest(collection=collection, after=after)
            page = await self._bus.request(ASK_DOCUMENTS, request, reply=Documents, timeout_s=PAGE_S)
            gathered += page.documents
            after = page.after
            if gathered and (not after or len(gathered) >= BUILD_DOCUMENTS):
                yield gathered
                gathered = []
            if not after:
                return

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_S)
            for index in self._indexes.values():
                await asyncio.to_thread(index.tidy)


async def _next(pages: AsyncGenerator[list[SearchDocument], None]) -> list[SearchDocument]:
    return await anext(pages, [])


async def _until_closed(bus: Bus) -> None:
    await bus.wait_closed()
    raise ConnectionError("the bus sent the search away")
