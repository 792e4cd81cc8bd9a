"""Updates are confirmed when the hub has them and not before; files come along; groups are told once."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from core.config import decode_settings
from core.errors import (
    BusUnavailable,
    ChannelAuthFailed,
    ChannelNotReady,
    ConfigInvalid,
    RefusedForNow,
    RequestFailed,
)
from plugins.telegram.adapter import TelegramChannel
from plugins.telegram.config import TelegramConfig
from tests.plugins.memory_link import MemoryLink
from tests.plugins.telegram.bot_api import SECRET, BotApi, WebhookBotApi, message, written
from tests.plugins.telegram.schema import CONDENSED, RULES, WHOLE, condensed


def test_the_condensed_schema_says_what_the_whole_one_says() -> None:
    if not WHOLE.is_file():
        pytest.skip(f"no whole schema at {WHOLE.name}: set LIANXIN_TELEGRAM_SCHEMA")
    whole = json.loads(WHOLE.read_text("utf-8"))
    for kind in ("methods", "types"):
        assert {name: condensed(whole, kind, name) for name in RULES[kind]} == RULES[kind], CONDENSED.name


async def test_nothing_is_confirmed_while_the_hub_is_away(telegram: BotApi, link: MemoryLink, bot: Any) -> None:
    async with bot(telegram):
        link.is_down = True
        await telegram.put(message("一", number=1))
        await telegram.put(message("二", number=2))
        await link.until(lambda: link.refusals > 1)
        assert telegram.unconfirmed == 2
        link.is_down = False
        await telegram.confirmed()
    assert [one.text for one in link.messages] == ["一", "二"]


async def test_a_person_whose_words_wait_holds_up_no_other(
    telegram: BotApi, link: MemoryLink, bot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.telegram.intake.MAX_TRIES", 3)
    telegram.broken_files.add("f1")
    await telegram.put(message(number=1, document={"file_id": "f1", "file_name": "a.pdf"}))
    await telegram.put(message("二", number=2, sender=8))
    async with bot(telegram):
        await telegram.confirmed()
    assert [(one.sender, one.external_id) for one in link.messages] == [("telegram:8", "2"), ("telegram:4711", "1")]
    assert link.messages[1].text == "[文件 a.pdf 未能取回：多次尝试仍未能从对方平台下载]", (
        "the words came without the file"
    )
    assert telegram.calls.count("getFile") == 3


async def test_updates_survive_a_killed_channel_and_come_once_more(
    telegram: BotApi, link: MemoryLink, bot: Any
) -> None:
    numbers = range(1, 31)
    for number in numbers:
        await telegram.put(message(str(number), number=number))
    for seen in (5, 12, 30):
        telegram.page = seen
        async with bot(telegram):
            await link.until(lambda seen=seen: len({one.external_id for one in link.messages}) >= min(seen, 30))
    async with bot(telegram):
        await telegram.confirmed()
    texts = list(dict.fromkeys(one.text for one in link.messages))
    assert texts == [str(number) for number in numbers], "each, in order, and repetitions carry the same number"


async def test_an_update_numbered_lower_after_a_quiet_week_is_not_missed(
    telegram: BotApi, link: MemoryLink, bot: Any
) -> None:
    async with bot(telegram):
        await telegram.deliver(message("vorher", number=1))
        polls = telegram.calls.count("getUpdates")
        await telegram.called("getUpdates", polls + 2)  # a whole wait went by without anything
        telegram.recount(1)
        await telegram.deliver(message("nachher", number=2))
    assert [one.text for one in link.messages] == ["vorher", "nachher"]


async def test_a_throttled_poll_waits_and_goes_on(telegram: BotApi, link: MemoryLink, bot: Any) -> None:
    telegram.refused_polls.append(
        {"error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 1}}
    )
    async with bot(telegram):
        await telegram.deliver(message("hallo"))
    assert len(link.messages) == 1
    assert link.states == ["ready"]


async def test_pictures_voices_and_files_come_with_the_words(telegram: BotApi, link: MemoryLink, bot: Any) -> None:
    telegram.files |= {"small": b"s", "large": b"L" * 5000, "v": b"OggS", "d": b"%PDF-1"}
    sizes = [{"file_id": name, "file_size": 1} for name in ("small", "large")]
    async with bot(telegram):
        await telegram.deliver(message(number=1, photo=sizes, caption="我家的暖气"))
        await telegram.deliver(message(number=2, voice={"file_id": "v", "mime_type": "audio/ogg", "duration": 3}))
        document = {"file_id": "d", "mime_type": "application/pdf", "file_name": "合同.pdf"}
        await telegram.deliver(message(number=3, document=document))
    photo, voice, document = (one.attachments[0] for one in link.messages)
    assert link.files[photo.media_id] == (b"L" * 5000, "image/jpeg")
    assert link.messages[0].text == "我家的暖气"
    assert (voice.mime, voice.is_voice, photo.is_voice) == ("audio/ogg", True, False)
    assert (document.name, document.mime) == ("合同.pdf", "application/pdf")


async def test_a_file_that_cannot_be_had_leaves_a_line(
    telegram: BotApi, link: MemoryLink, bot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.telegram.intake.MAX_TRIES", 2)
    telegram.files = {"empty": b"", "evil": b"MZ"}
    film = {"file_id": "big", "file_name": "film.mp4", "file_size": 30_000_000}
    async with bot(telegram):
        await telegram.deliver(message(number=1, video=film, caption="看"))
        await telegram.deliver(message(number=2, document={"file_id": "none", "file_name": "x.doc"}))
        await telegram.deliver(message(number=3, document={"file_id": "empty", "file_name": "e.txt"}))
        link.file_faults = [RequestFailed("too_large", "no room for such")]
        await telegram.deliver(message(number=4, document={"file_id": "evil", "file_name": "y.exe"}))
    assert [one.text for one in link.messages] == [
        "看\n[文件 film.mp4 未能取回：超过 20 MB]",
        "[文件 x.doc 未能取回：对方平台已不再提供]",
        "[文件 e.txt 未能取回：文件是空的]",
        "[文件 y.exe 未能取回：系统没有接收]",
    ]


async def test_a_file_waits_for_a_hub_that_cannot_store_it_now_and_for_a_telegram_that_is_throttling(
    telegram: BotApi, link: MemoryLink, bot: Any
) -> None:
    telegram.files = {"d": b"%PDF-1"}
    telegram.throttled_files = 1
    link.file_faults = [RefusedForNow("internal", "no space left on device"), BusUnavailable("away")]
    async with bot(telegram):
        await telegram.deliver(message("附件", number=1, document={"file_id": "d", "file_name": "a.pdf"}))
    (told,) = link.messages
    assert ([one.name for one in told.attachments], told.text) == (["a.pdf"], "附件")
    assert (telegram.throttled_files, link.file_faults) == (0, [])


async def test_words_do_not_wait_for_files_that_telegram_holds_back_for_long(
    telegram: BotApi, link: MemoryLink, bot: Any
) -> None:
    telegram.files = {"d": b"%PDF-1"}
    telegram.throttled_files, telegram.throttled_s = 1, 600
    async with bot(telegram):
        for number in (1, 2):
            document = {"file_id": "d", "file_name": "a.pdf"}
            await telegram.deliver(message(f"附件{number}", number=number, document=document))
    assert [one.text.partition("\n")[0] for one in link.messages] == ["附件1", "附件2"]
    assert not any(one.attachments for one in link.messages)


async def test_a_pressed_button_is_answered_even_while_the_hub_is_away(
    telegram: BotApi, link: MemoryLink, bot: Any
) -> None:
    query = {"id": "77", "from": written()["from"], "chat_instance": "1", "message": written("?"), "data": "1"}
    async with bot(telegram):
        link.is_down = True
        await telegram.put({"callback_query": query})
        await link.until(lambda: link.refusals)
        link.is_down = False
        await telegram.confirmed()
    assert telegram.answered[0] == "77"
    assert [one.choice for one in link.messages] == ["1"]


async def test_a_group_is_told_once_and_otherwise_ignored(telegram: BotApi, link: MemoryLink, bot: Any) -> None:
    telegram.chats.add(-100)
    joined = {
        "chat": {"id": -100, "type": "supergroup", "title": "邻居"},
        "from": written()["from"],
        "date": 1_760_000_000,
        "old_chat_member": {"status": "left", "user": written()["from"]},
        "new_chat_member": {"status": "member", "user": written()["from"]},
    }
    async with bot(telegram):
        await telegram.deliver({"my_chat_member": joined})
        await telegram.deliver(message("@hotline_bot 你好", chat_type="supergroup"))
        await telegram.deliver(message("私聊", number=2))
    assert [one.text for one in link.messages] == ["私聊"]
    (said,) = telegram.received
    assert (said["chat_id"], "https://t.me/hotline_bot" in said["text"]) == (-100, True)


async def test_a_moving_place_is_told_once(telegram: BotApi, link: MemoryLink, bot: Any) -> None:
    point = {"latitude": 30.0, "longitude": 120.0, "live_period": 900}
    async with bot(telegram):
        await telegram.deliver(message(location=point))
        await telegram.deliver(
            {"edited_message": written(location={**point, "latitude": 30.1}, edit_date=1_760_000_009)}
        )
        await telegram.deliver(message("我到了", number=2))
    assert [one.external_id for one in link.messages] == ["1", "2"]


async def test_two_corrections_within_a_second_are_both_told(telegram: BotApi, link: MemoryLink, bot: Any) -> None:
    async with bot(telegram):
        for text in ("改一", "改二"):
            await telegram.put({"edited_message": written(text, edit_date=1_760_000_060)})
        await telegram.confirmed()
    assert [(one.text, one.edits) for one in link.messages] == [("改一", "1"), ("改二", "1")]
    assert len({one.external_id for one in link.messages}) == 2


async def test_an_album_keeps_its_order_and_its_words(telegram: BotApi, link: MemoryLink, bot: Any) -> None:
    telegram.files = {"p1": b"one", "p2": b"two", "p3": b"three"}
    async with bot(telegram):
        for number, words in enumerate(({"caption": "路面塌陷"}, {}, {}), 1):
            photo = [{"file_id": f"p{number}"}]
            await telegram.put(message(number=number, photo=photo, media_group_id="g", **words))
        await telegram.confirmed()
    assert [one.text for one in link.messages] == ["路面塌陷", "", ""]
    assert [link.files[one.attachments[0].media_id][0] for one in link.messages] == [b"one", b"two", b"three"]


async def test_an_update_that_telegram_brings_again_carries_the_same_number(
    webhooks: WebhookBotApi, link: MemoryLink, bot: Any
) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with bot(webhooks), aiohttp.ClientSession() as http:
        url = f"{webhooks.hook}/channels/{link.instance}/updates"
        for update in (message("一"), {"edited_message": written("改好了", edit_date=1_760_000_060)}) * 2:
            async with http.post(url, json={"update_id": 9, **update}, headers=headers) as answer:
                assert answer.status == 200
    assert {(one.external_id, one.text) for one in link.messages} == {("1", "一"), ("1@9", "改好了")}


async def test_a_webhook_request_without_the_secret_is_refused(
    webhooks: WebhookBotApi, link: MemoryLink, bot: Any
) -> None:
    async with bot(webhooks), aiohttp.ClientSession() as http:
        url = f"{webhooks.hook}/channels/{link.instance}/updates"
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1]}):
            async with http.post(url, json={"update_id": 1, **message("假的")}, headers=headers) as answer:
                assert answer.status == 403
        await webhooks.deliver(message("真的"))
    assert [one.text for one in link.messages] == ["真的"]
    assert webhooks.webhook["url"] == f"https://hotline.example.gov.cn/channels/{link.instance}/updates"


async def test_a_webhook_is_asked_to_come_again_while_the_hub_is_away(
    webhooks: WebhookBotApi, link: MemoryLink, bot: Any
) -> None:
    async with bot(webhooks):
        link.is_down = True
        delivery = asyncio.create_task(webhooks.deliver(message("一")))
        await link.until(lambda: link.refusals > 1)
        link.is_down = False
        await delivery
    assert [one.text for one in link.messages] == ["一"]


async def test_what_one_person_sends_by_webhook_stays_in_order(
    webhooks: WebhookBotApi, link: MemoryLink, bot: Any
) -> None:
    webhooks.files["p"] = b"picture"
    webhooks.files_wait = asyncio.Event()
    async with bot(webhooks):
        picture = asyncio.create_task(webhooks.deliver(message(number=1, photo=[{"file_id": "p"}])))
        await webhooks.called("getFile")
        words = asyncio.create_task(webhooks.deliver(message("这是照片", number=2)))
        await webhooks.deliver(message("别人", number=3, sender=8))
        webhooks.files_wait.set()
        await asyncio.gather(picture, words)
    assert [one.external_id for one in link.messages] == ["3", "1", "2"]


async def test_a_webhook_that_somebody_changed_is_put_back(webhooks: WebhookBotApi, link: MemoryLink, bot: Any) -> None:
    config = decode_settings(TelegramConfig, await webhooks.start())
    channel = TelegramChannel(config, link)
    run = asyncio.create_task(channel.run())
    await link.until(lambda: link.states)
    webhooks.webhook["url"] = "https://elsewhere.example/"
    with pytest.raises(ChannelNotReady, match="changed the bot's webhook"):
        await run


async def test_a_probe_tells_a_wrong_token_from_a_far_end_that_is_away(telegram: BotApi, link: MemoryLink) -> None:
    settings = await telegram.start()
    wrong = decode_settings(TelegramConfig, {**settings, "token": "123456:" + "x" * 35})
    with pytest.raises(ChannelAuthFailed, match="@BotFather"):
        await TelegramChannel(wrong, link).probe()
    right = TelegramChannel(decode_settings(TelegramConfig, settings), link)
    await right.probe()
    await telegram.stop()
    with pytest.raises(ChannelNotReady, match="ConnectError"):
        await right.probe()
    assert telegram.webhook == {}, "a probe changes nothing"


def test_settings_that_belong_together_are_judged_together() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        decode_settings(
            TelegramConfig, {"token": "x", "mode": "webhook", "webhook_url": "http://a", "proxy_url": "gopher://x"}
        )
    assert set(caught.value.faults) == {"token", "webhook_url", "webhook_secret", "proxy_url"}
