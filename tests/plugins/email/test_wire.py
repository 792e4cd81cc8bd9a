"""Whatever a mail looks like, a person can read it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.email.structure import Splitter
from plugins.email.wire import Ours, parse
from tests.plugins.email.corpus import ZH, Case, cases, mail
from tests.plugins.email.damaged import damaged_cases, truncated_outlook

OURS = Ours(addresses=frozenset({"hotline@lianxin.test"}), trusted=frozenset({"mx.lianxin.test"}))
CASES = [*cases(), *damaged_cases()]


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 150
    assert len({case.label for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_a_mail_is_read_as_it_was_meant(case: Case) -> None:
    parsed = parse(case.raw, OURS)
    assert (parsed.subject, parsed.sender, parsed.text) == (case.subject, case.sender, case.text)
    assert tuple(file.name for file in parsed.files) == case.files
    assert parsed.is_automatic == case.is_automatic
    assert case.quoted in parsed.quoted
    assert bool(parsed.quoted) == bool(case.quoted)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.label.startswith("page:")], ids=lambda case: case.label
)
def test_nothing_that_runs_is_left_of_a_page(case: Case) -> None:
    page = parse(case.raw, OURS).html.lower()
    for sign in ("<script", "onerror", "onclick", "javascript:", "<iframe", "<form", "<base", "<style", "url("):
        assert sign not in page


def test_pictures_of_other_servers_are_noticed() -> None:
    page = '<p>x<img src="https://example.com/t.gif"><img src="cid:a"></p>'
    parsed = parse(mail("Content-Type: text/html", body=page), OURS)
    assert parsed.has_remote_images
    assert not parse(mail("Content-Type: text/html", body='<img src="cid:a">'), OURS).has_remote_images


def test_a_winmail_dat_that_is_cut_off_is_said_to_be_so() -> None:
    assert parse(truncated_outlook(), OURS).warnings == ("truncated",)


def test_a_charset_that_only_begins_like_one_harms_nothing() -> None:
    parsed = parse(mail("Content-Type: text/plain; charset=iso2022-no-such"), OURS)
    assert (parsed.text, parsed.warnings) == (ZH, ())


def test_only_the_verdicts_of_trusted_servers_count() -> None:
    raw = mail(
        "Authentication-Results: evil.example; dkim=pass; spf=pass",
        "Authentication-Results: mx.lianxin.test 1; spf=fail (not allowed) mailfrom=a@b.cn;\r\n dkim=pass h.d=b.cn",
        "Authentication-Results: mx.lianxin.test; spf=pass; dmarc=pass",
    )
    assert parse(raw, OURS).verdicts.words == {"spf": "fail", "dkim": "pass"}


@pytest.mark.parametrize(
    ("results", "check"),
    [
        ("dmarc=pass; spf=fail", "passed"),
        ("dmarc=fail; dkim=pass header.d=example.cn", "failed"),
        ("dkim=pass header.d=example.cn", "passed"),
        ("dkim=pass header.i=@mail.example.cn", "passed"),
        ("dkim=pass header.d=evil.example", "unknown"),
        ("dkim=pass header.d=cn", "unknown"),
        ("dkim=pass header.d=notexample.cn", "unknown"),
        ("spf=pass smtp.mailfrom=lin@example.cn", "passed"),
        ("spf=pass smtp.mailfrom=bounce@list.example", "unknown"),
        ("spf=fail smtp.mailfrom=example.cn; dkim=pass header.d=example.cn", "passed"),
        ("spf=fail smtp.mailfrom=lin@example.cn", "failed"),
        ("dkim=fail header.d=example.cn", "failed"),
        ("spf=softfail smtp.mailfrom=lin@example.cn", "unknown"),
        ("spf=none; dkim=neutral; dmarc=none", "unknown"),
        # senders choose their local parts, quotes and all
        ('spf=pass smtp.mailfrom="example.cn"@evil.com', "unknown"),
        ('spf=pass smtp.mailfrom="x; dkim=pass header.d=example.cn; y"@evil.com', "unknown"),
        ('spf=pass smtp.mailfrom="x@example.cn"@evil.com', "unknown"),
        ("spf=pass (a (b) c; dkim=pass header.d=example.cn) smtp.mailfrom=x@evil.com", "unknown"),
        ('spf=pass smtp.mailfrom="x; dkim=pass header.d=example.cn', "unknown"),
        ("spf=pass (sender (really) is allowed) smtp.mailfrom=lin@example.cn", "passed"),
    ],
)
def test_a_sender_is_vouched_for_by_their_own_domain_only(results: str, check: str) -> None:
    raw = mail(f"Authentication-Results: mx.lianxin.test; {results}")
    assert parse(raw, OURS).verdicts.sender_check == check


def test_a_message_id_that_is_used_again_hides_no_mail() -> None:
    first, second = (
        parse(b"Message-ID: <1@localhost>\r\nFrom: a@b.cn\r\n\r\n" + text, OURS).external_id for text in (b"a", b"b")
    )
    assert first != second


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 100,
        b"\r\n\r\n",
        b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n--\r\n',
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a" * 100_000,
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 50_000,
        b"Subject: " + b"=?a?b?" * 20_000 + b"\r\n\r\n",
        b"Subject: a\r\n" + b" \r\n" * 100_000,
        b"From: " + b"<" * 50_000 + b"\r\n\r\n",
        b"From: " + b"a" * 50_000 + b"@\r\n\r\n",
        b"\r\n" + b"aaaa@bbbb wrote:\n" * 20_000,
        b"\r\n" + b"> " * 100_000,
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 50_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * 200_000,
        b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 50_000,
        b"\r\nbegin 644 a\r\n" + b"#86)C\r\n" * 50_000,
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\n" + b" \r\n" * 50_000,
        b"Content-Type: text/plain; " + b"a*0*=b;" * 5_000 + b"\r\n\r\nx",
        b"X" * 300_000 + b": y\r\n\r\nz",
    ],
    ids=range(19),
)
def test_hostile_mails_are_read_in_time(raw: bytes) -> None:
    parse(raw, OURS)  # the loop guard and pytest's own limit would tell


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2_000), st.sampled_from([case.raw for case in CASES]), st.integers(0, 5_000))
def test_damaged_mails_never_raise(noise: bytes, raw: bytes, at: int) -> None:
    parsed = parse(raw[: at % len(raw)] + noise + raw[at % len(raw) :], OURS)
    assert parsed.external_id


def test_a_mail_of_ten_thousand_parts_is_taken_apart_once() -> None:
    part = b"--a\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    raw = mail("Content-Type: multipart/mixed; boundary=a", body=part * 10_000 + b"--a--")
    assert len(Splitter(raw).split().children) == 10_000
    assert len(parse(raw, OURS).text) >= 10_000
