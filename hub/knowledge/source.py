"""Hands the search process everything the database has, page by page, when it builds an index anew."""

import asyncio
from typing import Final

import msgspec

from core.bus import Bus
from core.events import WorkOrderView
from core.subjects import ASK_DOCUMENTS
from hub.knowledge.articles import Articles
from hub.knowledge.files.keeping import ArticleFiles
from hub.knowledge.search.conversion import (
    article_document,
    contact_document,
    conversation_document,
    entry_document,
    file_documents,
    transcript_document,
    work_order_document,
)
from hub.knowledge.search.documents import Documents, DocumentsRequest, SearchDocument
from hub.store.models import Address, Contact, Conversation, Entry, Transcript, WorkOrder
from hub.store.views import contact_view, conversation_view, entry_view, view
from hub.transcripts.reading import texts

ROWS: Final = 200
FILE_ROWS: Final = 5  # each up to 300 kB
PAGE_BYTES: Final = 400_000  # JSON in UTF-8; the bus carries 1 MiB

_FILES: Final = "file "
_KINDS: Final = ("entry", "conversation", "contact", "transcript", "work_order")  # of records, one after the other


class Source:
    """Answers the search process's question for documents."""

    def __init__(self, bus: Bus, articles: Articles, files: ArticleFiles) -> None:
        self._bus = bus
        self._articles = articles
        self._files = files

    async def run(self) -> None:
        """Answer until cancelled."""
        subscription = await self._bus.respond(ASK_DOCUMENTS, self._page, request=DocumentsRequest, concurrency=2)
        try:
            await asyncio.Event().wait()
        finally:
            await subscription.close()

    async def _page(self, _: str, request: DocumentsRequest) -> Documents:
        if request.collection == "articles":
            return await self._articles_page(request.after)
        kind, _, after = (request.after or f"{_KINDS[0]} ").partition(" ")
        rows = await _records(kind, after)
        following = _KINDS[_KINDS.index(kind) + 1 :][:1] if kind in _KINDS else ()
        page = _cut([([document], f"{kind} {key}") for document, key in rows], f"{following[0]} " if following else "")
        documents = tuple(one for one in page.documents if one.title or one.body.strip() or one.keys)
        return Documents(documents=documents, after=page.after)

    async def _articles_page(self, after: str) -> Documents:
        """Return a page of articles, or, after all of them, of their files."""
        if not after.startswith(_FILES):
            articles = await self._articles.views_after(after, ROWS)
            return _cut([([article_document(view)], view.article_id) for view in articles], _FILES)
        files = await self._files.views_after(after.removeprefix(_FILES), FILE_ROWS)
        rows = [(file_documents(view), f"{_FILES}{view.file_id}") for view in files]
        return _cut(rows, "", page_rows=FILE_ROWS)


def _cut(rows: list[tuple[list[SearchDocument], str]], following: str, *, page_rows: int = ROWS) -> Documents:
    """Return as many of ``rows`` as the bus carries; a page that is not full is followed by ``following``."""
    kept: list[SearchDocument] = []
    size = 0
    for documents, after in rows:
        kept += documents
        size += len(msgspec.json.encode(documents))
        if size > PAGE_BYTES:
            return Documents(documents=tuple(kept), after=after)
    return Documents(documents=tuple(kept), after=rows[-1][1] if len(rows) == page_rows else following)


async def _records(kind: str, after: str) -> list[tuple[SearchDocument, str]]:
    match kind:
        case "entry":
            entries = Entry.filter(entry_id__gt=after).order_by("entry_id").limit(ROWS)
            return [
                (entry_document(entry_view(row)) if row.kind != "notice" else _nothing(), row.entry_id)
                for row in await entries
            ]
        case "conversation":
            rows = Conversation.filter(conversation_id__gt=after).order_by("conversation_id").limit(ROWS)
            return [
                (
                    conversation_document(conversation_view(row)) if row.topic or row.summary else _nothing(),
                    row.conversation_id,
                )
                for row in await rows
            ]
        case "contact":
            contacts = await Contact.filter(contact_id__gt=after).order_by("contact_id").limit(ROWS)
            addresses = await Address.filter(contact_id__in=[row.contact_id for row in contacts])
            return [
                (
                    contact_document(contact_view(row, [one for one in addresses if one.contact_id == row.contact_id])),
                    row.contact_id,
                )
                for row in contacts
            ]
        case "transcript":
            done = Transcript.filter(transcript_id__gt=after, state="done").order_by("transcript_id")
            transcripts = await done.limit(ROWS)
            said = await texts([row.transcript_id for row in transcripts])
            return [
                (
                    transcript_document(row.transcript_id, row.conversation_id, said.get(row.transcript_id, "")),
                    row.transcript_id,
                )
                for row in transcripts
            ]
        case "work_order":
            orders = WorkOrder.filter(order_id__gt=after).order_by("order_id").limit(ROWS)
            return [(work_order_document(view(WorkOrderView, row)), row.order_id) for row in await orders]
    return []


def _nothing() -> SearchDocument:
    """Return a document that is left out, so that the page still leads on after its row."""
    return SearchDocument(document_id="", collection="records")
