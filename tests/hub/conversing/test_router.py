"""What channels report is handled once, in order, and one bad message holds up no other."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from core.events import EntryChanged, MessageReceived, MessageStatus, MessageStatuses, Profile
from core.ids import new_id
from core.testing.clock import VirtualClock
from hub.conversing import timeline
from hub.store.models import Address, Contact, Conversation, Entry
from hub.store.unit_of_work import Recorded
from hub.units import Unit
from tests.hub.conversing.conftest import Advance, Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House

WANG = "webchat:wang"


async def _texts() -> list[str]:
    return await Entry.filter(direction="in").order_by("entry_id").values_list("text", flat=True)


async def test_the_same_envelope_twice_is_one_message(still_house: House, channel: FakeChannel) -> None:
    message = MessageReceived(external_id="a", sender=WANG, text="一")
    await channel.emit(message)
    await channel.emit(message)
    await still_house.restart()
    await channel.emit(message)
    await channel.write(WANG, "二")
    await _heard_all(["一", "二"])


async def test_the_same_message_in_another_envelope_is_one_message(channel: FakeChannel) -> None:
    message = MessageReceived(external_id="a", sender=WANG, text="一")
    await channel.emit(message, envelope=new_id())
    await channel.emit(message, envelope=new_id())
    await channel.write(WANG, "二")
    await _heard_all(["一", "二"])


async def test_two_people_may_have_messages_of_the_same_number(channel: FakeChannel) -> None:
    await channel.write(WANG, "一", external_id="1")
    await channel.write("webchat:li", "二", external_id="1")
    await _heard_all(["一", "二"])


async def test_a_poison_message_is_parked_and_the_others_pass(
    channel: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = timeline.add_received

    def add(unit, conversation, address, message, received_at, **options):  # type: ignore[no-untyped-def]
        if message.text == "毒":
            raise RuntimeError("poison")
        return received(unit, conversation, address, message, received_at, **options)

    monkeypatch.setattr("hub.conversing.router.timeline.add_received", add)
    for text in ("一", "毒", "二"):
        await channel.write(WANG if text != "毒" else "webchat:other", text)
    await _heard_all(["一", "二"])
    await _until_parked(channel)
    (parked,) = await channel.bus.dead_letters()
    assert "poison" in parked.letter.error
    monkeypatch.undo()
    await channel.bus.replay(parked.seq)
    await _heard_all(["一", "二", "毒"])


async def test_what_a_blocked_contact_writes_is_not_taken(channel: FakeChannel, come: Come) -> None:
    chen = await come("chen")
    await channel.write(WANG, "人工")
    conversation_id = await chen.take_offer()
    contact_id = chen.conversation(conversation_id)["contact_id"]
    await chen.call("POST", f"/contacts/{contact_id}/block", reason="辱骂")
    await channel.write(WANG, "坏话")
    await channel.write("webchat:li", "好话")
    await _heard_all(["人工", "好话"])
    await chen.call("DELETE", f"/contacts/{contact_id}/block")
    await channel.write(WANG, "对不起")
    await _heard_all(["人工", "好话", "对不起"])


async def test_a_block_is_lifted_when_its_time_is_over(
    channel: FakeChannel, come: Come, advance: Advance, clock: VirtualClock
) -> None:
    chen = await come("chen")
    await channel.write(WANG, "人工")
    contact_id = chen.conversation(await chen.take_offer())["contact_id"]
    until = (clock.now() + timedelta(hours=1)).isoformat()
    await chen.call("POST", f"/contacts/{contact_id}/block", reason="辱骂", until=until)
    await advance(3_601)
    await channel.write(WANG, "对不起")
    await _heard_all(["人工", "对不起"])
    assert not (await chen.call("GET", f"/contacts/{contact_id}")).get("is_blocked", False)


async def test_a_contact_is_blocked_or_served_with_a_reminder(channel: FakeChannel, come: Come) -> None:
    chen, zhou = await come("chen"), await come("zhou")
    await chen.call("PUT", "/me/state", state="busy")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    contact_id = (await Contact.get()).contact_id
    await chen.call("POST", f"/contacts/{contact_id}/block", reason="abuse", kind="remind")
    assert (await zhou.call("GET", f"/contacts/{contact_id}"))["caution"] == "abuse"
    await channel.write(WANG, "还在吗")
    await _heard_all(["人工", "还在吗"])
    await zhou.take_offer()
    await chen.call("DELETE", f"/contacts/{contact_id}/block")
    assert "caution" not in await zhou.call("GET", f"/contacts/{contact_id}")
    await chen.call("POST", f"/contacts/{contact_id}/block", reason="abuse")
    await channel.write(WANG, "坏话")
    await channel.write("webchat:li", "好话")
    await _heard_all(["人工", "还在吗", "好话"])


async def test_script_in_names_and_messages_stays_text(channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    script = "<img src=x onerror=alert(1)>"
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    await channel.write(WANG, f"{script}\0", profile=Profile(name=script, is_verified=True))
    await zhou.until(lambda: script in zhou.read("in"))
    assert (await Contact.get()).name == script
    thread = await zhou.call("GET", f"/conversations/{conversation_id}/entries")
    assert thread["items"][-1]["text"] == script, "a NUL is nothing that PostgreSQL could store"


async def test_a_channel_reports_on_its_own_messages_only(still_house: House, channel: FakeChannel, come: Come) -> None:
    channel.reports = False
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    entry = await zhou.say(conversation_id, "您好")
    async with still_house.channel("thief") as thief:
        await thief.status(entry["entry_id"], "failed", code="lie")
        await thief.read(WANG, 10_000)
        await channel.status(entry["entry_id"], "sent")
        await zhou.until(lambda: any(one.get("status") == "sent" for one in zhou.entries))
        await thief.read(WANG, 10_001)
        await channel.write(WANG, "到了")
        await zhou.until(lambda: "到了" in zhou.read("in"))
    assert (await Entry.get(entry_id=entry["entry_id"])).status == "sent"


async def test_statuses_that_come_together_are_told_once(still_house: House, channel: FakeChannel, come: Come) -> None:
    channel.reports = False
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    conversation_id = await zhou.take_offer()
    entry_id = (await zhou.say(conversation_id, "您好"))["entry_id"]
    told: list[str | None] = []

    def note(recorded: Sequence[Recorded]) -> None:
        told.extend(event.entry.status for _, _, event in recorded if isinstance(event, EntryChanged))

    still_house.services.store.on_commit(note)
    sent = MessageStatus(message_id=entry_id, status="sent")
    delivered = MessageStatus(message_id=entry_id, status="delivered")
    await channel.emit(MessageStatuses(statuses=(sent, delivered)))
    await zhou.until(lambda: any(one.get("status") == "delivered" for one in zhou.entries))
    assert told == ["delivered"]
    assert (await Entry.get(entry_id=entry_id)).status == "delivered"


async def test_a_unit_that_fails_leaves_core_and_store_together(
    still_house: House, channel: FakeChannel, come: Come, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhou = await come("zhou")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    offer_id = next(iter(zhou.tables["offers"]))

    def fail(_: Unit) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Unit, "close", fail)
        status, _ = await zhou.try_call("POST", f"/offers/{offer_id}/accept")
        assert status == 500
    answer = await zhou.call("POST", f"/offers/{offer_id}/accept")
    assert answer["state"] == "active"
    assert (await Conversation.get()).agent_id == zhou.me["user_id"]


async def test_a_restarted_hub_goes_on_where_it_stopped(still_house: House, channel: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    for name in ("a", "b", "c"):
        await channel.write(f"webchat:{name}", "人工")
        await channel.hears(f"webchat:{name}", "正在为您转接")
    first = await zhou.take_offer()
    await zhou.until(lambda: bool(zhou.tables["offers"]))
    offer = next(iter(zhou.tables["offers"].values()))
    await zhou.call("PUT", f"/conversations/{first}/draft", text="写了一半", is_note=True)
    await channel.arrive(WANG)
    await channel.hears(WANG, "请问您想办理")
    before = {name: zhou.tables[name] for name in ("offers", "agents", "queues", "drafts", "conversations")}
    await zhou.leave()

    await still_house.restart()
    zhou.url = still_house.url
    await zhou.open_desk()
    assert {name: zhou.tables[name] for name in before} == before
    accepted = await zhou.call("POST", f"/offers/{offer['offer_id']}/accept")
    assert accepted["conversation_id"] == offer["conversation_id"]
    await zhou.until(lambda: offer["offer_id"] not in zhou.tables["offers"])
    last = await zhou.take_offer()
    rows = await Conversation.filter(state="active").order_by("conversation_id")
    assert [row.address for row in rows] == ["webchat:a", "webchat:b", "webchat:c"]
    assert rows[2].conversation_id == last, "those who wait keep their order"
    await channel.write(WANG, "1")
    await channel.hears(WANG, "检修通知")


async def test_numbers_of_an_address_rise_over_conversations(channel: FakeChannel) -> None:
    await channel.arrive(WANG)
    await channel.hears(WANG, "请问您想办理")
    for text in ("1", "2", "您好"):
        await channel.write(WANG, text)
    await _heard_all(["1", "2", "您好"])
    numbers = await Entry.filter(address=WANG).order_by("entry_id").values_list("seq", flat=True)
    assert numbers == list(range(1, len(numbers) + 1))
    assert (await Address.get(uri=WANG)).last_seq == len(numbers)


async def _heard_all(texts: list[str]) -> None:
    """Wait until exactly these messages are stored, in this order of arrival."""
    async with asyncio.timeout(20):
        while (found := await _texts()) != texts:
            assert len(found) <= len(texts), found
            await asyncio.sleep(0.01)


async def _until_parked(channel: FakeChannel) -> None:
    async with asyncio.timeout(30):
        while not await channel.bus.dead_letters():
            await asyncio.sleep(0.05)


async def test_an_edited_message_is_shown_beside_what_it_said_first(channel: FakeChannel) -> None:
    first = await channel.write(WANG, "我住在江南路")
    await channel.emit(MessageReceived(external_id="e", sender=WANG, text="我住在江北路", edits=first.external_id))
    await channel.emit(MessageReceived(external_id="f", sender=WANG, text="不知道改了什么", edits="nothing"))
    await _heard_all(["我住在江南路", "我住在江北路", "不知道改了什么"])
    said, corrected, unknown = await Entry.filter(direction="in").order_by("entry_id")
    assert (said.code, corrected.code, unknown.code) == ("", "edited", "")
    assert corrected.params == {"entry_id": said.entry_id}
    assert corrected.conversation_id == said.conversation_id


async def test_an_edit_is_no_answer_to_a_flow(channel: FakeChannel) -> None:
    await channel.arrive(WANG)
    await channel.write(WANG, "2", external_id="a")
    await _heard_all(["2"])
    before = await Conversation.all().values_list("flow_state", flat=True)
    await channel.emit(MessageReceived(external_id="b", sender=WANG, text="0", edits="a"))
    await _heard_all(["2", "0"])
    assert await Conversation.all().values_list("flow_state", flat=True) == before
