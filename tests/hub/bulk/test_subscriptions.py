"""People sign up by their mobile, get what they signed up for at its time, and stop when they say so (S232)."""

from datetime import timedelta

from core.testing.clock import VirtualClock
from hub.outreach.consent import TopicView
from hub.store.models import Address, Subscription
from tests.hub.bulk.conftest import OPERATOR, Rounds, plan
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House

LI, WANG = "tel:+8613800000001", "tel:+8613800000002"


async def test_who_signs_up_by_mobile_gets_reminders_until_they_stop(
    still_house: House, sms: FakeChannel, rounds: Rounds, clock: VirtualClock
) -> None:
    topic = TopicView(topic_id="policy", title={"zh": "政策快讯", "en": "Policy"}, keywords=("订阅政策",))
    await still_house.services.consent.save_topic(OPERATOR, topic, remote="")
    for mobile in (LI, WANG):
        await sms.write(mobile, "订阅政策")
        await sms.hears(mobile, "您已订阅“政策快讯”")
    assert await Address.filter(uri__in=[LI, WANG]).count() == 2, "who was a stranger is a contact now"
    campaigns = still_house.services.campaigns
    reminder = await campaigns.save(OPERATOR, plan("医保缴费截止到月底", source="topic", topic_id="policy"), remote="")
    await campaigns.start(OPERATOR, reminder.campaign_id, clock.now() + timedelta(minutes=5), remote="")
    await sms.write(WANG, "退订订阅政策")
    await sms.hears(WANG, "您已取消订阅")
    await rounds(2)
    assert not [text for text in sms.sent(LI) if "医保" in text], "it is not time yet"
    clock.advance(300)
    await rounds(3)
    await sms.hears(LI, "医保缴费截止到月底")
    assert not [text for text in sms.sent(WANG) if "医保" in text]
    assert [row.uri for row in await Subscription.all()] == [LI]
