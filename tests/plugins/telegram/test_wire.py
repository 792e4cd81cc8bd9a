"""Whatever Telegram, or who plays it, sends: an event that the bus can carry, nothing, or one clear error."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import Attachment, Choice, SendMessage
from core.parts import utf16_units
from plugins.telegram.outgoing import MAX_CAPTION, MAX_TEXT, parts
from plugins.telegram.told import GroupJoined, Told, interpret
from plugins.telegram.wire import Update, UpdateUnreadable, parse_update, read_update
from tests.plugins.damage import as_json, damaged_bytes, damaged_objects
from tests.plugins.telegram.bot_api import ANNA, message, written
from tests.plugins.telegram.samples import SAMPLES

UNREADABLE = "[收到一条此处无法显示的消息，请让对方换一种方式发送]"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def judge(update: Update) -> None:
    """Read ``update`` and write what it tells as the bus does."""
    match interpret(update, "zh"):
        case Told(event=event):
            msgspec.json.encode(event)
        case GroupJoined() | None:
            pass


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_is_read(sample: dict) -> None:
    assert interpret(read_update(sample), "zh") is not None
    assert interpret(parse_update(as_json(sample)), "en") is not None


@given(JSON)
def test_any_json_is_read_or_refused(raw) -> None:
    try:
        judge(read_update(raw))
    except UpdateUnreadable:
        return


def test_damaged_updates_are_read_or_refused() -> None:
    read = 0
    for raw in damaged_objects(SAMPLES, 3000, seed=4):
        try:
            judge(read_update(raw))
        except UpdateUnreadable:
            continue
        read += 1
    assert read > 300, "the damage is so great that nothing is tested"


def test_damaged_bodies_are_read_or_refused() -> None:
    for body in damaged_bytes([as_json(sample) for sample in SAMPLES], 3000, seed=5):
        try:
            judge(parse_update(body))
        except UpdateUnreadable:
            continue


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"update_id":' * 20_000])
def test_depth_without_end_is_refused(body: bytes) -> None:
    with pytest.raises(UpdateUnreadable):
        parse_update(body)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "我家", "location": {"latitude": 99, "longitude": 1}}, "我家"),
        ({"caption": "看", "photo": [{"no": "file"}]}, "看"),
        ({"text": ["no", "text"]}, UNREADABLE),
        ({"poll": {"question": "?"}}, UNREADABLE),
        ({"dice": {"emoji": "🎲", "value": 3}}, UNREADABLE),
        ({"sticker": {"file_id": "s"}}, UNREADABLE),
        ({"text": "谁", "from": {"id": ANNA, "first_name": 7}}, "谁"),
    ],
)
def test_of_what_cannot_be_read_whole_somebody_hears(fields: dict, words: str) -> None:
    told = interpret(read_update({"update_id": 1, "message": {**written(), "text": "", **fields}}), "zh")
    assert isinstance(told, Told)
    assert (told.event.sender, told.event.text) == (f"telegram:{ANNA}", words)


def test_an_edited_caption_replaces_the_words() -> None:
    sizes = [{"file_id": "s"}]
    edited = written("", caption="改了", photo=sizes, edit_date=1_760_000_060)
    told = interpret(read_update({"update_id": 9, "edited_message": edited}), "zh")
    assert isinstance(told, Told)
    assert (told.event.text, told.event.edits, len(told.files)) == ("改了", str(edited["message_id"]), 1)


def test_half_an_emoji_costs_nobody_their_words() -> None:
    told = interpret(parse_update(as_json({"update_id": 1, **message("好\ud83c")})), "zh")
    assert isinstance(told, Told)
    assert told.event == msgspec.structs.replace(told.event, text="好\ufffd")


@given(
    st.text(max_size=9000),
    st.lists(st.builds(Choice, key=st.text(max_size=70), label=st.text(max_size=70)), max_size=5),
    st.integers(0, 3),
)
def test_every_order_fits_what_telegram_carries(text: str, choices: list[Choice], files: int) -> None:
    attachments = tuple(Attachment(media_id=str(number), mime="image/png") for number in range(files))
    order = SendMessage(
        message_id="m", recipient="telegram:1", text=text, choices=tuple(choices), attachments=attachments
    )
    made = parts(order)
    assert sum(part.attachment is not None for part in made) == files
    assert all(part.text or part.attachment for part in made)
    limits = [MAX_TEXT if part.attachment is None else MAX_CAPTION for part in made]
    assert all(utf16_units(part.text) <= limit for part, limit in zip(made, limits, strict=True))
