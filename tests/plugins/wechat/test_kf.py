"""Customer service of WeCom: a callback is only a hint, the cursor moves when the hub has everything before it."""

from pathlib import Path
from typing import Any

import pytest

from core.config import decode_settings
from core.errors import ConfigInvalid, RefusedForNow, SendRejected
from core.events import Choice, ContactArrived, MessageStatus, SendMessage
from plugins.wechat.adapter import WeChatChannel
from plugins.wechat.config import WeChatConfig
from plugins.wechat.kf_wire import message_of, number_of
from tests.plugins.memory_link import MemoryLink
from tests.plugins.wechat.platform import ANNA, KfPlatform, kf_written

TO = f"wechat:{ANNA}"


def order(text: str = "", **fields: Any) -> SendMessage:
    return SendMessage(**{"message_id": "m", "recipient": TO, "text": text, **fields})


def said(number: int) -> dict[str, Any]:
    return kf_written(number=number, text={"content": str(number)})


async def test_the_cursor_waits_for_the_hub_and_survives_a_restart(
    kf: KfPlatform, link: MemoryLink, account: Any, tmp_path: Path
) -> None:
    async with account(kf):
        await kf.deliver(said(1))
        link.is_down = True
        kf.messages.append(said(2))
        assert await kf.insist(kf.notice())
        await link.until(lambda: link.refusals > 1)
        assert (tmp_path / "cursor").read_text() == "c1"
        link.is_down = False
        await link.until(lambda: len(link.messages) == 2)
    kf.messages.append(said(3))
    pulls = len(kf.pulls)
    async with account(kf):
        await link.until(lambda: link.messages[-1].text == "3")
    assert kf.pulls[pulls]["cursor"] in ("c1", "c2"), "not from the beginning"
    assert list(dict.fromkeys(one.text for one in link.messages)) == ["1", "2", "3"]


async def test_many_pages_are_pulled_in_order(kf: KfPlatform, link: MemoryLink, account: Any) -> None:
    kf.page = 7
    kf.messages = [said(number) for number in range(50)]
    async with account(kf, check_s=1000):
        await link.until(lambda: len(link.messages) == 50)
    assert [one.text for one in link.messages] == [str(number) for number in range(50)]


async def test_the_callback_s_token_is_used_and_its_words_are_not(
    kf: KfPlatform, link: MemoryLink, account: Any
) -> None:
    async with account(kf, check_s=1000):
        await kf.deliver(said(1))
        assert kf.pulls[-1]["token"] == "a-pull-token"
        pulls = len(kf.pulls)
        assert await kf.insist(kf.notice("wkSomebodyElse"))
        assert len(kf.pulls) == pulls


async def test_colleagues_in_wecom_and_other_accounts_are_not_the_person(
    kf: KfPlatform, link: MemoryLink, account: Any
) -> None:
    async with account(kf):
        await kf.deliver(kf_written(number=1, origin=5, text={"content": "同事"}))
        await kf.deliver({**said(2), "open_kfid": "wkSomebodyElse"})
        await kf.deliver(said(3))
    assert [one.text for one in link.messages] == ["3"]


async def test_files_come_with_the_message(kf: KfPlatform, link: MemoryLink, account: Any) -> None:
    kf.files = {"f": (b"%PDF-1", "application/pdf"), "v": (b"#!AMR\n", "audio/amr")}
    async with account(kf):
        await kf.deliver(kf_written("file", number=1, file={"media_id": "f"}))
        await kf.deliver(kf_written("voice", number=2, voice={"media_id": "v"}))
    document, voice = (one.attachments[0] for one in link.messages)
    assert (document.mime, document.name) == ("application/pdf", "file.pdf")
    assert voice.is_voice


async def test_a_page_is_pulled_again_while_the_hub_cannot_store_a_file(
    kf: KfPlatform, link: MemoryLink, account: Any
) -> None:
    kf.files = {"f": (b"%PDF-1", "application/pdf")}
    link.file_faults = [RefusedForNow("store_unavailable", "the database is away")]
    async with account(kf):
        await kf.deliver(kf_written("file", number=1, file={"media_id": "f"}))
        await link.until(lambda: link.messages)
    (told,) = link.messages
    assert ([one.name for one in told.attachments], told.text) == (["file.pdf"], "")


async def test_who_comes_in_is_greeted_by_the_welcome_once(kf: KfPlatform, link: MemoryLink, account: Any) -> None:
    kf.welcomes["w-1"] = ANNA
    entered = {"event_type": "enter_session", "external_userid": ANNA, "welcome_code": "w-1"}
    async with account(kf) as channel:
        await kf.deliver(kf_written("event", origin=4, event=entered))
        assert any(isinstance(one, ContactArrived) for one in link.events)
        await channel.send(order("您好，请选择", choices=(Choice(key="1", label="查询"),)))
        await channel.send(order("还在吗", message_id="n"))
    welcome, later = kf.received
    assert (welcome["code"], welcome["msgtype"]) == ("w-1", "msgmenu")
    assert (later["touser"], later["msgtype"]) == (ANNA, "text")


async def test_a_welcome_is_given_once_though_the_arrival_is_pulled_again(
    kf: KfPlatform, link: MemoryLink, account: Any, tmp_path: Path
) -> None:
    kf.welcomes["w-1"] = ANNA
    entered = {"event_type": "enter_session", "external_userid": ANNA, "welcome_code": "w-1"}
    async with account(kf, check_s=1000) as channel:
        await kf.deliver(kf_written("event", origin=4, event=entered))
        await channel.send(order("您好"))
        (tmp_path / "cursor").unlink()  # as after a crash before it was written
        assert await kf.insist(kf.notice())
        await link.until(lambda: sum(isinstance(one, ContactArrived) for one in link.events) == 2)
        await channel.send(order("还在吗", message_id="n"))
    assert kf.welcomed == ["w-1"]
    assert [one["text"]["content"] for one in kf.received] == ["您好", "还在吗"]


async def test_a_failure_that_comes_later_is_told_of_the_message(
    kf: KfPlatform, link: MemoryLink, account: Any
) -> None:
    async with account(kf) as channel:
        number = await channel.send(order("您好"))
        failed = {"event_type": "msg_send_fail", "external_userid": ANNA, "fail_msgid": number, "fail_type": 10}
        await kf.deliver(kf_written("event", origin=4, event=failed))
        stranger = {**failed, "fail_msgid": "never-sent"}
        await kf.deliver(kf_written("event", number=2, origin=4, event=stranger))
    assert [one for one in link.events if isinstance(one, MessageStatus)] == [
        MessageStatus(message_id="m", status="failed", external_id=number, code="blocked_by_contact")
    ]


@pytest.mark.parametrize("message_id", ["01a205ca-2be8-76ed-b6fa-2248500e9163", "m-1", "m"])
def test_a_number_names_its_message_and_fits(message_id: str) -> None:
    for part in (1, 12):
        assert len(number_of(message_id, part)) <= 32
        assert message_of(number_of(message_id, part)) == message_id
    assert number_of(message_id, 1) != number_of(message_id, 2)


@pytest.mark.parametrize("number", ["", "never-sent", "u-1", "m-", f"u{'!' * 22}-1", "x" * 32, number_of("x" * 60, 1)])
def test_a_number_of_somebody_else_names_none(number: str) -> None:
    assert message_of(number) == ""


async def test_a_failure_is_told_after_a_restart(kf: KfPlatform, link: MemoryLink, account: Any) -> None:
    async with account(kf) as channel:
        number = await channel.send(order("您好"))
    async with account(kf):
        failed = {"event_type": "msg_send_fail", "external_userid": ANNA, "fail_msgid": number, "fail_type": 10}
        await kf.deliver(kf_written("event", origin=4, event=failed))
        await link.until(lambda: any(isinstance(one, MessageStatus) for one in link.events))


async def test_any_file_goes_out(kf: KfPlatform, link: MemoryLink, account: Any) -> None:
    contract = await link.put_media(b"d", mime="application/pdf", name="合同.pdf")
    async with account(kf) as channel:
        await channel.send(order(attachments=(contract,)))
    assert kf.uploads == [("file", "合同.pdf", b"d")]
    assert kf.received == [{"touser": ANNA, "msgtype": "file", "file": {"media_id": "up-1"}}]


async def test_the_limit_of_wecom_is_named(kf: KfPlatform, account: Any) -> None:
    kf.left[ANNA] = 0
    async with account(kf) as channel:
        with pytest.raises(SendRejected) as caught:
            await channel.send(order("x"))
    assert caught.value.code == "contact_must_write"


async def test_a_probe_names_an_account_that_is_not_ours(kf: KfPlatform, link: MemoryLink) -> None:
    given = await kf.start()
    wrong = {**given, "account": {**given["account"], "open_kfid": "wkSomebodyElse"}}
    with pytest.raises(ConfigInvalid) as caught:
        await WeChatChannel(decode_settings(WeChatConfig, wrong), link).probe()
    assert list(caught.value.faults) == ["account.open_kfid"]
