"""Messages to citizens by SMPP: parts, answers of all kinds, and receipts."""

import asyncio

import pytest

from core.errors import SendDeferred, SendRejected, SendUnknown
from plugins.sms import adapter
from plugins.sms.journal import JournalFailed
from tests.plugins.sms.support.orders import order
from tests.plugins.sms.support.smsc import Smsc, receipt
from tests.plugins.sms.support.stand import MemoryHub, running

LONG = "您好，您反映的问题已经转交有关部门。" * 12  # 216 characters, four parts of 67
PARTS = [LONG[:67], LONG[67:134], LONG[134:201], LONG[201:]]


def texts(smsc: Smsc) -> list[str]:
    return [part["text"] for part in smsc.received]


async def test_a_long_text_goes_in_parts_that_belong_together(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        assert await channel.send(order(LONG, seq=0x141)) == "1"
    assert texts(smsc) == PARTS
    assert [part["udh"] for part in smsc.received] == [[f"0003410{4}0{number}"] for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        ("udh_16", {"esm": 0x40, "sar": None}),
        ("sar", {"esm": 0, "sar": [0x1041, 4, 1]}),
    ],
)
async def test_parts_belong_together_in_the_way_the_carrier_wants(
    hub: MemoryHub, smsc: Smsc, how: str, shown: dict[str, object]
) -> None:
    smsc.settings = {"long_messages": how}
    async with running(hub, await smsc.start()) as channel:
        await channel.send(order(LONG, seq=0x1041))
    first = await smsc.event("submitted")
    assert {key: first[key] for key in shown} == shown
    assert "".join(texts(smsc)) == LONG
    if how == "udh_16":
        assert first["udh"] == ["080410410401"]


async def test_a_long_text_can_go_whole(hub: MemoryHub, smsc: Smsc) -> None:
    smsc.settings = {"long_messages": "payload"}
    async with running(hub, await smsc.start()) as channel:
        await channel.send(order(LONG))
    assert texts(smsc) == [LONG]


async def test_only_the_part_that_was_throttled_is_sent_again(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        for status in (0, 0x58, 0x14, 0, 0, 0):
            smsc.script({"status": status} if status else {})
        await channel.send(order(LONG))
    assert texts(smsc) == PARTS


async def test_a_deferred_message_goes_on_with_the_part_that_failed(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        for status in (0, 0, 0x08):
            smsc.script({"status": status} if status else {})
        with pytest.raises(SendDeferred) as caught:
            await channel.send(order(LONG))
        assert caught.value.code == "unavailable"
        assert await channel.send(order(LONG)) == "1"
    assert texts(smsc) == PARTS


async def test_a_part_without_answer_leaves_the_message_in_doubt(hub: MemoryHub, smsc: Smsc) -> None:
    smsc.settings = {"answer_s": 0.3}
    async with running(hub, await smsc.start()) as channel:
        smsc.script({})
        smsc.script({"silent": True})
        with pytest.raises(SendUnknown) as caught:
            await channel.send(order(LONG))
    assert caught.value.code == "timeout"
    assert texts(smsc) == PARTS[:1]


async def test_parts_that_the_far_end_gives_no_id_are_not_taken_for_one_another(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        for answer in ({"nameless": True}, {"nameless": True}, {"nameless": True}, {"status": 0x08}):
            smsc.script(answer)
        with pytest.raises(SendDeferred):
            await channel.send(order(LONG))
        assert await channel.send(order("另一条", message_id="m-2")) != ""
        await channel.send(order(LONG))
    assert texts(smsc) == [*PARTS[:3], "另一条", *PARTS[3:]], "no part was sent twice"


async def test_a_message_is_delivered_when_all_its_parts_are(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        await channel.send(order(LONG))
        for part_id in "421":
            assert await smsc.offer(**receipt(part_id)) == 0
        assert len(hub.events) == 1  # ready, and no word of the message yet
        await smsc.offer(**receipt("3"))
        assert (await hub.status("m-1", "delivered")).external_id == "1"


async def test_a_message_is_failed_as_soon_as_one_part_is(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        await channel.send(order(LONG))
        await smsc.offer(**receipt("1"))
        await smsc.offer(**receipt("3", "UNDELIV", error="021"))
        status = await hub.status("m-1", "failed")
    assert (status.code, status.reason) == ("undelivered", "part 3 of 4: UNDELIV 21")


async def test_a_receipt_that_overtakes_the_answer_counts(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        smsc.script({"receipt_first": True})
        await channel.send(order())
        await hub.status("m-1", "delivered")


async def test_a_receipt_that_overtakes_is_told_when_the_hub_is_back(
    hub: MemoryHub, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIDY_S", 0.05)
    async with running(hub, await smsc.start()) as channel:
        hub.is_away = True
        smsc.script({"receipt_first": True})
        assert await channel.send(order()) == "1", "the message is out"
        hub.is_away = False
        await hub.status("m-1", "delivered")


async def test_a_disk_that_takes_no_notes_holds_a_message_back_or_leaves_it_in_doubt(
    hub: MemoryHub, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise JournalFailed("no space left on device")

    async with running(hub, await smsc.start()) as channel:
        monkeypatch.setattr("plugins.sms.journal.Journal.do", full)
        with pytest.raises(SendDeferred) as deferred:
            await channel.send(order(LONG))
        assert (deferred.value.code, smsc.received) == ("journal_failed", [])
        with pytest.raises(SendUnknown) as doubt:
            await channel.send(order("一条", message_id="m-2"))
        monkeypatch.undo()
    assert (doubt.value.code, texts(smsc)) == ("not_noted", ["一条"])


async def test_receipts_are_understood_by_a_channel_that_was_killed_meanwhile(hub: MemoryHub, smsc: Smsc) -> None:
    settings = await smsc.start()
    async with running(hub, settings) as channel:
        await channel.send(order())
    async with running(hub, settings):
        await smsc.offer(**receipt("1"))
        await hub.status("m-1", "delivered")


@pytest.mark.parametrize(
    ("counts_by", "form", "in_receipt"),
    [
        (10, "same", "00000026"),
        (16, "same", "1a"),
        (16, "decimal", "26"),
        (10, "hexadecimal", "1A"),
    ],
)
async def test_ids_are_recognized_however_receipts_write_them(
    hub: MemoryHub, smsc: Smsc, counts_by: int, form: str, in_receipt: str
) -> None:
    smsc.settings = {"receipt_ids": form}
    async with running(hub, await smsc.start()) as channel:
        smsc.order("count_by", base=counts_by)
        for number in range(1, 27):
            await channel.send(order(f"第{number}条", message_id=f"m-{number}"))
        await smsc.offer(**receipt(in_receipt))
        await hub.status("m-26", "delivered")


async def test_a_receipt_may_speak_in_fields_of_its_own(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        await channel.send(order())
        fields = {"receipted_message_id": "1", "message_state": 5}
        assert await smsc.offer(source="8613800138000", esm=4, tlvs=fields) == 0
        assert (await hub.status("m-1", "failed")).reason == "UNDELIV"


async def test_receipts_the_hub_cannot_take_are_repeated(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()) as channel:
        await channel.send(order())
        hub.is_away = True
        assert await smsc.offer(**receipt("1")) == 0x64
        hub.is_away = False
        assert await smsc.offer(**receipt("1")) == 0
        await hub.status("m-1", "delivered")


async def test_messages_to_many_share_one_window(hub: MemoryHub, smsc: Smsc) -> None:
    smsc.settings = {"window": 3}
    async with running(hub, await smsc.start()) as channel:
        numbers = range(100)
        await asyncio.gather(*(channel.send(order(f"第{number}条", message_id=f"m-{number}")) for number in numbers))
    assert sorted(texts(smsc)) == sorted(f"第{number}条" for number in range(100))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"recipient": "tel:nobody"}, "bad_address"),
        ({"text": "  "}, "empty"),
        ({"text": "长" * 671}, "too_long"),
    ],
)
async def test_what_can_never_be_sent_is_refused(hub: MemoryHub, smsc: Smsc, fields: dict[str, str], code: str) -> None:
    async with running(hub, await smsc.start()) as channel:
        with pytest.raises(SendRejected) as caught:
            await channel.send(order(**fields))
    assert caught.value.code == code
    assert smsc.received == []


async def test_the_sender_depends_on_who_is_written_to(hub: MemoryHub, smsc: Smsc) -> None:
    rules = [{"prefix": "+49", "sender": "Hotline"}, {"prefix": "+4930", "sender": "12345"}]
    settings = {**await smsc.start(), "sender_rules": rules, "sms_signature": "【便民热线】"}
    async with running(hub, settings) as channel:
        for number, recipient in enumerate(("tel:+8613800138000", "tel:+49301234567", "tel:+4940123456")):
            await channel.send(order("您好", recipient=recipient, message_id=f"m-{number}"))
    assert [part["source"] for part in smsc.received] == ["106900012345", "12345", "Hotline"]
    assert {part["text"] for part in smsc.received} == {"【便民热线】您好"}
    assert [event["source_ton"] for event in smsc.events if event["event"] == "submitted"] == [1, 3, 5]
