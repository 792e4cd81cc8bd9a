"""A person with several addresses is one contact: by rule where it is proven, by agents where it is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.events import Profile
from hub.store.models import Address, AuditRecord, Contact, Conversation, Entry
from tests.hub.conversing.conftest import Come
from tests.hub.conversing.test_other_channels import serve
from tests.hub.support.channel import FakeChannel
from tests.journeys.support.clients import Agent

WANG = "web:wang"
LI = "web:li"
PHONE = "13800001234"
TEL = "tel:+8613800001234"


async def contact_of(uri: str) -> str:
    return (await Address.get(uri=uri)).contact_id


async def uris(contact_id: str) -> list[str]:
    return sorted(await Address.filter(contact_id=contact_id).values_list("uri", flat=True))  # type: ignore[arg-type]


async def heard(channel: FakeChannel, sender: str) -> None:
    """Wait until the hub has taken what ``sender`` wrote so far."""
    before = len(channel.sent(sender))
    await channel.write(sender, "你好")
    await channel.until(lambda: len(channel.sent(sender)) > before)


async def test_a_number_given_in_a_form_is_kept_with_whoever_gave_it(channel: FakeChannel) -> None:
    await channel.write(WANG, "留言", profile=Profile(phone="138-0000-1234"))
    await heard(channel, WANG)
    address = await Address.get(uri=TEL)
    assert (address.contact_id, address.source) == (await contact_of(WANG), "form")


async def test_who_looks_at_a_whole_number_is_written_down(channel: FakeChannel, come: Come) -> None:
    chen, zhou = await come("chen"), await come("zhou")
    await channel.write(WANG, "人工", profile=Profile(phone=PHONE))
    await zhou.take_offer()
    contact_id, address = await contact_of(WANG), await Address.get(uri=TEL)
    path = f"/contacts/{contact_id}/addresses/{address.address_id}/reveal"
    assert (await zhou.try_call("POST", path))[0] == 403
    assert await chen.call("POST", path) == {"uri": TEL}
    (record,) = await AuditRecord.filter(action="address.reveal")
    assert (record.actor, record.object_id) == ("chen", contact_id)
    assert TEL not in str(record.detail)


async def test_a_number_that_another_contact_has_is_only_suggested(channel: FakeChannel, come: Come) -> None:
    chen = await come("chen")
    await channel.write(WANG, "留言", profile=Profile(phone=PHONE))
    await channel.write(LI, "留言", profile=Profile(phone=PHONE))
    await heard(channel, LI)
    wang, li = await contact_of(WANG), await contact_of(LI)
    assert wang != li
    (suggestion,) = (await chen.call("GET", f"/contacts/{li}/links"))["suggestions"]
    assert suggestion["other_id"] == wang
    await chen.call("DELETE", f"/contacts/{li}/suggestions/{suggestion['suggestion_id']}")
    await channel.write(LI, "又留言", profile=Profile(phone=PHONE))
    await heard(channel, LI)
    assert (await chen.call("GET", f"/contacts/{li}/links"))["suggestions"] == []


async def test_a_proven_customer_number_joins_contacts_by_itself(channel: FakeChannel, come: Come) -> None:
    chen = await come("chen")
    known = Profile(name="王芳", customer_id="c-17", is_verified=True)
    await channel.write(WANG, "你好", profile=known)
    await channel.write(LI, "你好", profile=known)
    await heard(channel, LI)
    wang = await contact_of(WANG)
    assert await uris(wang) == [LI, WANG]
    (merge,) = (await chen.call("GET", f"/contacts/{wang}/links"))["merges"]
    assert merge["rule"] == "customer_id"


async def test_two_customers_at_one_browser_stay_two(channel: FakeChannel) -> None:
    await channel.write(WANG, "你好", profile=Profile(customer_id="c-1", is_verified=True))
    await channel.write(LI, "你好", profile=Profile(customer_id="c-2", is_verified=True))
    await channel.write(LI, "你好", profile=Profile(customer_id="c-1", is_verified=True))
    await heard(channel, LI)
    assert await contact_of(WANG) != await contact_of(LI)


async def _two_served(channel: FakeChannel, agent: Agent) -> tuple[dict[str, Any], dict[str, Any]]:
    return await serve(agent, channel, WANG), await serve(agent, channel, LI)


async def test_a_merge_moves_everything_and_can_be_taken_back(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    first, second = await _two_served(channel, zhou)
    wang, li = first["contact_id"], second["contact_id"]
    await zhou.call("PATCH", f"/contacts/{li}", name="李梅", tags=["老人"], birth_year=1950)
    await zhou.call("POST", f"/contacts/{li}/addresses", text=PHONE)

    order = {"kind": "help", "name": "李梅", "address": "城东", "content": "漏水", "client_id": "o1"}
    order_id = (await zhou.call("POST", "/work-orders", conversation_id=second["conversation_id"], **order))["order_id"]

    until = datetime.now(UTC) + timedelta(days=30)
    caution = {"reason": "骂人", "until": until.isoformat(), "kind": "remind"}
    await (await come("chen")).call("POST", f"/contacts/{li}/block", **caution)

    preview = await zhou.call("POST", f"/contacts/{wang}/merge-preview", other_id=li)
    assert (preview["conversations"], preview["open_conversations"]) == (1, 1)
    assert (preview["result"]["name"], preview["result"]["tags"]) == ("李梅", ["老人"])
    assert await contact_of(LI) == li, "a preview changes nothing"

    merged = await zhou.call("POST", f"/contacts/{wang}/merges", other_id=li)
    assert [one["uri"] for one in merged["addresses"]].count(LI) == 1
    row = await Contact.get(contact_id=wang)
    assert (row.caution, row.caution_until) == ("骂人", until)
    assert (await zhou.call("GET", f"/work-orders/{order_id}"))["order"]["contact_id"] == wang
    assert await uris(wang) == [TEL, LI, WANG]
    moved = second["conversation_id"]
    await zhou.until(lambda: zhou.conversation(moved)["contact_id"] == wang)
    history = await zhou.call("GET", f"/contacts/{wang}/conversations")
    assert {one["conversation_id"] for one in history["items"]} == {first["conversation_id"], moved}
    assert (await zhou.try_call("POST", f"/contacts/{wang}/merges", other_id=li))[0] in (404, 409)

    (merge,) = (await zhou.call("GET", f"/contacts/{wang}/links"))["merges"]
    await zhou.call("PATCH", f"/contacts/{wang}", remarks="耳背")
    undone = await zhou.call("DELETE", f"/contacts/{wang}/merges/{merge['merge_id']}")
    assert undone["remarks"] == "耳背", "what was noted since stays"
    assert await uris(wang) == [WANG]
    assert await uris(li) == [TEL, LI]
    assert (await Conversation.get(conversation_id=moved)).contact_id == li
    assert (await zhou.call("GET", f"/work-orders/{order_id}"))["order"]["contact_id"] == li
    row = await Contact.get(contact_id=wang)
    assert (row.tags, row.caution, row.caution_until) == ([], "", None)


async def test_a_used_address_is_unlinked_with_its_conversations(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    first, second = await _two_served(channel, zhou)
    wang = first["contact_id"]
    order = {"kind": "help", "name": "李梅", "address": "城东", "contact_details": "邻居转告", "content": "漏水"}
    made = await zhou.call("POST", "/work-orders", client_id="o1", conversation_id=second["conversation_id"], **order)
    await zhou.call("POST", f"/contacts/{wang}/merges", other_id=second["contact_id"])
    address = await Address.get(uri=LI)
    await zhou.call("DELETE", f"/contacts/{wang}/addresses/{address.address_id}")
    assert await uris(wang) == [WANG]
    row = await Conversation.get(conversation_id=second["conversation_id"])
    assert row.contact_id == await contact_of(LI) != wang
    assert (await zhou.call("GET", f"/work-orders/{made['order_id']}"))["order"]["contact_id"] == row.contact_id
    assert await Entry.filter(conversation_id=row.conversation_id).exists()
    last = await Address.get(uri=WANG)
    status, error = await zhou.try_call("DELETE", f"/contacts/{wang}/addresses/{last.address_id}")
    assert (status, error["error"]["code"]) == (409, "last_address")


async def test_one_address_is_preferred(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    wang = (await serve(zhou, channel))["contact_id"]
    for text in (PHONE, "wang@Example.org"):
        await zhou.call("POST", f"/contacts/{wang}/addresses", text=text)
    for uri in (TEL, "mailto:wang@example.org"):
        address = await Address.get(uri=uri)
        await zhou.call("POST", f"/contacts/{wang}/addresses/{address.address_id}/prefer")
        assert await Address.filter(is_preferred=True).values_list("uri", flat=True) == [uri]


async def test_what_is_no_address_and_what_others_have_is_refused(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    first, second = await _two_served(channel, zhou)
    path = f"/contacts/{first['contact_id']}/addresses"
    assert (await zhou.try_call("POST", path, text="12 apples"))[0] == 422
    await zhou.call("POST", f"/contacts/{second['contact_id']}/addresses", text=PHONE)
    status, error = await zhou.try_call("POST", path, text=PHONE)
    assert (status, error["error"]["fields"]) == (409, {"contact_id": second["contact_id"]})
