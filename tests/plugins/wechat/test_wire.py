"""Whatever the platforms, or who plays them, send: an event that the bus can carry, nothing, or one clear error."""

import base64
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import Attachment, Choice, MessageReceived, SendMessage
from core.parts import octets
from plugins.wechat import kf_wire, wire
from plugins.wechat.crypto import CallbackCipher, NotForUs
from plugins.wechat.outgoing import MAX_HEAD_BYTES, MAX_TEXT_BYTES, parts
from plugins.wechat.told import Told, Unreadable
from tests.plugins.damage import damaged_bytes, damaged_objects, damaged_xml
from tests.plugins.wechat.platform import AES_KEY, APP_ID, KF_ID, kf_written, written, xml
from tests.plugins.wechat.samples import FIELDS, KF, OFFICIAL

UNREADABLE = "[收到一条此处无法显示的消息，请让对方换一种方式发送]"


def judge(told: Told | None) -> None:
    """Write what was told as the bus does."""
    if told is not None:
        msgspec.json.encode(told.event)


def read_callback(body: bytes) -> Told | None:
    return wire.interpret(wire.parse_xml(body), "zh", {})


def read_kf(raw: object) -> Told | None:
    return kf_wire.interpret(kf_wire.read_message(raw), KF_ID, "zh")


@pytest.mark.parametrize("body", OFFICIAL)
def test_every_callback_is_read(body: bytes) -> None:
    assert read_callback(body) is not None


@pytest.mark.parametrize("raw", KF)
def test_every_message_of_customer_service_is_read(raw: dict) -> None:
    assert read_kf(raw) is not None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (xml(written("miniprogrampage", Title="?")), UNREADABLE),
        (xml(written("text")), UNREADABLE),
        (xml(written("location", Location_X="999", Location_Y="x", Label="市民中心")), "市民中心"),
        (xml(written("location")), UNREADABLE),
        (xml(written(Content="冷")).replace("冷".encode(), b"\x08\xff"), "\ufffd\ufffd"),
        (
            xml(written(Content="冷")).replace("冷".encode(), b"<![CDATA[a]]>b<![CDATA[<c>]]]]><![CDATA[>]]>"),
            "ab<c>]]>",
        ),
        (xml(written(Content="冷")).replace("冷".encode(), b"a<b>x</b>c"), "axc"),
    ],
)
def test_odd_callbacks_are_shown(body: bytes, words: str) -> None:
    told = read_callback(body)
    assert told is not None
    assert isinstance(told.event, MessageReceived)
    assert told.event.text == words


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (kf_written("business_card", business_card={"userid": "w"}), UNREADABLE),
        (kf_written("miniprogram", miniprogram={"title": "办事大厅", "appid": "x"}), "[小程序] 办事大厅"),
        (
            kf_written(
                "merged_msg",
                merged_msg={
                    "title": "群聊的聊天记录",
                    "item": [
                        {"sender_name": "林", "msgtype": "text", "msg_content": '{"text": {"content": "停水了"}}'},
                        {"sender_name": "王", "msgtype": "image", "msg_content": "?"},
                    ],
                },
            ),
            "[聊天记录] 群聊的聊天记录\n林: 停水了\n王: …",
        ),
        (kf_written("location", location={"latitude": 999, "longitude": 0}), UNREADABLE),
        (kf_written("image", image={"no": "id"}), UNREADABLE),
        (kf_written(text={"content": 7}), UNREADABLE),
        (kf_written("channels", channels="?"), UNREADABLE),
    ],
)
def test_odd_messages_of_customer_service_are_shown(raw: dict, words: str) -> None:
    told = read_kf(raw)
    assert told is not None
    assert isinstance(told.event, MessageReceived)
    assert told.event.text == words


def test_of_a_damaged_message_of_customer_service_the_time_and_the_words_remain() -> None:
    told = read_kf(kf_written(text={"content": "停水了"}, image={"no": "id"}))
    assert told is not None
    assert isinstance(told.event, MessageReceived)
    assert (told.event.text, told.event.sent_at) == ("停水了", datetime.fromtimestamp(1_760_000_000, UTC))


def test_damaged_callbacks_are_read_or_refused() -> None:
    for body in damaged_bytes(OFFICIAL, 3000, seed=6):
        try:
            judge(read_callback(body))
        except Unreadable:
            continue


def test_callbacks_with_damaged_fields_are_read_or_refused() -> None:
    read = 0
    for body in damaged_xml(FIELDS, 3000, seed=8):
        try:
            judge(read_callback(body))
        except Unreadable:
            continue
        read += 1
    assert read > 300, "the damage is so great that nothing is tested"


def test_damaged_messages_of_customer_service_are_read_or_refused() -> None:
    read = 0
    for raw in damaged_objects(KF, 4000, seed=7):
        try:
            judge(read_kf(raw))
        except Unreadable:
            continue
        read += 1
    assert read > 400, "the damage is so great that nothing is tested"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        judge(read_callback(body))
    except Unreadable:
        return


@given(st.text(max_size=100) | st.binary(max_size=160).map(lambda raw: base64.b64encode(raw).decode()))
def test_nothing_opens_that_was_not_closed_with_the_key(encrypted: str) -> None:
    with pytest.raises(NotForUs):
        CallbackCipher(AES_KEY, APP_ID).decrypt(encrypted)


@pytest.mark.parametrize(
    "body",
    [
        b"<xml>" * 10_000,
        b"<xml>" + b"<a/>" * 10_000 + b"</xml>",
        b'<?xml version="1.0" encoding="no-such"?><xml/>',
        b'<?xml version="1.0" encoding="utf-16"?><xml/>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>',
        xml(written(Content="x", CreateTime="9" * 5000)),
    ],
)
def test_hostile_xml_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_callback(body)


@given(
    st.text(max_size=3000),
    st.lists(st.builds(Choice, key=st.text(max_size=9), label=st.text(max_size=70)), max_size=12),
    st.integers(0, 3),
)
def test_every_order_fits_what_wechat_carries(text: str, choices: list[Choice], files: int) -> None:
    attachments = tuple(Attachment(media_id=str(number), mime="image/png") for number in range(files))
    order = SendMessage(
        message_id="m", recipient="wechat:anna-1", text=text, choices=tuple(choices), attachments=attachments
    )
    made = parts(order)
    assert [part.number for part in made] == list(range(len(made)))
    assert sum(part.attachment is not None for part in made) == files
    assert all(part.text or part.attachment for part in made)
    assert all(octets(part.text) <= (MAX_HEAD_BYTES if part.choices else MAX_TEXT_BYTES) for part in made)
