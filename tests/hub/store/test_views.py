"""Rows become views and views become rows, the same on both engines."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from core.events import (
    AddressView,
    Attachment,
    Choice,
    ContactView,
    ConversationView,
    EntryView,
    Mail,
    OfferView,
)
from core.ids import new_id
from hub.store import views
from hub.store.engine import Store
from hub.store.models import Address, Contact, Conversation, Entry, Offer, WorkItem

NOW = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
WHOLE_SECOND = datetime(2026, 11, 22, 8, 0, 1, tzinfo=UTC)

CONTACT = ContactView(
    contact_id=new_id(),
    name="王'\"; DROP TABLE contact; --",
    level=3,
    language="zh",
    is_verified=True,
    birth_year=1950,
    tags=("老人", "vip"),
    remarks="?",
    addresses=(
        AddressView(uri="tel:+8610", instance="sms-main", address_id=new_id()),
        AddressView(uri="mailto:a@b.cn", address_id=new_id(), source="agent", is_preferred=True),
    ),
    attributes={"district": "海淀"},
)
CONVERSATION = ConversationView(
    conversation_id=new_id(),
    contact_id=CONTACT.contact_id,
    contact_name=CONTACT.name,
    instance="web-main",
    channel="web_chat",
    address="tel:+8610",
    state="queued",
    queue_id="general",
    tags=("a", "b"),
    opened_at=NOW,
    queued_at=WHOLE_SECOND,
    last_text="你好\x00"[:2],
    last_author="agent",
    unread=2,
)
ENTRY = EntryView(
    entry_id=new_id(),
    conversation_id=CONVERSATION.conversation_id,
    kind="message",
    direction="in",
    author_kind="contact",
    channel="sms",
    seq=5_000_000_000,
    mail=Mail(subject="路灯不亮", references=("<a@b.cn>",), verdicts={"spf": "pass"}),
    text="图片",
    attachments=(Attachment(media_id=new_id(), mime="image/png", size_bytes=3, width=4),),
    choices=(Choice(key="1", label="是"),),
    status="delivered",
    params={"n": "1"},
    created_at=NOW,
)
WORK_ID = new_id()
OFFER = OfferView(
    offer_id=new_id(),
    work_id=WORK_ID,
    conversation_id=CONVERSATION.conversation_id,
    agent_id=new_id(),
    queue_id="general",
    made_at=NOW,
    expires_at=WHOLE_SECOND,
    explanation={"rule": "longest_idle"},
)


@pytest.fixture
async def filled(store: Store) -> Store:
    async with store.work() as work:
        await work.insert(Contact, [{**views.contact_row(CONTACT), "created_at": NOW}])
        await work.insert(
            Address,
            [
                {
                    **msgspec.structs.asdict(address),
                    "contact_id": CONTACT.contact_id,
                    "created_at": NOW,
                }
                for address in CONTACT.addresses
            ],
        )
        await work.insert(Conversation, [{**views.conversation_row(CONVERSATION), "created_at": NOW}])
        await work.insert(Entry, [views.entry_row(ENTRY, address="tel:+8610", external_id="x1")])
        await WorkItem.create(
            work_id=WORK_ID,
            conversation_id=CONVERSATION.conversation_id,
            queue_id="general",
            channel_class="chat",
            enqueued_at=NOW,
        )
        await work.insert(Offer, [views.offer_row(OFFER)])
    return store


CASES: list[Any] = [
    (Conversation, views.conversation_view, CONVERSATION),
    (Entry, views.entry_view, ENTRY),
    (Offer, views.offer_view, OFFER),
]


@pytest.mark.parametrize(("model", "view", "expected"), CASES)
async def test_a_view_written_as_a_row_reads_back_the_same(
    filled: Store, model: Any, view: Any, expected: msgspec.Struct
) -> None:
    (raw,) = await filled.fetch(f"SELECT * FROM {model._meta.db_table}")
    (values,) = await model.all().values()
    assert view(raw) == view(values) == view(await model.all().get()) == expected


async def test_a_contact_reads_back_with_its_addresses(filled: Store) -> None:
    (contact,) = await filled.fetch("SELECT * FROM contact")
    addresses = await filled.fetch("SELECT * FROM address ORDER BY uri DESC")
    assert views.contact_view(contact, addresses) == CONTACT
    assert views.contact_view(await Contact.all().get(), await Address.all().order_by("-uri")) == CONTACT


async def test_times_in_views_are_aware_and_encode_as_utc(filled: Store) -> None:
    for row in (*(await filled.fetch("SELECT * FROM entry")), *(await Entry.all().values())):
        assert b'"2026-11-22T08:00:00.123456Z"' in msgspec.json.encode(views.entry_view(row))


async def test_upsert_replaces_what_is_known_and_adds_the_rest(filled: Store) -> None:
    changed = msgspec.structs.replace(CONVERSATION, state="active", agent_id=OFFER.agent_id, tags=())
    other = msgspec.structs.replace(CONVERSATION, conversation_id=new_id())
    async with filled.work() as work:
        await work.execute("UPDATE conversation SET flow_id = 'f'")
        await work.upsert(
            Conversation, [{**views.conversation_row(view), "created_at": NOW} for view in (changed, other)]
        )
    rows = await filled.fetch("SELECT * FROM conversation ORDER BY conversation_id")
    assert [views.conversation_view(row) for row in rows] == [changed, other]
    assert [row["flow_id"] for row in rows] == ["f", None]


async def test_changed_models_are_written_back_many_at_once(filled: Store) -> None:
    entry = await Entry.all().get()
    entry.text, entry.params, entry.status = "改", {}, "read"
    async with filled.work() as work:
        await work.upsert(Entry, [views.model_row(entry)])
    assert views.model_row(await Entry.all().get()) == views.model_row(entry)


async def test_text_times_sort_as_times_do(filled: Store) -> None:
    async with filled.work() as work:
        for microsecond in (0, 1, 999_999):
            view = msgspec.structs.replace(ENTRY, entry_id=new_id(), created_at=NOW.replace(microsecond=microsecond))
            await work.insert(Entry, [views.entry_row(view)])
    rows = await filled.fetch(
        "SELECT * FROM entry WHERE created_at >= ? ORDER BY created_at", NOW.replace(microsecond=0)
    )
    assert [views.entry_view(row).created_at.microsecond for row in rows] == [0, 1, 123456, 999_999]


async def test_a_state_unknown_to_the_views_is_an_error_not_a_guess(filled: Store) -> None:
    (row,) = await filled.fetch("SELECT * FROM conversation")
    with pytest.raises(msgspec.ValidationError):
        views.conversation_view({**row, "state": "somewhere"})
