"""Messages from citizens by SMPP: parts in every order, repetitions, kills; and the link itself."""

import asyncio
from pathlib import Path

import pytest

from core.errors import ChannelAuthFailed, ChannelNotReady
from core.events import Event, MessageReceived
from core.testing.clock import VirtualClock
from plugins.sms import adapter
from plugins.sms.backends.smpp import backend
from tests.certificates import make_certificate
from tests.plugins.sms.support.orders import CITIZEN, order
from tests.plugins.sms.support.smsc import NUMBER, Smsc, part, whole
from tests.plugins.sms.support.stand import MemoryHub, running

NEIGHBOUR = "8613900139000"


async def test_two_citizens_with_the_same_reference_are_kept_apart(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()):
        for one in (
            part("三段，", 7, 3, 3),
            part("邻居的第一段，", 7, 3, 1, source=NEIGHBOUR),
            part("第一段，", 7, 3, 1),
            part("邻居的三段。", 7, 3, 3, source=NEIGHBOUR),
            part("邻居的第二段，", 7, 3, 2, source=NEIGHBOUR),
            part("第二段，", 7, 3, 2),
        ):
            assert await smsc.offer(**one) == 0
    assert hub.texts == [
        ("tel:+" + NEIGHBOUR, "邻居的第一段，邻居的第二段，邻居的三段。"),
        (CITIZEN, "第一段，第二段，三段，"),
    ]


async def test_twelve_parts_stand_in_the_order_of_their_numbers(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()):
        for number in (1, 10, 9, 8, 5, 6, 4, 3, 2, 11, 7, 12):
            await smsc.offer(**part(f"<{number}>", 200, 12, number))
    assert hub.texts == [(CITIZEN, "".join(f"<{number}>" for number in range(1, 13)))]


async def test_a_character_cut_by_the_phone_is_whole_again(hub: MemoryHub, smsc: Smsc) -> None:
    high, low = "🚒".encode("utf-16-be")[:2], "🚒".encode("utf-16-be")[2:]
    async with running(hub, await smsc.start()):
        for number, data in ((1, "火".encode("utf-16-be") + high), (2, low)):
            raw = (bytes((5, 0, 3, 1, 2, number)) + data).hex()
            await smsc.offer(source=NEIGHBOUR, coding=8, esm=0x40, data=raw)
    assert hub.texts == [("tel:+" + NEIGHBOUR, "火🚒")]


async def test_parts_acknowledged_before_a_kill_are_not_lost(hub: MemoryHub, smsc: Smsc) -> None:
    settings = await smsc.start()
    async with running(hub, settings):
        assert await smsc.offer(**part("前半", 9, 2, 1)) == 0
    async with running(hub, settings):
        assert await smsc.offer(**part("后半", 9, 2, 2)) == 0
    assert hub.texts == [(CITIZEN, "前半后半")]


async def test_a_whole_message_the_hub_never_got_is_handed_on_after_a_kill(hub: MemoryHub, smsc: Smsc) -> None:
    settings = await smsc.start()
    async with running(hub, settings):
        await smsc.offer(**part("前半", 9, 2, 1))
        hub.is_away = True
        assert await smsc.offer(**part("后半", 9, 2, 2)) == 0x64
    hub.is_away = False
    async with running(hub, settings):
        await hub.until(lambda: hub.texts)
        await smsc.offer(**part("后半", 9, 2, 2))
    assert hub.texts == [(CITIZEN, "前半后半")]


async def test_a_part_that_comes_again_changes_nothing(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()):
        for number in (1, 1, 2, 1, 2):
            assert await smsc.offer(**part(f"<{number}>", 9, 2, number)) == 0
    assert hub.texts == [(CITIZEN, "<1><2>")]


async def test_the_same_reference_with_other_words_is_another_message(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()):
        for text in ("早", "晚"):
            for number in (1, 2):
                await smsc.offer(**part(f"{text}{number}", 9, 2, number))
    assert [text for _, text in hub.texts] == ["早1早2", "晚1晚2"]


async def test_what_stays_incomplete_is_handed_on_with_a_mark(
    hub: MemoryHub, smsc: Smsc, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIDY_S", 0.05)
    settings = {**await smsc.start(), "parts_wait_s": 600}
    async with running(hub, settings, clock=clock):
        await smsc.offer(**part("开头", 9, 3, 1))
        await smsc.offer(**part("结尾", 9, 3, 3))
        clock.advance(601)
        await hub.until(lambda: hub.texts)
        await smsc.offer(**part("中间", 9, 3, 2))
    first, late = hub.messages
    assert first.text == "开头〔第2段未收到，共3段〕结尾"
    assert late.text == "〔迟到的第2段，共3段〕中间"


async def test_the_same_word_twice_is_two_messages(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()):
        assert await smsc.offer(**whole("1")) == 0
        assert await smsc.offer(**whole("1")) == 0
    assert hub.texts == [(CITIZEN, "1"), (CITIZEN, "1")]


async def test_a_message_whose_answer_was_lost_is_known_again(hub: MemoryHub, smsc: Smsc) -> None:
    async def cut_the_line(event: Event) -> None:
        if isinstance(event, MessageReceived):
            await smsc.stop()

    settings = await smsc.start()
    async with running(hub, settings):
        hub.on_emit = cut_the_line
        smsc.order("deliver", destination=NUMBER, number=1, **whole("1"))
        await hub.until(lambda: hub.texts)
    hub.on_emit = None
    await smsc.start()
    async with running(hub, settings):
        assert await smsc.offer(**whole("1")) == 0
        assert len(hub.events) == 4  # ready and the message, twice
        assert len(hub.messages) == 1
        assert await smsc.offer(**whole("1")) == 0
    assert len(hub.messages) == 2


async def test_a_message_the_far_end_knows_to_be_taken_is_not_taken_for_a_repetition(
    hub: MemoryHub, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "SETTLE_S", 0.05)
    settings = await smsc.start()
    async with running(hub, settings):
        await smsc.offer(**whole("1"))
        await smsc.event("enquired")
        await smsc.until(lambda: smsc.count("enquired"))
        await smsc.offer(**whole("2"))  # answered after the link was asked, so the first is settled
    async with running(hub, settings):
        await smsc.offer(**whole("1"))
    assert [text for _, text in hub.texts] == ["1", "2", "1"]


async def test_the_smsc_is_told_to_repeat_what_the_hub_cannot_take(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()):
        hub.is_away = True
        assert await smsc.offer(**whole("喂")) == 0x64
        hub.is_away = False
        assert await smsc.offer(**whole("喂")) == 0
    assert hub.texts == [(CITIZEN, "喂")]


async def test_a_link_that_does_not_answer_is_given_up(hub: MemoryHub, smsc: Smsc) -> None:
    smsc.settings = {"enquire_s": 0.05, "answer_s": 0.3}
    async with running(hub, await smsc.start()):
        smsc.order("deafen")
        await smsc.event("enquired")
        with pytest.raises(ChannelNotReady):
            await hub.end_of_run()


async def test_a_stream_that_is_no_smpp_ends_the_connection(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()):
        smsc.order("raw", data=b"HTTP/1.1 400 Bad Request\r\n".hex())
        with pytest.raises(ChannelNotReady, match="not the protocol"):
            await hub.end_of_run()


async def test_a_wrong_password_is_said_to_be_one(hub: MemoryHub, smsc: Smsc) -> None:
    smsc.settings = {"password": "wrong"}
    with pytest.raises(ChannelAuthFailed, match="0x0e"):
        async with running(hub, await smsc.start()):
            pass


async def test_it_can_bind_for_each_direction_and_unbinds_at_the_end(hub: MemoryHub, smsc: Smsc) -> None:
    smsc.settings = {"bind": "transmitter_and_receiver"}
    async with running(hub, await smsc.start()) as channel:
        await channel.send(order())
        await smsc.offer(**whole("喂"))
    await smsc.until(lambda: smsc.count("unbound") == 2)
    bound = [event["as"] for event in smsc.events if event["event"] == "bound"]
    assert bound == ["bind_transmitter", "bind_receiver"]
    assert (len(smsc.received), hub.texts) == (1, [(CITIZEN, "喂")])


async def test_tls_lets_only_the_right_server_pass(hub: MemoryHub, smsc: Smsc, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    smsc.use_tls(certificate, key)
    smsc.settings = {"host": "localhost", "tls": "verified", "tls_ca_file": str(certificate)}
    async with running(hub, await smsc.start()) as channel:
        assert await channel.send(order()) == "1"
    smsc.settings = {"host": "localhost", "tls": "verified"}
    await smsc.stop()
    with pytest.raises(ChannelNotReady, match="CERTIFICATE_VERIFY_FAILED"):
        async with running(hub, await smsc.start()):
            pass


async def test_parts_that_come_all_at_once_make_one_message(hub: MemoryHub, smsc: Smsc) -> None:
    async with running(hub, await smsc.start()):
        await asyncio.gather(*(smsc.offer(**part(f"<{number}>", 9, 9, number)) for number in range(1, 10)))
    assert hub.texts == [(CITIZEN, "".join(f"<{number}>" for number in range(1, 10)))]
