"""Turns what happened into what is indexed: articles, what was said, conversations and contacts."""

from typing import Final

from core.events import (
    ArticleChanged,
    ArticleFileChanged,
    ArticleFileView,
    ArticleView,
    ContactChanged,
    ContactView,
    ConversationChanged,
    ConversationView,
    EntryAdded,
    EntryChanged,
    EntryView,
    Event,
    TranscriptChanged,
    WorkOrderChanged,
    WorkOrderView,
)
from hub.knowledge.search.documents import Collection, SearchDocument
from hub.knowledge.search.passages import count_passages, passage_id, passages

IN_ARTICLE: Final = "in:article"
IN_FILE: Final = "in:file"
LAST_DIGITS: Final = 4  # of a number are what people remember


def changed_documents(event: Event, conversation_id: str | None) -> list[SearchDocument]:
    """Return what ``event``, of this conversation if any, makes of documents; none when none is searched."""
    match event:
        case ArticleChanged(article=article) if article.is_published:
            document = article_document(article)
        case ArticleFileChanged(file=file):
            return file_documents(file)
        case EntryAdded(entry=entry) | EntryChanged(entry=entry, has_moved=True) if _is_searched(entry):
            document = entry_document(entry)
        case ConversationChanged(conversation=conversation) if conversation.topic or conversation.summary:
            document = conversation_document(conversation)
        case ContactChanged(contact=contact):
            document = contact_document(contact)
        case TranscriptChanged() if event.text:
            document = transcript_document(event.transcript_id, conversation_id, event.text)
        case WorkOrderChanged(order=order):
            document = work_order_document(order)
        case _:
            return []
    return [document]


def removed_documents(event: Event) -> tuple[Collection, list[str]] | None:
    """Return the documents that ``event`` takes out of a collection, if any."""
    match event:
        case ArticleChanged(article=article) if not article.is_published:
            return "articles", [article.article_id]
        case ArticleFileChanged(file=file) if not file.text:
            return "articles", [passage_id(file.file_id, number) for number in range(count_passages(file.size_chars))]
        case EntryChanged(entry=entry) if entry.code == "deleted":
            return "records", [f"entry-{entry.entry_id}"]
        case TranscriptChanged(transcript_id=transcript_id) if not event.text:
            return "records", [f"transcript-{transcript_id}"]
        case _:
            return None


def _is_searched(entry: EntryView) -> bool:
    return entry.kind != "notice" and bool(entry.text)


def article_document(article: ArticleView) -> SearchDocument:
    """Return ``article`` as it is found; each category above it is a tag."""
    return SearchDocument(
        document_id=article.article_id,
        collection="articles",
        title=article.title,
        code=article.code,
        keys=(*article.keywords, *article.synonyms),
        body=article.body,
        tags=(IN_ARTICLE, *_tags(article)),
    )


def file_documents(file: ArticleFileView) -> list[SearchDocument]:
    """Return the passages of an article's file, found under the article; the first one also by the file's name."""
    return [
        SearchDocument(
            document_id=passage_id(file.file_id, number),
            collection="articles",
            title="" if number else file.name,
            body=passage,
            tags=(IN_FILE, *_tags(file)),
            group=file.article_id,
        )
        for number, passage in enumerate(passages(file.text))
    ]


def _tags(article: ArticleView | ArticleFileView) -> list[str]:
    tags = [f"kind:{article.kind}", f"level:{article.level}", *(f"category:{one}" for one in article.path)]
    tags += [f"region:{article.region}"] if article.region else []
    return ["_".join(tag.split()) for tag in tags]


def entry_document(entry: EntryView) -> SearchDocument:
    """Return a message or note as it is found, under its conversation."""
    return SearchDocument(
        document_id=f"entry-{entry.entry_id}",
        collection="records",
        body=entry.text,
        tags=("type:entry",),
        group=entry.conversation_id,
    )


def conversation_document(conversation: ConversationView) -> SearchDocument:
    """Return what agents noted of a conversation."""
    return SearchDocument(
        document_id=f"conversation-{conversation.conversation_id}",
        collection="records",
        title=conversation.topic,
        keys=tuple(conversation.tags),
        body=conversation.summary,
        tags=("type:conversation",),
        group=conversation.conversation_id,
    )


def transcript_document(transcript_id: str, conversation_id: str | None, text: str) -> SearchDocument:
    """Return what was said in a recording or voice message, found under its conversation."""
    return SearchDocument(
        document_id=f"transcript-{transcript_id}",
        collection="records",
        body=text,
        tags=("type:transcript",),
        group=conversation_id or "",
    )


def contact_document(contact: ContactView) -> SearchDocument:
    """Return a contact: found by name, first letters, number and the number's last digits."""
    numbers = [address.uri.partition(":")[2] for address in contact.addresses]
    return SearchDocument(
        document_id=f"contact-{contact.contact_id}",
        collection="records",
        title=contact.name,
        keys=(*numbers, *(number[-LAST_DIGITS:] for number in numbers), *contact.tags),
        body="\n".join([contact.remarks, *contact.attributes.values()]),
        tags=("type:contact",),
        group=contact.contact_id,
    )


def work_order_document(order: WorkOrderView) -> SearchDocument:
    """Return a work order: found by its number, whom it is for, what they want and what was answered."""
    number = "".join(filter(str.isdigit, order.contact_details))
    return SearchDocument(
        document_id=f"order-{order.order_id}",
        collection="records",
        title=order.name,
        keys=(order.number, *((number, number[-LAST_DIGITS:]) if number else ())),
        body="\n".join([order.content, order.address, order.answer]),
        tags=("type:work_order",),
        group=order.order_id,
    )
