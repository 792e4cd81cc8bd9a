"""Addresses that people type have one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.addresses import channel_of, guess_scheme, normalize


@pytest.mark.parametrize(
    ("text", "scheme", "expected"),
    [
        ("138 0000 1234", "", "tel:+8613800001234"),
        ("１３８００００１２３４", "", "tel:+8613800001234"),
        ("8613800001234", "", "tel:+8613800001234"),
        ("+86-138-0000-1234", "", "tel:+8613800001234"),
        ("0086 138 0000 1234", "tel", "tel:+8613800001234"),
        ("010-62751234", "", "tel:+861062751234"),
        ("(0571) 8765 4321", "", "tel:+8657187654321"),
        ("+49 30 123456", "", "tel:+4930123456"),
        ("12345", "", "tel:12345"),
        ("tel:12345", "", "tel:12345"),
        ("010-62751234", "fax", "fax:+861062751234"),
        (" Wang.Fang@Example.ORG ", "", "mailto:wang.fang@example.org"),
        ("mailto:a@b.cn", "", "mailto:a@b.cn"),
        ("wechat:oAbC", "", "wechat:oAbC"),
    ],
)
def test_an_address_is_brought_to_its_form(text: str, scheme: str, expected: str) -> None:
    assert normalize(text, scheme) == expected


@pytest.mark.parametrize(
    ("text", "scheme"),
    [("", ""), ("apples", ""), ("1380000", ""), ("a@b", ""), ("a b@c.cn", ""), ("x y", "wechat"), ("w" * 600, "web")],
)
def test_what_is_no_address_is_refused(text: str, scheme: str) -> None:
    with pytest.raises(ValueError, match=r"address|number|characters"):
        normalize(text, scheme)


@given(st.text(max_size=40), st.sampled_from(["", "tel", "mailto", "fax", "web"]))
def test_normalizing_again_changes_nothing(text: str, scheme: str) -> None:
    try:
        uri = normalize(text, scheme)
    except ValueError:
        return
    assert normalize(uri) == uri
    assert guess_scheme(uri) == uri.partition(":")[0]


@pytest.mark.parametrize(
    ("uri", "channel"), [("tel:+8613800138000", "sms"), ("mailto:a@b.cn", "mailto"), ("web:x", "web")]
)
def test_what_is_written_to_a_number_is_a_short_message(uri: str, channel: str) -> None:
    assert channel_of(uri) == channel
