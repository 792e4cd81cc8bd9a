"""What the house writes first: results from flows, conversations begun by agents, subscriptions, opting out."""

from typing import Any

import pytest

from core.events import MessageReceived
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.conversing.mails import reference
from hub.dispatch.queues import QueueSettings
from hub.outreach.consent import TopicView
from hub.outreach.initials import initials
from hub.outreach.settings import OutreachSettings
from hub.outreach.templates import KindView, NewTemplate
from hub.store.models import Conversation, DoNotContact, Entry, PluginInstance, Subscription
from tests.hub.conversing.conftest import Come
from tests.hub.conversing.test_other_channels import MOBILE, WANG, reaches_anyone, serve, sms
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House

__all__ = ["sms"]

OPERATOR = Identity(username="operator", permissions=frozenset({"address.reveal"}))
FLOW = {
    "start": "phone",
    "human": "people",
    "nodes": {
        "phone": {
            "step": "ask",
            "text": {"zh": "请留下手机号", "en": "Your mobile number?"},
            "variable": "phone",
            "kind": "phone",
            "goto": "result",
            "timeout_s": 600,
            "on_timeout": "people",
        },
        "result": {
            "step": "send",
            "channel": "tel",
            "recipient": "{phone}",
            "text": {"zh": "您的办件编号是 {phone}", "en": "Your number is {phone}"},
            "goto": "done",
            "on_failure": "failed",
        },
        "done": {"step": "say", "text": {"zh": "结果已发送", "en": "Sent"}, "goto": "phone"},
        "failed": {"step": "say", "text": {"zh": "没有发送", "en": "Not sent"}, "goto": "people"},
        "people": {"step": "queue", "queue_id": "general"},
    },
}


@pytest.fixture
async def sending_flow(still_house: House, sms: FakeChannel) -> None:
    """Let web chat begin with a flow that sends a result to a mobile number."""
    library = still_house.services.flow_library
    version, faults = await library.add_version(OPERATOR, "hotline", FLOW)
    assert faults == ()
    await library.publish(OPERATOR, "hotline", version)


@pytest.mark.usefixtures("sending_flow")
async def test_a_flow_sends_a_result_by_sms(channel: FakeChannel, sms: FakeChannel) -> None:
    await channel.write(WANG, "你好")
    await channel.write(WANG, "13800001234")
    await channel.hears(WANG, "结果已发送")
    order = await sms.hears(MOBILE, "您的办件编号是 13800001234")
    assert order.sender_kind == "flow"
    line = await Entry.get(entry_id=order.message_id)
    conversation = await Conversation.get()
    assert (line.conversation_id, line.instance) == (conversation.conversation_id, "sms-main")


async def test_a_flow_sends_a_result_by_email(still_house: House, channel: FakeChannel) -> None:
    await reaches_anyone(still_house, "email-main", "mailto")
    phone, result = FLOW["nodes"]["phone"], FLOW["nodes"]["result"]  # type: ignore[index]
    mailed = {
        **FLOW["nodes"],  # type: ignore[dict-item]
        "phone": {**phone, "kind": "email"},
        "result": {**result, "channel": "email-main", "subject": {"zh": "办理结果", "en": "Result"}},
    }
    library = still_house.services.flow_library
    version, faults = await library.add_version(OPERATOR, "hotline", {**FLOW, "nodes": mailed})
    assert faults == ()
    await library.publish(OPERATOR, "hotline", version)
    async with still_house.channel("email-main") as email:
        await channel.write(WANG, "你好")
        await channel.write(WANG, "wang@Example.org")
        order = await email.hears("mailto:wang@example.org", "您的办件编号")
    assert order.mail is not None
    assert order.mail.subject == f"办理结果 [LX-{reference((await Conversation.get()).conversation_id)}]"


@pytest.mark.usefixtures("sending_flow")
async def test_a_flow_sends_nothing_to_who_does_not_want_it(channel: FakeChannel, still_house: House) -> None:
    await still_house.services.consent.add(OPERATOR, MOBILE, "投诉", remote="")
    for sender in ("web:other", WANG):  # the first one's word makes the number theirs, not their permission
        await channel.write(sender, "你好")
        await channel.write(sender, "13800001234")
        await channel.hears(sender, "没有发送")


@pytest.mark.usefixtures("sending_flow")
async def test_a_flow_is_no_means_to_flood_a_number(channel: FakeChannel, sms: FakeChannel) -> None:
    for name in "abcd":
        await channel.write(f"web:{name}", "你好")
        await channel.write(f"web:{name}", "13800001234")
    await channel.hears("web:d", "没有发送")
    assert len(sms.sent(MOBILE)) == 3


@pytest.mark.usefixtures("sending_flow")
async def test_a_word_that_is_no_number_is_not_sent_to(channel: FakeChannel) -> None:
    await channel.write(WANG, "你好")
    await channel.write(WANG, "123456789")
    await channel.hears(WANG, "没有发送")
    assert (await Entry.get(code="not_sent")).params["fault"] == "not_an_address"


async def test_an_agent_writes_first(channel: FakeChannel, sms: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    begin: dict[str, Any] = {"client_id": "c-1", "to": "138 0000 1234", "instance": "sms-main", "text": "请补交材料"}
    begun = await zhou.call("POST", "/conversations", **begin)
    again = await zhou.call("POST", "/conversations", **begin)
    assert again["conversation_id"] == begun["conversation_id"], "a repeated call begins nothing anew"
    order = await sms.hears(MOBILE, "请补交材料")
    assert (begun["state"], order.sender_kind) == ("active", "agent")
    await sms.write(MOBILE, "好的")
    await zhou.until(lambda: "好的" in zhou.read("in"))
    status, error = await zhou.try_call("POST", "/conversations", **{**begin, "client_id": "c-2"})
    assert (status, error["error"]["code"]) == (409, "conversation_open")
    ended = await zhou.call("POST", f"/conversations/{begun['conversation_id']}/end")
    assert ended["state"] == "wrap_up"


async def test_a_mail_that_an_agent_begins_is_signed_as_their_queue_signs(still_house: House, come: Come) -> None:
    await reaches_anyone(still_house, "email-main", "mailto")
    rules = QueueSettings(signature="便民热线 {name} {work_number}")
    for queue in await still_house.services.queue_editor.all():
        await still_house.services.queue_editor.save(OPERATOR, queue.queue_id, queue.title, rules, remote="")
    zhou = await come("zhou")
    async with still_house.channel("email-main") as email:
        begin = {"client_id": "c-1", "to": "wang@example.org", "instance": "email-main"}
        await zhou.call("POST", "/conversations", **begin, subject="材料", text="请补交材料")
        order = await email.hears("mailto:wang@example.org", "请补交材料")
    me = zhou.me
    assert order.mail is not None
    assert order.mail.signature == f"便民热线 {me['display_name']} {me['work_number']}"


async def test_a_conversation_that_an_agent_began_can_be_passed_on(
    channel: FakeChannel, sms: FakeChannel, come: Come
) -> None:
    zhou = await come("zhou")
    begun = await zhou.call("POST", "/conversations", client_id="c-1", to=MOBILE, instance="sms-main", text="您好")
    chen = await come("chen")
    path = f"/conversations/{begun['conversation_id']}/transfer"
    await zhou.call("POST", path, queue_id="housing", note="请跟进")
    await chen.until(lambda: bool(chen.tables["offers"]))
    assert await chen.take_offer() == begun["conversation_id"]


async def test_nothing_is_written_over_what_carries_calls_or_speaks(still_house: House) -> None:
    async with still_house.services.store.work():
        for plugin in ("voice", "tts"):
            await PluginInstance.create(instance=f"{plugin}-main", plugin=plugin, is_enabled=True, revision=1)
    names = {sender.instance for sender in await still_house.services.reach.senders()}
    assert not names & {"voice-main", "tts-main"}


async def test_nobody_writes_first_to_who_opted_out(channel: FakeChannel, sms: FakeChannel, come: Come) -> None:
    zhou = await come("zhou")
    await sms.write(MOBILE, "TD")
    await sms.hears(MOBILE, "您已退订")
    conversation = await Conversation.get()
    assert (conversation.state, conversation.unread) == ("closed", 0)
    assert (await DoNotContact.get()).source == "contact"
    begin = {"client_id": "c-1", "to": MOBILE, "instance": "sms-main", "text": "您好"}
    status, error = await zhou.try_call("POST", "/conversations", **begin)
    assert (status, error["error"]["code"]) == (409, "do_not_contact")
    await sms.write(MOBILE, "人工")
    await zhou.take_offer()
    await sms.hears(MOBILE, "工号 3021")  # who asks is answered


async def test_a_channel_that_understood_the_wish_is_heeded(sms: FakeChannel) -> None:
    await sms.emit(MessageReceived(external_id="1", sender=MOBILE, text="拒收请回复R", consent="withdrawn"))
    await sms.hears(MOBILE, "您已退订")
    await sms.emit(MessageReceived(external_id="2", sender=MOBILE, text="恢复", consent="given"))
    await sms.hears(MOBILE, "重新收到")
    assert await DoNotContact.all().count() == 0


async def test_a_list_is_imported_with_its_faults_named(still_house: House) -> None:
    consent = still_house.services.consent
    await consent.add(OPERATOR, "13800000000", "", remote="")
    text = "13800000000\n13800000001,投诉\n苹果\n\na@b.cn\n"
    result = await consent.load_list(OPERATOR, text, "名单", remote="")
    assert (result.added, result.known, [fault.line for fault in result.faults]) == (2, 1, [3])
    rows = await DoNotContact.filter(source="import").order_by("uri")
    assert [(row.uri, row.reason) for row in rows] == [("mailto:a@b.cn", "名单"), ("tel:+8613800000001", "投诉")]


async def test_the_list_gives_no_number_away_to_who_may_not_see_it(still_house: House) -> None:
    consent = still_house.services.consent
    for number in range(3):
        await consent.add(OPERATOR, f"1380000123{number}", "", remote="")
    sees = Identity(username="b", permissions=frozenset({"outreach.send", "address.reveal"}))
    guesses = Identity(username="a", permissions=frozenset({"outreach.send"}))

    async def found(who: Identity, words: str) -> list[str]:
        return [one.uri for one in (await consent.page(who, words=words, after="", limit=10))[0]]

    assert await found(sees, "001231") == ["tel:+8613800001231"]
    assert await found(guesses, "001231") == []
    assert len(await found(guesses, "138 0000 1231")) == 1
    first, cursor = await consent.page(guesses, words="", after="", limit=2)
    assert cursor is not None
    assert "1380000" not in cursor
    rest, _ = await consent.page(guesses, words="", after=cursor, limit=2)
    assert (len(first), len(rest)) == (2, 1)


async def test_people_subscribe_and_unsubscribe_by_keyword(still_house: House, sms: FakeChannel) -> None:
    topic = TopicView(topic_id="policy", title={"zh": "政策快讯", "en": "Policy"}, keywords=("订阅政策",))
    await still_house.services.consent.save_topic(OPERATOR, topic, remote="")
    await sms.write(MOBILE, " 订阅政策！")
    await sms.hears(MOBILE, "您已订阅“政策快讯”")
    assert (await Subscription.get()).uri == MOBILE
    await sms.write(MOBILE, "退订订阅政策")
    await sms.hears(MOBILE, "您已取消订阅")
    assert await Subscription.all().count() == 0


async def test_an_agent_subscribes_a_contact(
    still_house: House, channel: FakeChannel, sms: FakeChannel, come: Come
) -> None:
    zhou = await come("zhou")
    topic = TopicView(topic_id="policy", title={"zh": "政策快讯", "en": "Policy"})
    await still_house.services.consent.save_topic(OPERATOR, topic, remote="")
    contact_id = (await serve(zhou, channel))["contact_id"]
    contact = await zhou.call("POST", f"/contacts/{contact_id}/addresses", text=MOBILE)
    (address,) = [one for one in contact["addresses"] if one["uri"].startswith("tel:")]
    path = f"/contacts/{contact_id}/subscriptions/policy"
    await zhou.call("PUT", path, address_id=address["address_id"])
    assert (await zhou.call("GET", "/topics"))["items"][0]["subscribers"] == 1
    await zhou.call("PUT", path, address_id=address["address_id"], wanted=False)
    assert await Subscription.all().count() == 0


async def test_an_agent_sees_and_changes_on_which_terms_a_contact_is_written_to(
    channel: FakeChannel, sms: FakeChannel, come: Come
) -> None:
    zhou = await come("zhou")
    contact_id = (await serve(zhou, channel))["contact_id"]
    contact = await zhou.call("POST", f"/contacts/{contact_id}/addresses", text=MOBILE)
    (address_id,) = [one["address_id"] for one in contact["addresses"] if one["uri"].startswith("tel:")]

    async def terms() -> dict[str, Any]:
        found = (await zhou.call("GET", f"/contacts/{contact_id}/outreach"))["addresses"]
        return next(one for one in found if one["address_id"] == address_id)

    before = await terms()
    assert (before["is_refused"], [one["instance"] for one in before["senders"]]) == (False, ["sms-main"])
    path = f"/contacts/{contact_id}/addresses/{address_id}/do-not-contact"
    await zhou.call("PUT", path, is_refused=True, reason="来电要求")
    assert ((await terms())["is_refused"], (await DoNotContact.get()).reason) == (True, "来电要求")
    begin = {"client_id": "c-1", "address_id": address_id, "text": "您好"}
    assert (await zhou.try_call("POST", "/conversations", **begin))[0] == 409
    await zhou.call("PUT", path, is_refused=False)
    begun = await zhou.call("POST", "/conversations", **begin)
    assert begun["agent_id"]
    await sms.hears(MOBILE, "您好")


async def test_canned_replies_are_filled_and_found_by_initials(
    still_house: House, channel: FakeChannel, come: Come
) -> None:
    templates = still_house.services.templates
    reply = KindView(kind_id="reply", title={"zh": "常用语", "en": "Replies"}, is_reply=True)
    notice = KindView(kind_id="notice", title={"zh": "通知", "en": "Notices"}, is_reply=True, needs_approval=True)
    for kind in (reply, notice):
        await templates.save_kind(OPERATOR, kind, remote="")
    new = NewTemplate(kind_id="reply", title="医保报销", text="{contact_name}您好，我是{work_number}。")
    await templates.save(OPERATOR, new, remote="")
    await templates.save(OPERATOR, NewTemplate(kind_id="reply", title="短信", text="x", channels=("tel",)), remote="")
    waiting = await templates.save(OPERATOR, NewTemplate(kind_id="notice", title="停水", text="停水"), remote="")
    zhou = await come("zhou")
    conversation_id = (await serve(zhou, channel))["conversation_id"]
    path = f"/conversations/{conversation_id}/canned-replies"
    (found,) = (await zhou.call("GET", path))["items"]
    assert found["text"] == "网上访客 WANG您好，我是3021。"
    assert "ybbx" in found["keys"]
    await templates.judge(OPERATOR, waiting.template_id, "approved", "", remote="")
    assert len((await zhou.call("GET", path))["items"]) == 2
    changed = NewTemplate(template_id=waiting.template_id, kind_id="notice", title="停水", text="停水停电")
    assert (await templates.save(OPERATOR, changed, remote="")).approval == "draft"


def test_initials_are_those_of_the_pinyin() -> None:
    assert initials("医保报销") == "ybbx"
    assert initials("Wi-Fi 住房公积金") == "wi-fi zfgjj"


@pytest.mark.parametrize(("hour", "quiet"), [(7, True), (8, False), (20, False), (21, True), (23, True), (3, True)])
def test_quiet_hours_may_pass_midnight(clock: VirtualClock, hour: int, quiet: bool) -> None:
    settings = OutreachSettings(timezone="UTC")
    now = clock.now().replace(hour=hour, minute=0, second=0, microsecond=0)
    until = settings.quiet_until(now)
    assert (until is not None) is quiet
    if until is not None:
        assert until > now
        assert settings.quiet_until(until) is None
