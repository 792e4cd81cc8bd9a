"""A bulk send reaches everybody of its audience once, at its pace, and counts what became of each."""

import asyncio
import csv
import io
from datetime import timedelta

import msgspec
import pytest

from core.ids import new_id
from core.testing.clock import VirtualClock
from hub.bulk.audience import Audience
from hub.bulk.campaigns import recipient_id
from hub.bulk.views import CampaignView
from hub.errors import ApiError
from hub.outreach.settings import OutreachSettings
from hub.outreach.templates import KindView, NewTemplate
from hub.store.models import Address, AuditRecord, CampaignRecipient, Contact
from tests.hub.bulk.conftest import OPERATOR, People, Rounds, plan, planned
from tests.hub.conversing.test_other_channels import SMS, reaches_anyone
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House


async def ended(house: House, rounds: Rounds, campaign_id: str) -> CampaignView:
    """Let time pass until the bulk send is over; return it."""
    async with asyncio.timeout(30):
        while (view := await house.services.campaigns.view(campaign_id)).state == "running":
            await rounds(1)
            await asyncio.sleep(0.005)  # the channel's reports come over the bus
    return view


async def test_everybody_gets_their_own_text_once(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    uris = await people(700)
    view = await ended(still_house, rounds, await planned(still_house, plan()))
    assert sorted(order.recipient for order in sms.orders) == uris
    assert sms.sent(uris[3]) == ["王3您好，明日停水"]
    assert (view.total, view.counts) == (700, {"delivered": 700})
    assert {order.message_id for order in sms.orders} == {recipient_id(view.campaign_id, uri) for uri in uris}


async def test_the_audience_is_who_fits_in_everything(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    await people(5)
    wanted = await people(3, 100, tags=("老人",), level=3)
    await people(2, 200, tags=("老人",), level=1)
    await people(1, 300, tags=("老人",), level=3)
    await Contact.filter(name="王300").update(is_blocked=True)
    await ended(still_house, rounds, await planned(still_house, plan(tags=("老人", "儿童"), level_from=2)))
    assert sorted(order.recipient for order in sms.orders) == wanted


async def test_one_condition_names_who_gets_a_short_message_and_who_a_mail(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    await people(2)
    wanted = await people(3, 100, tags=("老人",), level=3)
    await reaches_anyone(still_house, "email-main", "mailto")
    async with still_house.services.store.work():
        for contact in await Contact.filter(name__in=["王0", "王100", "王101"]):
            uri = f"mailto:{contact.name[1:]}@example.cn"
            await Address.create(
                address_id=new_id(), uri=uri, contact_id=contact.contact_id, created_at=contact.created_at
            )
    texted = plan(tags=("老人",), level_from=2)
    mailed = msgspec.structs.replace(texted, instance="email-main", subject="停水通知（{date}）")
    async with still_house.channel("email-main") as email:
        for new in (texted, mailed):
            await ended(still_house, rounds, await planned(still_house, new))
    assert sorted(order.recipient for order in sms.orders) == wanted
    assert sorted(order.recipient for order in email.orders) == ["mailto:100@example.cn", "mailto:101@example.cn"]
    assert {order.mail.subject.partition("（")[0] for order in email.orders if order.mail} == {"停水通知"}
    assert email.sent("mailto:100@example.cn") == ["王100您好，明日停水"]


async def test_the_list_is_asked_when_it_is_sent(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    uris = await people(40)
    await still_house.services.outreach_setup.save(
        OPERATOR, OutreachSettings(per_minute=600, quiet_from="00:00", quiet_to="00:00"), remote=""
    )
    campaign_id = await planned(still_house, plan())
    await rounds(2)  # written down, and some of them sent
    await still_house.services.consent.add(OPERATOR, uris[-1], "不愿意", remote="")
    view = await ended(still_house, rounds, campaign_id)
    assert view.counts == {"delivered": 39, "skipped": 1}
    items, _ = await still_house.services.campaigns.recipients(
        OPERATOR, campaign_id, state="skipped", after=-1, limit=9
    )
    assert [(one.uri, one.code) for one in items] == [(uris[-1], "do_not_contact")]


async def test_the_rate_of_the_instance_is_kept(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    await people(100)
    calm = OutreachSettings(per_minute=300, quiet_from="00:00", quiet_to="00:00")
    await still_house.services.outreach_setup.save(OPERATOR, calm, remote="")
    campaign_id = await planned(still_house, plan())
    await rounds(1)
    for second in range(1, 9):
        await rounds(1)
        ordered = await CampaignRecipient.filter(campaign_id=campaign_id).exclude(state="pending").count()
        assert ordered <= 5 * (second + 1)
    assert ordered >= 35


async def test_no_more_orders_are_with_the_channel_than_it_reports_on(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    sms.reports = False
    await people(500)
    campaign_id = await planned(still_house, plan())
    await rounds(20)
    view = await still_house.services.campaigns.view(campaign_id)
    assert view.counts == {"queued": 200, "pending": 300}


async def test_a_pause_holds_and_a_cancellation_ends(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    campaigns = still_house.services.campaigns
    await people(900)
    campaign_id = await planned(still_house, plan())
    await rounds(2)
    paused = await campaigns.pause(OPERATOR, campaign_id, remote="")
    await rounds(5)
    before = await campaigns.view(campaign_id)
    assert before.counts["pending"] == paused.counts["pending"] > 0
    await campaigns.start(OPERATOR, campaign_id, remote="")
    await rounds(1)
    cancelled = await campaigns.cancel(OPERATOR, campaign_id, remote="")
    await rounds(5)
    await sms.until(lambda: len(sms.orders) == 900 - cancelled.counts["cancelled"])
    async with asyncio.timeout(30):
        while (view := await campaigns.view(campaign_id)).counts.get("queued"):
            await asyncio.sleep(0.01)
    assert view.state == "cancelled"
    assert sum(view.counts.values()) == view.total == 900
    with pytest.raises(ApiError, match="cancelled"):
        await campaigns.start(OPERATOR, campaign_id, remote="")
    actions = await AuditRecord.filter(object_id=campaign_id).order_by("audit_id").values_list("action", flat=True)
    assert actions == ["bulk.save", "bulk.running", "bulk.paused", "bulk.running", "bulk.cancelled"]


async def test_nothing_goes_out_in_quiet_hours(
    still_house: House, clock: VirtualClock, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    await people(3)
    hour = clock.now().hour
    quiet = OutreachSettings(quiet_from=f"{hour:02}:00", quiet_to=f"{(hour + 1) % 24:02}:00", timezone="UTC")
    await still_house.services.outreach_setup.save(OPERATOR, quiet, remote="")
    campaign_id = await planned(still_house, plan())
    await rounds(5)
    view = await still_house.services.campaigns.view(campaign_id)
    assert (view.counts, view.state) == ({"pending": 3}, "running")
    assert view.quiet_until is not None
    clock.advance((view.quiet_until - clock.now()).total_seconds())
    assert (await ended(still_house, rounds, campaign_id)).counts == {"delivered": 3}


async def test_a_scheduled_one_begins_at_its_time(
    still_house: House, clock: VirtualClock, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    await people(3)
    campaigns = still_house.services.campaigns
    view = await campaigns.save(OPERATOR, plan(), remote="")
    at = clock.now() + timedelta(seconds=60)
    assert (await campaigns.start(OPERATOR, view.campaign_id, at, remote="")).state == "scheduled"
    await rounds(30)
    assert sms.orders == []
    await rounds(31)
    assert (await ended(still_house, rounds, view.campaign_id)).counts == {"delivered": 3}


async def test_reports_are_counted_and_never_go_back(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    sms.reports = False
    uris = await people(4)
    campaign_id = await planned(still_house, plan())
    await rounds(3)
    await sms.until(lambda: len(sms.orders) == 4)
    by_uri = {order.recipient: order.message_id for order in sms.orders}
    await sms.status(by_uri[uris[0]], "delivered")
    await sms.status(by_uri[uris[0]], "sent")
    await sms.status(by_uri[uris[1]], "failed", code="blocked_by_carrier")
    await sms.status(by_uri[uris[2]], "unknown")
    async with still_house.channel("thief") as thief:
        await thief.status(by_uri[uris[3]], "failed", code="lie")
        await sms.status(by_uri[uris[3]], "sent")
    view = await ended(still_house, rounds, campaign_id)
    assert view.counts == {"delivered": 1, "failed": 1, "unknown": 1, "sent": 1}
    lines = [chunk async for chunk in still_house.services.campaigns.export(OPERATOR, campaign_id, remote="")]
    rows = list(csv.DictReader(io.StringIO(b"".join(lines).decode("utf-8-sig"))))
    assert [(row["address"], row["state"], row["code"]) for row in rows][1] == (uris[1], "failed", "blocked_by_carrier")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_a_file_names_who_gets_what(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds, encoding: str
) -> None:
    known = (await people(1))[0]
    table = "手机号,金额\n13800000000,100\n138-0000-0000,7\n不是号码,9\n,3\n13900000002,200\n".encode(encoding)
    media = await still_house.services.media.keep(table, mime="text/csv", name="a.csv", instance="")
    assert await still_house.services.campaigns.headings(media.media_id) == ["手机号", "金额"]
    new = plan(
        "{amount}元已到账", source="file", media_id=media.media_id, columns={"address": "手机号", "amount": "金额"}
    )
    preview = await still_house.services.campaigns.preview(OPERATOR, new)
    shown = [(one.uri, one.text) for one in preview.samples]
    assert shown == [(known, "100元已到账"), ("tel:+8613900000002", "200元已到账")]
    unusable = [(3, "twice"), (4, "not_an_address"), (5, "no_address")]
    assert [(fault.line, fault.code) for fault in preview.faults] == unusable
    assert preview.literal == []
    chinese = msgspec.structs.replace(new, text="{金额}元已到账，{amount}元")
    assert (await still_house.services.campaigns.preview(OPERATOR, chinese)).literal == ["{金额}"]
    campaign_id = await planned(still_house, new)
    view = await ended(still_house, rounds, campaign_id)
    assert [(fault.line, fault.code) for fault in view.faults] == unusable
    assert view.counts == {"delivered": 2}
    assert sms.sent("tel:+8613900000002") == ["200元已到账"]
    assert (await CampaignRecipient.get(uri=known)).contact_id is not None


async def test_a_template_has_to_be_approved_still(still_house: House, sms: FakeChannel, people: People) -> None:
    await people(2)
    templates, campaigns = still_house.services.templates, still_house.services.campaigns
    kind = KindView(kind_id="notice", title={"zh": "通知", "en": "Notices"}, needs_approval=True)
    await templates.save_kind(OPERATOR, kind, remote="")
    made = await templates.save(OPERATOR, NewTemplate(kind_id="notice", title="停水", text="{name}停水"), remote="")
    assert made.variables == ["name"]
    new = plan()
    new = type(new)(title="x", instance=SMS, template_id=made.template_id, audience=Audience())
    with pytest.raises(ApiError, match="not approved"):
        await campaigns.save(OPERATOR, new, remote="")
    await templates.judge(OPERATOR, made.template_id, "approved", "", remote="")
    view = await campaigns.save(OPERATOR, new, remote="")
    assert (await campaigns.preview(OPERATOR, new)).unfilled == ["name"]
    await templates.judge(OPERATOR, made.template_id, "rejected", "", remote="")
    with pytest.raises(ApiError, match="not approved"):
        await campaigns.start(OPERATOR, view.campaign_id, remote="")


async def test_kinds_of_messages_are_made_renamed_and_retired(
    still_house: House, sms: FakeChannel, people: People, rounds: Rounds
) -> None:
    await people(1)
    templates, campaigns = still_house.services.templates, still_house.services.campaigns
    progress = KindView(kind_id="progress", title={"zh": "办件", "en": "Progress"}, position=2)
    news = KindView(kind_id="news", title={"zh": "政策资讯", "en": "News"}, position=1)
    for kind in (progress, news, msgspec.structs.replace(progress, title={"zh": "办件进度", "en": "Progress"})):
        await templates.save_kind(OPERATOR, kind, remote="")
    assert [one.title["zh"] for one in await templates.kinds()] == ["政策资讯", "办件进度"]
    text = NewTemplate(kind_id="progress", title="已办结", text="您的事项已办结", channels=("tel",))
    made = await templates.save(OPERATOR, text, remote="")
    with pytest.raises(ApiError, match="no such kind"):
        await templates.save(OPERATOR, msgspec.structs.replace(text, kind_id="gossip"), remote="")
    new = msgspec.structs.replace(plan(""), template_id=made.template_id)
    await ended(still_house, rounds, await planned(still_house, new))
    assert [order.text for order in sms.orders] == ["您的事项已办结"]
    await templates.save_kind(OPERATOR, msgspec.structs.replace(progress, is_active=False), remote="")
    with pytest.raises(ApiError, match="retired"):
        await campaigns.save(OPERATOR, new, remote="")


async def test_a_test_goes_to_its_address_alone(still_house: House, sms: FakeChannel, people: People) -> None:
    await people(3)
    await still_house.services.campaigns.test(OPERATOR, plan(), "13911112222", remote="")
    order = await sms.hears("tel:+8613911112222", "王0您好")
    assert len(sms.orders) == 1
    assert await CampaignRecipient.all().count() == 0
    assert order.seq == 0


async def test_an_instance_that_reaches_only_who_is_there_sends_no_bulk(still_house: House, people: People) -> None:
    new = type(plan())(title="x", instance="web_chat-main", text="x", audience=Audience())
    with pytest.raises(ApiError, match="cannot write first"):
        await still_house.services.campaigns.save(OPERATOR, new, remote="")
