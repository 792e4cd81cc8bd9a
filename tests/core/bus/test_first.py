"""Publish, consume, ask and answer against a real server."""

import asyncio

from core.bus import Bus, Delivery
from core.events import History, HistoryRequest, MessageReceived
from core.subjects import ASK_HISTORY


def message(text: str) -> MessageReceived:
    return MessageReceived(external_id=text, sender="tel:+4930123456", text=text)


async def test_what_is_published_arrives_once_and_in_order(bus: Bus) -> None:
    got: list[str] = []
    complete = asyncio.Event()

    async def handle(deliveries: list[Delivery]) -> None:
        got.extend(delivery.envelope.id for delivery in deliveries)
        if len(got) == 100:
            complete.set()

    bus.consume("IN", "hub", handle)
    for _ in range(2):
        await asyncio.gather(*(bus.publish(message(str(n)), "web-main", msg_id=str(n)) for n in range(100)))
    async with asyncio.timeout(5):
        await complete.wait()
    assert got == [str(n) for n in range(100)]


async def test_a_question_is_answered(bus: Bus) -> None:
    async def history(instance: str, question: HistoryRequest) -> History:
        assert instance == "web-main"
        return History(has_more=question.limit == 3)

    await bus.respond(ASK_HISTORY, history, request=HistoryRequest)
    answer = await bus.request(
        ASK_HISTORY.format(id="web-main"), HistoryRequest(address="tel:+4930123456", limit=3), reply=History
    )
    assert answer.has_more
