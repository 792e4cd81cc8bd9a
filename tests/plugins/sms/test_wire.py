"""Codings, receipts, numbers, words, hours: what is pure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.sms.hours import quiet_for_s
from plugins.sms.numbers import canonical
from plugins.sms.templates import fill_body, fill_url, template_fault
from plugins.sms.texts import OPT_IN_WORDS, OPT_OUT_WORDS
from plugins.sms.wire.alphabets import GSM7, LATIN1
from plugins.sms.wire.codings import cmpp_text, smpp_text
from plugins.sms.wire.reassembly import Piece, Reassembly, joined
from plugins.sms.wire.receipts import Receipt, cmpp_state_of, parse_receipt, state_of
from plugins.sms.wishes import consent_in


@pytest.mark.parametrize(
    ("data", "coding", "text"),
    [
        (b"Hi\x00", 0, "Hi@"),
        (b"Hi@", 1, "Hi@"),
        ("é".encode("latin-1"), 3, "é"),
        ("你".encode("utf-16-be"), 8, "你"),
        (b"\xff\xfe" + "你".encode("utf-16-le"), 8, "你"),
        ("你".encode("utf-16-be"), 0x18, "你"),
        ("你".encode(), 4, "你"),
        ("é".encode("latin-1"), 245, "é"),
        ("你".encode(), 245, "你"),
        (b"\x02", 240, "$"),
        ("你".encode("gb18030"), 15, "你"),
        ("あ".encode("shift_jis"), 5, "あ"),
    ],
)
def test_data_codings_of_smpp(data: bytes, coding: int, text: str) -> None:
    assert smpp_text(data, coding, GSM7) == text


def test_the_default_alphabet_is_the_carriers() -> None:
    assert smpp_text(b"\xe9@", 0, LATIN1) == "é@"


@given(st.binary(max_size=300), st.integers(0, 255))
def test_any_bytes_are_some_text(data: bytes, coding: int) -> None:
    assert isinstance(smpp_text(data, coding, GSM7), str)
    assert isinstance(cmpp_text(data, coding), str)


@pytest.mark.parametrize(
    ("text", "receipt"),
    [
        (
            "id:7220bb6bd0be98fa628de66590f80070 sub:001 dlvrd:001 submit date:0610190851 done date:0610190951 "
            "stat:DELIVRD err:000 text:hello",
            Receipt("7220bb6bd0be98fa628de66590f80070", "delivered", "DELIVRD"),
        ),
        ("id:1 stat:UNDELIV", Receipt("1", "failed", "UNDELIV")),  # without counts, as some gateways write
        ("ID:1 Stat:Expired ERR:011", Receipt("1", "failed", "EXPIRED 11")),
        ("stat:ACCEPTD id:1", Receipt("1", "pending", "ACCEPTD")),
        ("id:1 stat:DELIVRD text:id:2 stat:UNDELIV", Receipt("1", "delivered", "DELIVRD")),
        ("id:1", Receipt("1", "unknown", "")),
    ],
)
def test_receipts_as_smscs_write_them(text: str, receipt: Receipt) -> None:
    assert parse_receipt(text) == receipt


def test_a_receipt_about_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="without message id"):
        parse_receipt("stat:DELIVRD")


@pytest.mark.parametrize(("word", "state"), [("MA:0001", "failed"), ("CB:0053", "failed"), ("", "unknown")])
def test_words_of_chinese_gateways(word: str, state: str) -> None:
    assert state_of(word) == state
    assert cmpp_state_of(word) == state


def test_a_word_that_nobody_knows_is_a_failure_only_where_carriers_invent_such() -> None:
    assert (state_of("WHATEVER"), cmpp_state_of("MBBLACK")) == ("unknown", "failed")
    assert [state_of(word) for word in ("DELIVERED", "QUEUED")] == ["delivered", "pending"]


@pytest.mark.parametrize(
    ("written", "canon"),
    [
        ("8613800138000", "tel:+8613800138000"),
        ("057187654321", "tel:+8657187654321"),
        ("+1 (555) 123-4567", "tel:+15551234567"),
        ("+86106575020012345678", "tel:106575020012345678"),
        ("+106905712345", "tel:106905712345"),
        ("TEL:95588", "tel:95588"),
    ],
)
def test_numbers_have_one_form(written: str, canon: str) -> None:
    assert canonical(written) == canon


def test_numbers_without_country_code_are_the_regions() -> None:
    assert canonical("030 123456", "DE") == "tel:+4930123456"


@given(st.text(alphabet="+0123456789 -106.86", max_size=25))
def test_numbers_stay_as_they_became(written: str) -> None:
    try:
        once = canonical(written)
    except ValueError:
        return
    assert canonical(once) == once


@pytest.mark.parametrize(
    ("text", "consent"),
    [
        ("TD", "withdrawn"),
        (" ｔｄ。", "withdrawn"),
        ("退订！", "withdrawn"),
        ("订阅", "given"),
        ("我想退订报纸", None),
        ("", None),
        ("？", None),
    ],
)
def test_words_that_stop_and_start(text: str, consent: str | None) -> None:
    assert consent_in(text, OPT_OUT_WORDS, OPT_IN_WORDS) == consent


@pytest.mark.parametrize(
    ("at", "start", "end", "hours"),
    [
        ("14:00", "22:00", "08:00", 10.0),  # 22:00 in Shanghai
        ("13:59", "22:00", "08:00", 0.0),
        ("23:59", "22:00", "08:00", 1 / 60),
        ("00:00", "22:00", "08:00", 0.0),
        ("04:30", "12:00", "13:00", 0.5),
        ("05:00", "12:00", "13:00", 0.0),
        ("05:00", "12:00", "12:00", 0.0),
    ],
)
def test_quiet_hours_end_when_they_say(at: str, start: str, end: str, hours: float) -> None:
    now = datetime.fromisoformat(f"2026-11-22T{at}").replace(tzinfo=UTC)
    assert quiet_for_s(now, start, end, ZoneInfo("Asia/Shanghai")) == pytest.approx(hours * 3600)


@given(st.permutations([(sender, number) for sender in "ab" for number in (1, 2, 3, 4)]), st.integers(0, 7))
def test_parts_find_together_whatever_their_order(order: list[tuple[str, int]], again: int) -> None:
    numbers = iter(range(100))
    sets = Reassembly(lambda: str(next(numbers)))
    done: dict[str, str] = {}
    for sender, number in (*order, order[again]):
        key = (sender, "1069", 7, 4, False)
        known, is_new = sets.place(key, Piece(number, f"{sender}{number}".encode(), 0), 0.0)
        if known.is_complete and not known.is_closed:
            done[sender] = joined(known.pieces.values(), 4, lambda data, _: data.decode(), str)
            sets.close(known)
            assert is_new
    assert done == {"a": "a1a2a3a4", "b": "b1b2b3b4"}


def test_values_are_escaped_for_where_they_stand() -> None:
    values = {"to": "+86", "text": 'a"b&{key}', "sender": "", "message_id": "1", "key": "k"}
    assert fill_url("http://x/?t={text}", values) == "http://x/?t=a%22b%26%7Bkey%7D"
    assert fill_body('{"t": "{text}"}', values, "json") == b'{"t": "a\\"b&{key}"}'
    assert fill_body("t={text}&to={to}", values, "form") == b"t=a%22b%26%7Bkey%7D&to=%2B86"


@pytest.mark.parametrize(
    ("url", "body", "form", "field"),
    [
        ("http://x", '{"t": "{text}"}', "json", None),
        ("http://x/?t={text}", "", "none", None),
        ("http://x", '{"t": "{txt}"}', "json", "body"),
        ("http://x", '{"t": {text}}', "json", "body"),
        ("http://x", "t=1", "form", "body"),
        ("http://x/{user}", "t={text}", "form", "url"),
    ],
)
def test_templates_that_cannot_work_are_found(url: str, body: str, form: str, field: str | None) -> None:
    fault = template_fault(url, body, form)  # type: ignore[arg-type]
    assert (fault and fault[0]) == field
