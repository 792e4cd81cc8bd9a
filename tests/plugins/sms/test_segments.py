"""Where texts are cut, held to the same vectors as the desk's counter."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import decode_settings
from core.host.inspect import NoLink
from core.parts import well_formed
from plugins.sms.adapter import SmsChannel
from plugins.sms.backends.making import make_backend
from plugins.sms.config import SmsConfig
from plugins.sms.outgoing import parts_of
from plugins.sms.wire import gsm7
from plugins.sms.wire.alphabets import ALPHABETS, ASCII, GB18030, UCS2
from plugins.sms.wire.segments import segments
from plugins.sms.wire.udh import Concatenation, build, parse
from tests.plugins.sms.support.orders import CITIZEN, order
from tests.plugins.sms.support.vectors import CONNECTIONS, VECTORS

TEXTS = st.text(max_size=2000) | st.text(alphabet="aé€{[\n您🚒\ud83d", max_size=800)


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text("utf-8")), ids=lambda vector: vector["name"])
def test_a_text_costs_what_the_vectors_say(vector: dict[str, Any]) -> None:
    text = vector["text"] if "text" in vector else vector["repeat"][0] * vector["repeat"][1]
    cut = segments(text)
    assert (cut.encoding, len(cut.parts), cut.left) == (vector["encoding"], vector["parts"], vector["left"])


@given(TEXTS, st.sampled_from(list(ALPHABETS.values())), st.booleans())
def test_parts_say_together_what_the_text_says_and_fit(text: str, alphabet: Any, is_16_bit: bool) -> None:
    fallback = UCS2 if alphabet is not GB18030 else GB18030
    cut = segments(text, (alphabet, fallback), is_16_bit=is_16_bit)
    whole = well_formed(text)
    assert "".join(cut.parts) == whole
    assert b"".join(cut.alphabet.encode(part) for part in cut.parts) == cut.alphabet.encode(whole)
    octets = 140 if cut.alphabet.name in ("ucs2", "gb18030", "latin1") else 160
    header = 0 if len(cut.parts) == 1 else (7 if octets == 140 else 8) if is_16_bit else (6 if octets == 140 else 7)
    for part in cut.parts:
        data = cut.alphabet.encode(part)
        assert cut.alphabet.decode(data) == part  # no character was cut
        assert len(data) + header <= octets
        assert part or len(cut.parts) == 1


@given(st.text(alphabet=sorted(gsm7.SEPTETS), max_size=300))
def test_septets_and_back(text: str) -> None:
    assert gsm7.decode(gsm7.encode(text)) == text


@pytest.mark.parametrize(
    ("septets", "text"),
    [
        (b"\x1b\x65", "€"),
        (b"\x1b\x1b\x65", " e"),  # reserved: a space, as the standard says
        (b"\x1ba", "a"),  # unknown: the basic character
        (b"a\x1b", "a"),
        (b"\xc1", "A"),
    ],
)
def test_odd_septets_are_read_as_the_standard_says(septets: bytes, text: str) -> None:
    assert gsm7.decode(septets) == text


def test_septets_are_unpacked() -> None:
    assert gsm7.decode(gsm7.unpack(bytes.fromhex("E8329BFD4697D9EC37"))) == "hellohello"


@given(st.integers(0, 0xFFFF), st.integers(2, 255), st.integers(1, 255), st.booleans(), st.binary(max_size=140))
def test_headers_and_back(reference: int, total: int, number: int, is_16_bit: bool, body: bytes) -> None:
    place = Concatenation(reference if is_16_bit else reference & 0xFF, total, number, is_16_bit)
    found, rest = parse(build(place) + body)
    assert (found, rest) == (place if number <= total else None, body)


def test_other_elements_of_a_header_are_skipped() -> None:
    place, body = parse(bytes.fromhex("0605040B8423F0") + b"text")
    assert (place, body) == (None, b"text")
    place, body = parse(bytes.fromhex("0B05040B8423F000032A0201") + b"text")
    assert (place, body) == (Concatenation(0x2A, 2, 1), b"text")


@pytest.mark.parametrize("data", [b"", b"\x05\x00\x03"])
def test_a_header_that_is_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="cut off"):
        parse(data)


def test_a_text_that_ascii_has_is_sent_as_ascii() -> None:
    assert segments("42", (ASCII, GB18030)).encoding == "ascii"
    assert segments("四十二", (ASCII, GB18030)).left == 134


@pytest.mark.parametrize("connection", json.loads(CONNECTIONS.read_text("utf-8")), ids=lambda one: one["name"])
def test_what_is_sent_is_what_the_desk_counts(connection: dict[str, Any], tmp_path: Path) -> None:
    config = decode_settings(SmsConfig, {**connection["settings"], "max_parts": 20})
    backend = make_backend(config.backend)
    told = SmsChannel(config, NoLink(tmp_path)).carries
    assert {"alphabets": list(told.alphabets), "reference_bits": told.reference_bits} == connection["carries"]
    for repeated, times, encoding, count, left in connection["texts"]:
        text = repeated * times
        parts = parts_of(order(text), CITIZEN, config, backend)
        added = config.sms_signature if config.carrier_signs else ""
        whole = config.sms_signature + text
        assert (added + "".join(part.text for part in parts), parts[0].alphabet.name) == (whole, encoding)
        if backend.cuts:
            alphabet = parts[0].alphabet
            sizes = [sum(map(alphabet.cost, part.text)) for part in parts]
            sizes[0] += sum(map(alphabet.cost, added))
            room = alphabet.units if count == 1 else alphabet.units_16 if backend.is_16_bit else alphabet.units_8
            assert (len(parts), room - sizes[-1], max(sizes) <= room) == (count, left, True)
        else:
            assert len(parts) == 1, "the gateway cuts"
