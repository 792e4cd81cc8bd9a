"""Reading a mail never keeps the event loop: a thread does it, and a process of its own where it may take long."""

import threading
from pathlib import Path

import pytest

from plugins.email import parsing
from plugins.email.parsing import BIG_BYTES, Reader
from plugins.email.wire import Ours, Parsed, Raw, parse
from tests.plugins.email.corpus import ZH, mail


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    reader = Reader(tmp_path / "spool", Ours())
    reader.clear()
    return reader


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the threads of this process in which mails were read."""
    found: list[int] = []

    def noted(raw: Raw, ours: Ours) -> Parsed:
        found.append(threading.get_ident())
        return parse(raw, ours)

    monkeypatch.setattr(parsing, "parse", noted)
    return found


async def test_a_small_mail_is_read_in_a_thread(reader: Reader, threads: list[int]) -> None:
    async with reader.read(mail()) as parsed:
        assert parsed.text == ZH
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_a_mail_that_may_take_long_is_read_in_another_process(reader: Reader, threads: list[int]) -> None:
    page = "<p>" + ZH * (BIG_BYTES // len(ZH.encode()) + 1)
    async with reader.read(mail("Content-Type: text/html; charset=utf-8", body=page)) as parsed:
        assert parsed.text.startswith(ZH)
    assert threads == []


async def test_of_a_mail_that_breaks_its_reader_the_beginning_is_shown(
    reader: Reader, threads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "LIMIT_S", 0.0)
    raw = mail(body=ZH + "\r\n" + "x" * BIG_BYTES)
    async with reader.read(raw) as parsed:
        assert parsed.text.startswith(ZH)
        assert "broken" in parsed.warnings
    assert threading.get_ident() not in threads
