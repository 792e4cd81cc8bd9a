"""Writing and being answered over the WebSocket."""

import asyncio
import random
from typing import Any

from core.events import ContactArrived, MessagesRead, MessageStatus, TypingReported
from tests.plugins.web_chat.tools import address_of


async def test_a_message_is_acknowledged_only_after_the_hub_has_it(house: Any) -> None:
    chat = await house.chat(language="zh-CN", page_url="https://example.gov.cn/")
    await chat.send("message", cid="cid-00001", text="我家暖气不热")
    assert await chat.next("ack") == {"type": "ack", "cid": "cid-00001"}
    (event,) = house.hub.received()
    assert (event.sender, event.text) == (address_of(chat), "我家暖气不热")
    assert event.profile.language == "zh-CN"


async def test_an_answer_reaches_every_window_of_the_visitor_and_nobody_else(house: Any) -> None:
    first = await house.chat()
    second = await house.chat(first.welcome["visitor"])
    stranger = await house.chat()
    await house.hub.say(address_of(first), "您好", sender_kind="agent", sender_name="工号 1023")
    for chat in (first, second):
        line = await chat.next("message")
        assert (line["text"], line["name"], line["seq"]) == ("您好", "工号 1023", 1)
    await house.hub.say(address_of(stranger), "只给您")
    assert (await stranger.next("message"))["text"] == "只给您"


async def test_a_message_shows_in_the_visitors_other_windows(house: Any) -> None:
    first = await house.chat()
    second = await house.chat(first.welcome["visitor"])
    await first.send("message", cid="cid-00001", text="在吗")
    line = await second.next("message")
    assert (line["direction"], line["cid"], line["text"]) == ("in", "cid-00001", "在吗")


async def test_without_the_bus_the_widget_is_told_to_repeat(house: Any) -> None:
    chat = await house.chat()
    house.hub.is_down = True
    await chat.send("message", cid="cid-00001", text="在吗")
    assert (await chat.next("retry", "ack"))["type"] == "retry"
    house.hub.is_down = False
    await chat.send("message", cid="cid-00001", text="在吗")
    assert (await chat.next("retry", "ack"))["type"] == "ack"
    assert len(house.hub.received()) == 1


async def test_acknowledgements_flow_while_the_history_is_away(house: Any) -> None:
    first = await house.chat()
    house.hub.is_down = True
    chat = await house.chat(first.welcome["visitor"], last=3)
    await chat.send("message", cid="cid-00001", text="在吗")
    assert (await chat.next("retry"))["cid"] == "cid-00001"


async def test_history_comes_before_what_happens_meanwhile(house: Any) -> None:
    chat = await house.chat()
    address = address_of(chat)
    for number in range(120):
        await house.hub.say(address, f"第 {number} 条", is_sent=False)
    again = await house.chat(chat.welcome["visitor"], last=10)
    await house.hub.say(address, "新消息")
    lines = await again.lines(111)
    assert [line["seq"] for line in lines] == list(range(11, 122))


async def test_a_returning_visitor_without_memory_gets_the_newest_page(house: Any) -> None:
    chat = await house.chat()
    for number in range(120):
        await house.hub.say(address_of(chat), f"第 {number} 条", is_sent=False)
    again = await house.chat(chat.welcome["visitor"])
    lines = await again.lines(50)
    assert [line["seq"] for line in lines] == list(range(71, 121))
    assert (await again.next("message", "situation"))["type"] == "situation"


async def test_a_lost_order_is_found_in_the_history(house: Any) -> None:
    chat = await house.chat()
    await chat.next("situation")
    address = address_of(chat)
    await house.hub.say(address, "一")
    await house.hub.say(address, "二", is_sent=False)
    await house.hub.say(address, "三")
    assert [line["text"] for line in await chat.lines(3)] == ["一", "二", "三"]


async def test_a_late_order_is_still_shown_and_a_repeated_one_is_not(house: Any) -> None:
    chat = await house.chat()
    await chat.next("situation")
    address = address_of(chat)
    await chat.send("message", cid="cid-00001", text="在吗")  # takes a number no order carries
    await chat.next("ack")
    first = await house.hub.say(address, "一", is_sent=False)
    second = await house.hub.say(address, "二", is_sent=False)
    await house.channel.send(second)
    assert (await chat.next("message"))["seq"] in (1, 2, 3)
    await house.channel.send(first)
    await house.channel.send(second)
    await house.hub.say(address, "三")
    seen = {3}
    while 4 not in seen:
        seen.add((await chat.next("message"))["seq"])
    assert {2, 3, 4} <= seen


async def test_own_messages_cost_no_look_into_the_history(house: Any) -> None:
    chat = await house.chat()
    await chat.next("situation")
    house.hub.situation = "active"
    asked = house.hub.histories
    for number in range(20):
        await chat.send("message", cid=f"cid-{number:05}", text="问")
        await chat.next("ack")
        await house.hub.say(address_of(chat), "答", sender_kind="agent")
        assert (await chat.next("message"))["text"] == "答"
    assert house.hub.histories == asked


async def test_typing_delivery_and_reading_are_reported(house: Any) -> None:
    chat = await house.chat()
    address = address_of(chat)
    await chat.send("typing", on=True)
    order = await house.hub.say(address, "您好")
    line = await chat.next("message")
    await chat.send("seen", seq=line["seq"])
    await chat.send("seen", seq=line["seq"])
    await chat.send("read", seq=99)  # never sent, never read
    await chat.send("read", seq=line["seq"])
    await house.hub.until(lambda: house.hub.received(MessagesRead))
    assert house.hub.received(TypingReported) == [TypingReported(sender=address, is_typing=True)]
    (status,) = house.hub.received(MessageStatus)
    assert (status.message_id, status.status) == (order.message_id, "delivered")
    assert house.hub.received(MessagesRead) == [MessagesRead(sender=address, up_to_seq=line["seq"])]
    await house.channel.show_typing(address, is_typing=True)
    assert (await chat.next("typing"))["on"] is True


async def test_opening_the_widget_announces_the_citizen_so_that_the_flow_greets(house: Any) -> None:
    chat = await house.chat()
    await chat.send("opened", cid="arrival-1")
    assert (await chat.next("ack"))["cid"] == "arrival-1"
    (event,) = house.hub.received(ContactArrived)
    assert (event.sender, event.arrival_id) == (address_of(chat), "arrival-1")


async def test_a_waiting_citizen_hears_the_place_in_the_queue(house: Any) -> None:
    house.hub.situation, house.hub.place = "queued", 3
    chat = await house.chat()
    assert await chat.next("situation") == {"type": "situation", "situation": "queued", "place": 3, "wait_s": None}


async def test_nothing_is_lost_or_doubled_over_broken_connections(house: Any) -> None:
    """2,000 messages down and 500 up over one visitor whose connection breaks again and again."""
    chaos = random.Random(7)
    chat = await house.chat()
    token, address = chat.welcome["visitor"], address_of(chat)
    down, up = 2000, 500
    received: list[tuple[int, str]] = []
    acked: set[str] = set()
    breaks, has_ended = 0, False

    async def speak() -> None:
        for number in range(down):
            lost = chaos.random() < 0.02
            await house.hub.say(address, f"down {number}", is_sent=not lost, sender_kind="agent")
            if number % 7 == 0:
                await asyncio.sleep(0)
        await house.hub.say(address, "end", sender_kind="agent")

    async def converse() -> None:
        nonlocal chat, breaks, has_ended
        pending = [f"cid-{number:05}" for number in range(up)]
        while len(acked) < up or not has_ended:
            offered = set(pending[:5])
            for cid in offered:
                await chat.send("message", cid=cid, text=cid)
            for _ in range(chaos.randrange(1, 60)):
                if offered <= acked and has_ended:
                    break
                frame = await chat.next("message", "ack")
                if frame["type"] == "ack":
                    acked.add(frame["cid"])
                    pending = [cid for cid in pending if cid != frame["cid"]]
                else:
                    received.append((frame["seq"], frame.get("cid") or frame["text"]))
                    has_ended = has_ended or frame["text"] == "end"
            transport = chat.socket.get_extra_info("socket")
            assert transport is not None
            breaks += 1
            await chat.socket.close() if breaks % 2 else chat.socket._response.connection.transport.abort()
            chat = await house.chat(token, last=max((seq for seq, _ in received), default=0))

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(speak())
        group.create_task(converse())
    assert breaks >= 50
    numbers = [seq for seq, _ in received]
    assert numbers == sorted(set(numbers))
    expected = [f"down {number}" for number in range(down)]
    assert [text for _, text in received if text.startswith("down")] == expected
    assert sorted(event.external_id for event in house.hub.received()) == [f"cid-{n:05}" for n in range(up)]


async def test_the_plugin_stops_at_once_and_says_so(house: Any) -> None:
    chats = [await house.chat() for _ in range(3)]
    await house.channel._sockets.close()
    for chat in chats:
        assert (await chat.next("closed"))["code"] == 1001
