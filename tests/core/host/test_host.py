from core.events import MessageReceived, MessageStatus

from .conftest import READY


def sent(message_id: str, external_id: str) -> MessageStatus:
    return MessageStatus(message_id=message_id, status="sent", external_id=external_id)


async def test_an_order_is_sent_and_its_outcome_reported(hub, start):
    async with start():
        await hub.order("m-1")
        await hub.wait_for(READY, sent("m-1", "x-1"))


async def test_what_the_channel_receives_reaches_the_hub_once_however_often_it_repeats_itself(hub, start):
    letter = MessageReceived(external_id="e-1", sender="box:anna", text="你好")
    async with start() as box:
        await hub.wait_for(READY)
        for _ in range(3):
            await box.channel.emit(letter)
        other = MessageReceived(external_id="e-2", sender="box:anna", text="再见")
        await box.channel.emit(other)
        await hub.wait_for(other)
    assert [event for event in hub.seen if isinstance(event, MessageReceived)] == [letter, other]
