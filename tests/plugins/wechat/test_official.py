"""An official account: five seconds, three tries, one token, five messages in 48 hours."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.config import decode_settings
from core.errors import ChannelAuthFailed, RefusedForNow, RequestFailed, SendDeferred, SendRejected
from core.events import ContactArrived, MessageStatus, SendMessage
from core.testing.clock import VirtualClock
from plugins.wechat.adapter import WeChatChannel
from plugins.wechat.config import WeChatConfig
from plugins.wechat.errors import Refusal
from plugins.wechat.spool import Spool, SpoolFull
from plugins.wechat.tokens import TokenOwner
from tests.plugins.memory_link import MemoryLink
from tests.plugins.wechat.platform import ANNA, OfficialPlatform, written, xml

TO = f"wechat:{ANNA}"


def order(text: str = "", **fields: Any) -> SendMessage:
    return SendMessage(**{"message_id": "m", "recipient": TO, "text": text, **fields})


async def test_a_message_the_hub_does_not_take_in_time_is_kept_and_told_later(
    official: OfficialPlatform, link: MemoryLink, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.wechat.official.ANSWER_S", 0.05)
    async with account(official):
        link.is_down = True
        for number in range(3):
            await official.deliver(written(Content=str(number), number=number + 1))
        assert official.attempts == 3, "the platform got its answer the first time"
        link.is_down = False
        await link.until(lambda: len(link.messages) == 3)
    assert [one.text for one in link.messages] == ["0", "1", "2"]


async def test_nobody_s_words_overtake_those_that_still_lie_on_disk(
    official: OfficialPlatform, link: MemoryLink, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.wechat.official.ANSWER_S", 0.05)
    async with account(official):
        link.is_down = True
        for number in range(5):
            await official.deliver(written(Content=str(number), number=number + 1))
        link.is_down = False
        for number in range(5, 10):
            await official.deliver(written(Content=str(number), number=number + 1))
        await link.until(lambda: len(link.messages) == 10)
    assert [one.text for one in link.messages] == [str(number) for number in range(10)]


async def test_a_full_spool_leaves_messages_with_the_platform(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "late", limit=2)
    for name in ("a", "b", "a"):
        await spool.keep(name, b"x")
    with pytest.raises(SpoolFull):
        await spool.keep("c", b"x")
    ((path, _), _) = await spool.kept()
    await spool.drop(path)
    await spool.keep("c", b"y")
    again = Spool(tmp_path / "late", limit=2)
    assert not await again.is_empty()
    assert [body for _, body in await again.kept()] == [b"x", b"y"]
    with pytest.raises(SpoolFull):
        await again.keep("d", b"x")


async def test_what_was_kept_survives_the_process(
    official: OfficialPlatform, link: MemoryLink, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.wechat.official.ANSWER_S", 0.05)
    official.files = {"p": (b"picture", "image/jpeg")}
    async with account(official):
        link.is_down = True
        await official.deliver(written("image", MediaId="p"))
    link.is_down = False
    assert link.messages == []
    async with account(official):
        await link.until(lambda: link.messages)
    (message,) = link.messages
    assert link.files[message.attachments[0].media_id] == (b"picture", "image/jpeg")


async def test_a_message_repeated_under_another_signature_is_told_once(
    official: OfficialPlatform, link: MemoryLink, account: Any
) -> None:
    async with account(official):
        for _ in range(3):
            await official.deliver(written(Content="一"))
        await official.deliver(written("event", Event="subscribe"))
        await official.deliver(written("event", Event="subscribe"))
    assert [one.text for one in link.messages] == ["一"]
    assert len([one for one in link.events if isinstance(one, ContactArrived)]) == 1


@pytest.mark.parametrize(
    "fields",
    [{"Event": "unsubscribe"}, {"Event": "VIEW", "EventKey": "https://x"}, {"Event": "LOCATION", "Latitude": "1"}, {}],
)
async def test_events_that_nobody_answers_are_taken_and_told_to_nobody(
    official: OfficialPlatform, link: MemoryLink, account: Any, fields: dict[str, str]
) -> None:
    async with account(official):
        await official.deliver(written("event", **fields))
    assert [type(one).__name__ for one in link.events] == ["ChannelState"]


async def test_a_picture_waits_for_a_platform_and_a_hub_that_cannot_hand_it_over_now(
    official: OfficialPlatform, link: MemoryLink, account: Any
) -> None:
    official.files = {"p": (b"\xff\xd8\xff picture", "image/jpeg")}
    official.media_faults = [{"errcode": -1, "errmsg": "system busy"}, {"errcode": 45009, "errmsg": "api freq"}]
    link.file_faults = [RefusedForNow("internal", "no space left on device")]
    async with account(official):
        await official.deliver(written("image", MediaId="p"))
    (told,) = link.messages
    assert link.files[told.attachments[0].media_id] == (b"\xff\xd8\xff picture", "image/jpeg")
    assert (told.text, official.media_faults, link.file_faults) == ("", [], [])


async def test_a_file_that_is_not_to_be_had_is_said_to_be_what_it_is(
    official: OfficialPlatform, link: MemoryLink, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.wechat.intake.MAX_TRIES", 2)
    official.files = {"empty": (b"", "image/jpeg"), "p": (b"picture", "image/jpeg")}
    async with account(official):
        await official.deliver(written("image", number=1, MediaId="empty"))
        official.media_faults = 2 * [{"errcode": -1, "errmsg": "system busy"}]
        await official.deliver(written("image", number=2, MediaId="p"))
        link.file_faults = [RequestFailed("too_large", "never")]
        await official.deliver(written("image", number=3, MediaId="p"))
    assert [one.text for one in link.messages] == [
        "[图片 未能取回：文件是空的]",
        "[图片 未能取回：多次尝试仍未能从对方平台下载]",
        "[图片 未能取回：系统没有接收]",
    ]


async def test_a_kept_message_that_the_disk_has_damaged_holds_up_no_other(
    official: OfficialPlatform, link: MemoryLink, account: Any, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(link.data_dir / "late")
    await spool.keep("damaged", b"<xml><FromUserName>")
    await spool.keep("whole", xml(written(Content="一")))
    async with account(official):
        await link.until(lambda: link.messages)
    assert [one.text for one in link.messages] == ["一"]
    assert "a kept message is lost" in caplog.text


async def test_files_come_with_the_message(official: OfficialPlatform, link: MemoryLink, account: Any) -> None:
    film = b'{"video_url": "%s/film.mp4"}' % b"URL"
    async with account(official):
        official.files = {
            "p": (b"\xff\xd8\xff picture", "image/jpeg"),
            "v": (b"#!AMR\n", "audio/amr"),
            "f": (film.replace(b"URL", official.url.encode()), "text/plain"),
        }
        await official.deliver(written("image", number=1, MediaId="p", PicUrl="http://x"))
        await official.deliver(written("voice", number=2, MediaId="v", Format="amr", Recognition="我家暖气不热。"))
        await official.deliver(written("video", number=3, MediaId="f", ThumbMediaId="t"))
        await official.deliver(written("image", number=4, MediaId="none"))
    picture, voice, video, missing = link.messages
    assert link.files[picture.attachments[0].media_id] == (b"\xff\xd8\xff picture", "image/jpeg")
    assert (voice.attachments[0].mime, voice.attachments[0].is_voice) == ("audio/amr", True)
    assert voice.text == "我家暖气不热。"
    assert link.files[video.attachments[0].media_id] == (b"a film", "video/mp4")
    assert missing.text == "[图片 未能取回：对方平台已不再提供]"


async def test_many_who_need_a_token_wait_for_one(official: OfficialPlatform, account: Any) -> None:
    async with account(official) as channel:
        official.expire_token()
        official.tokens_given = 0
        await asyncio.gather(*(channel.send(order("x", message_id=str(number))) for number in range(8)))
    assert official.tokens_given == 1
    assert len(official.received) == 8


async def test_all_who_wait_for_a_token_that_is_refused_hear_so_at_once() -> None:
    asked, answered = asyncio.Event(), asyncio.Event()
    fetches = 0

    async def fetch() -> tuple[str, float]:
        nonlocal fetches
        fetches += 1
        asked.set()
        await answered.wait()
        raise Refusal(45009, "reach max api daily quota limit")

    owner = TokenOwner(fetch, VirtualClock())
    waiting = [asyncio.create_task(owner.get()) for _ in range(8)]
    await asked.wait()
    answered.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in results] == [Refusal] * 8
    assert fetches == 1


async def test_a_token_is_renewed_before_it_expires(official: OfficialPlatform, account: Any) -> None:
    clock = VirtualClock()
    async with account(official, clock=clock, check_s=1000) as channel:
        clock.advance(6800)
        await channel.send(order("x"))
        assert official.tokens_given == 1
        clock.advance(150)
        await channel.send(order("y", message_id="n"))
    assert official.tokens_given == 2


async def test_no_more_than_five_answers_and_the_code_says_why(official: OfficialPlatform, account: Any) -> None:
    official.left[ANNA] = 5
    async with account(official) as channel:
        for number in range(5):
            await channel.send(order("x", message_id=str(number)))
        with pytest.raises(SendRejected) as caught:
            await channel.send(order("x", message_id="6"))
    assert caught.value.code == "contact_must_write"


async def test_a_short_answer_after_48_hours_goes_out_as_a_template(official: OfficialPlatform, account: Any) -> None:
    form = {"template_id": "template-1", "fields": {"thing1": "热线回复", "thing2": "{text}"}}
    official.left = {}
    async with account(official, account={"reply_template": form}) as channel:
        assert await channel.send(order("请带身份证来")) == "template-200228332"
        with pytest.raises(SendRejected) as caught:
            await channel.send(order("一二三四五" * 5))
    assert caught.value.code == "window_closed"
    data = {"thing1": {"value": "热线回复"}, "thing2": {"value": "请带身份证来"}}
    assert official.received == [{"touser": ANNA, "template_id": "template-1", "data": data}]


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [
        ("success", "delivered", ""),
        ("failed:user block", "failed", "blocked_by_contact"),
        ("failed: system failed", "failed", "refused"),
    ],
)
async def test_what_became_of_a_template_message_is_told(
    official: OfficialPlatform, link: MemoryLink, account: Any, *, word: str, status: str, code: str
) -> None:
    official.left = {}
    form = {"template_id": "template-1", "fields": {"thing": "{text}"}}
    async with account(official, account={"reply_template": form}) as channel:
        number = (await channel.send(order("请带身份证来"))).removeprefix("template-")
        for told in (number, "4711"):
            await official.deliver(written("event", Event="TEMPLATESENDJOBFINISH", MsgID=told, Status=word))
    (fate,) = (one for one in link.events if isinstance(one, MessageStatus))
    assert (fate.message_id, fate.status, fate.code) == ("m", status, code)


async def test_the_menu_is_put_up_and_its_buttons_are_named(
    official: OfficialPlatform, link: MemoryLink, account: Any
) -> None:
    menu = [
        {"name": "办事", "buttons": [{"name": "社保查询", "key": "1"}, {"name": "网站", "url": "https://x.gov.cn"}]},
        {"name": "人工", "key": "0"},
    ]
    async with account(official, account={"menu": menu}):
        await official.deliver(written("event", Event="CLICK", EventKey="1"))
        await official.deliver(written("event", Event="CLICK", EventKey="0"))
    assert official.menus == [
        {
            "button": [
                {
                    "name": "办事",
                    "sub_button": [
                        {"type": "click", "name": "社保查询", "key": "1"},
                        {"type": "view", "name": "网站", "url": "https://x.gov.cn"},
                    ],
                },
                {"type": "click", "name": "人工", "key": "0"},
            ]
        }
    ]
    assert [(one.text, one.choice) for one in link.messages] == [("社保查询", "1"), ("人工", "0")]


@pytest.mark.parametrize(
    ("text", "sender_kind", "article"),
    [
        (
            "公积金提取\n需要身份证和合同\n https://x.gov.cn/a?b=1 ",
            "flow",
            {"title": "公积金提取", "description": "需要身份证和合同", "url": "https://x.gov.cn/a?b=1"},
        ),
        ("公积金提取\nhttps://x.gov.cn", "flow", {"title": "公积金提取", "description": "", "url": "https://x.gov.cn"}),
        ("公积金提取\nhttps://x.gov.cn", "agent", None),  # an agent sees what they write
        ("https://x.gov.cn", "flow", None),
        ("见 https://x.gov.cn", "flow", None),
        ("标题" * 33 + "\nhttps://x.gov.cn", "flow", None),
        ("公积金提取\nhttps://x.gov.cn 和别的", "flow", None),
    ],
)
async def test_a_page_that_a_flow_names_is_shown_as_a_card(
    official: OfficialPlatform, account: Any, text: str, sender_kind: str, article: dict[str, str] | None
) -> None:
    async with account(official) as channel:
        await channel.send(order(text, sender_kind=sender_kind))
    (sent,) = official.received
    if article is None:
        assert sent == {"touser": ANNA, "msgtype": "text", "text": {"content": text}}
    else:
        assert sent == {"touser": ANNA, "msgtype": "news", "news": {"articles": [article]}}


async def test_files_go_out_by_kind(official: OfficialPlatform, link: MemoryLink, account: Any) -> None:
    picture = await link.put_media(b"p", mime="image/png", name="图.png")
    contract = await link.put_media(b"d", mime="application/pdf", name="合同.pdf")
    async with account(official) as channel:
        await channel.send(order("看图", attachments=(picture,)))
        with pytest.raises(SendRejected) as caught:
            await channel.send(order(message_id="n", attachments=(contract,)))
    assert caught.value.code == "file_not_carried"
    assert official.uploads == [("image", "图.png", b"p")]
    assert [one["msgtype"] for one in official.received] == ["text", "image"]


async def test_a_long_text_goes_on_where_the_platform_stopped_it(official: OfficialPlatform, account: Any) -> None:
    text = "政策说明。" * 300
    async with account(official) as channel:
        official.script_after(1, {"errcode": 45011, "errmsg": "api freq out of limit"})
        with pytest.raises(SendDeferred):
            await channel.send(order(text))
        await channel.send(order(text))
    pieces = [one["text"]["content"] for one in official.received]
    assert "".join(pieces) == text
    assert max(len(piece.encode()) for piece in pieces) <= 2048


async def test_typing_is_shown_and_hidden(official: OfficialPlatform, account: Any) -> None:
    async with account(official) as channel:
        for is_typing in (True, False):
            await channel.show_typing(TO, is_typing=is_typing)
    assert official.typing == [{"touser": ANNA, "command": "Typing"}, {"touser": ANNA, "command": "CancelTyping"}]


async def test_wrong_credentials_are_told_in_words(official: OfficialPlatform, link: MemoryLink) -> None:
    given = await official.start()
    wrong = {**given, "account": {**given["account"], "app_secret": "another-secret"}}
    channel = WeChatChannel(decode_settings(WeChatConfig, wrong), link)
    with pytest.raises(ChannelAuthFailed, match="the secret is wrong"):
        await channel.probe()


async def test_a_callback_with_entities_is_no_message(
    official: OfficialPlatform, link: MemoryLink, account: Any
) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + xml(written(Content="&b;"))
    async with account(official):
        assert await official.post(bomb) == (200, "success")
    assert link.messages == []
