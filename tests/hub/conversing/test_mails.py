"""Mails find their conversation by what they answer; nothing automatic answers an automatic one."""

from collections.abc import AsyncIterator

import pytest

from core.events import Mail, MessageStatus
from hub.conversing.mails import bare_subject, reference
from hub.store.models import Conversation, Entry
from tests.hub.conversing.conftest import Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import INSTANCE, House

LIN = "mailto:lin@example.cn"


@pytest.fixture
async def channel(still_house: House) -> AsyncIterator[FakeChannel]:
    async with still_house.channel() as channel:
        channel.reports = False
        yield channel


async def _conversation_of(external_id: str) -> Conversation:
    found: list[Entry] = []
    while not found:
        found = await Entry.filter(external_id=external_id, instance=INSTANCE)
    return await Conversation.get(conversation_id=found[0].conversation_id)


def _mail(subject: str, *references: str, **values: object) -> Mail:
    return Mail(subject=subject, references=references, is_reply=bool(references), **values)  # type: ignore[arg-type]


async def test_two_mails_that_answer_nothing_are_two_matters(channel: FakeChannel) -> None:
    await channel.write(LIN, "路灯不亮", external_id="<1@x>", mail=_mail("路灯", message_id="<1@x>"))
    await channel.write(LIN, "井盖丢了", external_id="<2@x>", mail=_mail("井盖", message_id="<2@x>"))
    lamp, lid = await _conversation_of("<1@x>"), await _conversation_of("<2@x>")
    assert lamp.conversation_id != lid.conversation_id
    assert (lamp.topic, lid.topic) == ("路灯", "井盖")


async def test_a_reply_comes_into_the_conversation_it_answers_though_a_newer_one_is_open(
    channel: FakeChannel, come: Come
) -> None:
    chen = await come("chen")
    await channel.write(LIN, "路灯不亮", external_id="<1@x>", mail=_mail("路灯", message_id="<1@x>"))
    lamp = await chen.take_offer()
    await chen.call("POST", f"/conversations/{lamp}/messages", client_id="c1", text="哪条路？")
    order = await channel.hears(LIN, "哪条路")
    await channel.emit(MessageStatus(message_id=order.message_id, status="sent", external_id="<ours@hub>"))
    await channel.write(LIN, "井盖丢了", external_id="<2@x>", mail=_mail("井盖", message_id="<2@x>"))
    await _conversation_of("<2@x>")
    await channel.write(
        LIN, "中山路", external_id="<3@x>", answers=(order.message_id,), mail=_mail("回复：路灯", "<gone@x>")
    )
    await channel.write(LIN, "快点", external_id="<4@x>", mail=_mail("回复：路灯", "<1@x>", "<ours@hub>"))
    for external_id in ("<3@x>", "<4@x>"):
        assert (await _conversation_of(external_id)).conversation_id == lamp


async def test_a_reply_without_references_finds_its_conversation_by_the_number_in_its_subject(
    channel: FakeChannel, come: Come
) -> None:
    chen = await come("chen")
    await channel.write(LIN, "路灯不亮", external_id="<1@x>", mail=_mail("路灯", message_id="<1@x>"))
    lamp = await chen.take_offer()
    await channel.write(LIN, "井盖丢了", external_id="<2@x>", mail=_mail("井盖", message_id="<2@x>"))
    await _conversation_of("<2@x>")
    subject = f"答复：路灯 [lx-{reference(lamp).lower()}]"
    await channel.write(LIN, "中山路", external_id="<3@x>", mail=_mail(subject))
    assert (await _conversation_of("<3@x>")).conversation_id == lamp
    await channel.write("mailto:eve@example.cn", "我也要看", external_id="<4@y>", mail=_mail(subject))
    assert (await _conversation_of("<4@y>")).conversation_id != lamp


async def test_the_number_of_a_conversation_that_was_merged_leads_to_the_one_that_goes_on(
    channel: FakeChannel, come: Come
) -> None:
    chen = await come("chen")
    numbers = []
    for subject in ("路灯", "路灯又灭了", "路灯还是不亮"):
        await channel.write(LIN, subject, external_id=f"<{subject}@x>", mail=_mail(subject))
        numbers.append(await chen.take_offer())
    first, second, third = numbers
    await chen.call("POST", f"/conversations/{second}/merge", other_id=first)
    await chen.call("POST", f"/conversations/{third}/merge", other_id=second)
    subject = f"答复：路灯 [LX-{reference(first)}]"
    await channel.write(LIN, "谢谢", external_id="<4@x>", mail=_mail(subject))
    assert (await _conversation_of("<4@x>")).conversation_id == third
    await channel.write("mailto:eve@example.cn", "我也要看", external_id="<5@y>", mail=_mail(subject))
    assert (await _conversation_of("<5@y>")).conversation_id != third


async def test_a_formatted_answer_goes_out_clean_with_its_words_and_copies(channel: FakeChannel, come: Come) -> None:
    chen = await come("chen")
    await channel.write(LIN, "要带什么？", external_id="<1@x>", mail=_mail("公积金", message_id="<1@x>"))
    conversation_id = await chen.take_offer()
    html = "<b onclick=x>请带</b><ul><li>身份证</li></ul><script>x</script><a href='https://example.cn/'>网站</a>"
    path = f"/conversations/{conversation_id}/messages"
    mail = {"html": html, "cc": ["物业 <Wuye@example.cn>", "wuye@example.cn"]}
    entry = await chen.call("POST", path, client_id="c1", text="不算", mail=mail)
    order = await channel.hears(LIN, "身份证")
    assert order.text == entry["text"] == "请带\n- 身份证\n网站 <https://example.cn/>"
    assert order.mail is not None
    assert order.mail.html == '<b>请带</b><ul><li>身份证</li></ul><a href="https://example.cn/">网站</a>'
    assert order.mail.cc == ("wuye@example.cn",)
    status, answer = await chen.try_call("POST", path, client_id="c2", text="您好", mail={"cc": ["wuye"]})
    assert (status, answer["error"]["fields"]) == (422, {"mail.cc": "invalid"})


async def test_references_of_somebody_else_are_not_believed(channel: FakeChannel) -> None:
    await channel.write(LIN, "路灯不亮", external_id="<1@x>", mail=_mail("路灯", message_id="<1@x>"))
    await channel.write("mailto:eve@example.cn", "我也要看", external_id="<2@y>", mail=_mail("Re: 路灯", "<1@x>"))
    eve, lin = await _conversation_of("<2@y>"), await _conversation_of("<1@x>")
    assert eve.conversation_id != lin.conversation_id


async def test_an_answer_has_subject_references_and_quotation_and_no_words_about_waiting(
    channel: FakeChannel, come: Come
) -> None:
    chen = await come("chen")
    await channel.write(
        LIN,
        "路灯\n不亮",
        external_id="<1@x>",
        mail=_mail("路灯", "<0@x>", message_id="<1@x>", sender="林 <lin@example.cn>"),
    )
    conversation_id = await chen.take_offer()
    asked = await Entry.get(external_id="<1@x>")
    await chen.call(
        "POST",
        f"/conversations/{conversation_id}/messages",
        client_id="c1",
        text="已派修",
        mail={"quotes": asked.entry_id},
    )
    order = await channel.hears(LIN, "已派修")
    assert [one.text for one in channel.orders] == ["已派修"]
    assert order.mail is not None
    assert order.mail.subject == f"Re: 路灯 [LX-{reference(conversation_id)}]"
    assert order.mail.references == ("<0@x>", "<1@x>")
    assert "林 <lin@example.cn> 写道：\n> 路灯\n> 不亮" in order.mail.quoted


async def test_an_automatic_mail_is_kept_and_nothing_answers_it(
    still_house: House, channel: FakeChannel, come: Come
) -> None:
    chen = await come("chen")
    await channel.write(LIN, "路灯不亮", external_id="<1@x>", mail=_mail("路灯", message_id="<1@x>"))
    conversation_id = await chen.take_offer()
    await chen.call("POST", f"/conversations/{conversation_id}/messages", client_id="c1", text="已派修")
    order = await channel.hears(LIN, "已派修")
    await channel.write(
        LIN, "我在休假", external_id="<2@x>", answers=(order.message_id,), is_automatic=True, mail=_mail("自动回复")
    )
    assert (await _conversation_of("<2@x>")).conversation_id == conversation_id
    await chen.call("POST", f"/conversations/{conversation_id}/end")
    await channel.write("mailto:bot@example.cn", "通知", external_id="<3@x>", is_automatic=True, mail=_mail("通知"))
    await _conversation_of("<3@x>")
    assert [one.text for one in channel.orders] == ["已派修"]


async def test_a_mail_that_comes_back_is_failed_though_it_was_sent(channel: FakeChannel, come: Come) -> None:
    chen = await come("chen")
    await channel.write(LIN, "路灯不亮", external_id="<1@x>", mail=_mail("路灯", message_id="<1@x>"))
    conversation_id = await chen.take_offer()
    await chen.call("POST", f"/conversations/{conversation_id}/messages", client_id="c1", text="已派修")
    order = await channel.hears(LIN, "已派修")
    await channel.status(order.message_id, "sent")
    await channel.status(order.message_id, "failed", code="no_such_mailbox")
    while (entry := await Entry.get(entry_id=order.message_id)).status != "failed":
        pass
    assert entry.code == "no_such_mailbox"


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: 路灯", "路灯"),
        ("回复：Re: 路灯", "路灯"),
        ("答复: [2]转发：路灯", "[2]转发：路灯"),
        ("Re[2]: a", "a"),
        ("Regen", "Regen"),
    ],
)
def test_a_subject_is_known_without_its_prefixes(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare
