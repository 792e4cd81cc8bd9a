from datetime import UTC, datetime

from core.events import Mail, MessageReceived, MessageStatus, Profile

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


async def test_what_no_database_keeps_is_replaced_in_every_text_of_a_message(hub, start):
    letter = MessageReceived(
        external_id="e-1",
        sender="box:anna",
        text="a\0b\ud83d",
        profile=Profile(name="安\0娜"),
        sent_at=datetime(2026, 11, 23, tzinfo=UTC),
        mail=Mail(subject="\ude92", to=("\0",), verdicts={"spf": "pass"}),
    )
    kept = MessageReceived(
        external_id="e-1",
        sender="box:anna",
        text="a�b�",
        profile=Profile(name="安�娜"),
        sent_at=datetime(2026, 11, 23, tzinfo=UTC),
        mail=Mail(subject="�", to=("�",), verdicts={"spf": "pass"}),
    )
    as_written = MessageReceived(external_id="e-2", sender="box:anna", text="\\u0000")
    async with start() as box:
        await hub.wait_for(READY)
        await box.channel.emit(letter)
        await box.channel.emit(as_written)
        await hub.wait_for(kept, as_written)
