"""Orders go out whole, in order and once, whatever Telegram says in between."""

import json
from typing import Any

import pytest

from core.errors import ChannelAuthFailed, SendDeferred, SendRejected, SendUnknown
from core.events import Attachment, Choice, SendMessage
from tests.plugins.memory_link import MemoryLink
from tests.plugins.telegram.bot_api import ANNA, BotApi
from tests.plugins.telegram.schema import faults

TO = f"telegram:{ANNA}"
THROTTLED = {"error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 3}}


def order(text: str = "", **fields: Any) -> SendMessage:
    return SendMessage(**{"message_id": "m", "recipient": TO, "text": text, **fields})


async def test_a_long_text_goes_out_in_pieces_that_say_the_same(telegram: BotApi, bot: Any) -> None:
    text = "政策说明。" * 2000
    async with bot(telegram) as channel:
        assert await channel.send(order(text)) == "1"
    pieces = [one["text"] for one in telegram.received]
    assert len(pieces) == 3
    assert all(len(piece.encode("utf-16-le")) <= 8192 for piece in pieces)
    assert "".join(pieces) == text


async def test_a_throttled_piece_is_sent_later_and_the_others_not_again(telegram: BotApi, bot: Any) -> None:
    text = "a" * 4096 + "b" * 4096
    async with bot(telegram) as channel:
        telegram.script_after(1, THROTTLED)
        with pytest.raises(SendDeferred) as caught:
            await channel.send(order(text))
        assert caught.value.retry_after_s == 3
        assert await channel.send(order(text)) == "1"
    assert [one["text"][0] for one in telegram.received] == ["a", "b"]


async def test_files_go_out_as_what_they_are(telegram: BotApi, link: MemoryLink, bot: Any) -> None:
    kinds = {"image/png": "photo", "audio/ogg": "voice", "video/mp4": "video", "application/pdf": "document"}
    async with bot(telegram) as channel:
        for number, (mime, kind) in enumerate(kinds.items()):
            file = await link.put_media(kind.encode(), mime=mime, name=f"file-{number}")
            await channel.send(order("看附件", message_id=str(number), attachments=(file,)))
    assert [(one["method"], one[kind]) for one, kind in zip(telegram.received, kinds.values(), strict=True)] == [
        ("sendPhoto", b"photo"),
        ("sendVoice", b"voice"),
        ("sendVideo", b"video"),
        ("sendDocument", b"document"),
    ]
    assert {one["caption"] for one in telegram.received} == {"看附件"}


async def test_a_picture_that_telegram_finds_odd_goes_out_as_a_document(
    telegram: BotApi, link: MemoryLink, bot: Any
) -> None:
    telegram.script({"error_code": 400, "description": "Bad Request: PHOTO_INVALID_DIMENSIONS"})
    file = await link.put_media(b"long", mime="image/jpeg", name="long.jpg")
    async with bot(telegram) as channel:
        await channel.send(order(attachments=(file,)))
    assert [one["method"] for one in telegram.received] == ["sendDocument"]


async def test_choices_stand_below_the_last_piece(telegram: BotApi, bot: Any) -> None:
    choices = tuple(Choice(key=str(number), label=f"选项{number}") for number in range(1, 4))
    async with bot(telegram) as channel:
        await channel.send(order("x" * 5000, choices=choices))
    first, last = telegram.received
    assert "buttons" not in first
    assert last["buttons"] == [[("选项1", "1"), ("选项2", "2")], [("选项3", "3")]]


async def test_choices_that_are_no_buttons_become_numbered_lines(telegram: BotApi, bot: Any) -> None:
    choices = (Choice(key="1", label="很长的选项" * 20), Choice(key="0", label="人工"))
    async with bot(telegram) as channel:
        await channel.send(order("请选择", choices=choices))
    (said,) = telegram.received
    assert said["text"].splitlines()[::2] == ["请选择", "0. 人工"]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((403, "Forbidden: user is deactivated"), SendRejected, "contact_gone"),
        ((403, "Forbidden: bot can't initiate conversation with a user"), SendRejected, "contact_must_write"),
        ((400, "Bad Request: something new"), SendRejected, "refused"),
        ((500, "Internal Server Error"), SendUnknown, "connection_lost"),
        ((401, "Unauthorized"), ChannelAuthFailed, "auth_failed"),
        ((404, "Not Found"), ChannelAuthFailed, "auth_failed"),
    ],
)
async def test_refusals_are_named(telegram: BotApi, bot: Any, answer: Any, kind: Any, code: str) -> None:
    telegram.script({"error_code": answer[0], "description": answer[1]})
    async with bot(telegram) as channel:
        with pytest.raises(kind) as caught:
            await channel.send(order("x"))
    assert caught.value.code == code


async def test_a_file_that_is_gone_or_too_large_is_refused_before_it_is_sent(telegram: BotApi, bot: Any) -> None:
    async with bot(telegram) as channel:
        for size, code in ((1, "file_missing"), (60_000_000, "file_too_large")):
            file = Attachment(media_id="none", mime="text/plain", size_bytes=size)
            with pytest.raises(SendRejected) as caught:
                await channel.send(order(attachments=(file,)))
            assert caught.value.code == code


async def test_typing_is_shown_to_who_waits(telegram: BotApi, bot: Any) -> None:
    async with bot(telegram) as channel:
        await channel.show_typing(TO, is_typing=True)
        await channel.show_typing(TO, is_typing=False)
        await channel.show_typing("telegram:99", is_typing=True)
    assert telegram.calls.count("sendChatAction") == 2


def test_the_schema_refuses_what_telegram_refuses() -> None:
    keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    good = {"chat_id": "1", "text": "x", "reply_markup": json.dumps(keyboard)}
    assert faults("sendMessage", good) == []
    assert faults("sendMesage", good) == ["unknown method sendMesage"]
    assert faults("sendMessage", {"chat_id": "1"}) == ["sendMessage: text is missing"]
    assert faults("sendMessage", {**good, "txt": "1"}) == ["sendMessage: unknown parameter txt"]
    assert faults("sendMessage", {**good, "reply_markup": '{"inline_keyboard": [{}]}'})
