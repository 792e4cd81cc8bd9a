"""Malware reaches nobody, and nothing is let through while the scanner is away."""

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.config import decode_settings
from core.errors import RefusedForNow, RequestFailed
from core.events import Attachment, MessageReceived
from plugins.email.config import EmailConfig
from plugins.email.intake import Intake
from plugins.email.scanner import Scanner, ScannerAway
from plugins.email.tokens import Tokens
from tests.plugins.email.corpus import ZH, mail

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


STREAM_BYTES = 1_000_000


class Clamd:
    """Speaks clamd's INSTREAM, knows one signature, and takes files up to ``STREAM_BYTES``."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one command."""
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        data = b""
        while length := struct.unpack("!I", await reader.readexactly(4))[0]:
            data += await reader.readexactly(length)
            if len(data) > STREAM_BYTES:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                await writer.drain()
                writer.write_eof()
                await reader.read()  # it hangs up in peace, so that the answer is heard
                writer.close()
                return
        writer.write(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0")
        await writer.drain()
        writer.close()


class Link:
    """Keeps what the channel hands over."""

    instance = "email-main"

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.emitted: list[Any] = []
        self.names: list[str] = []
        self.fault: Exception | None = None

    async def emit(self, event: Any) -> None:
        self.emitted.append(event)

    async def put_media(self, data: bytes, *, mime: str, name: str = "") -> Attachment:
        if self.fault is not None:
            raise self.fault
        self.names.append(name)
        return Attachment(media_id=f"media-{len(self.names)}", mime=mime, name=name, size_bytes=len(data))


@pytest.fixture
async def clamd() -> AsyncIterator[str]:
    server = await asyncio.start_server(Clamd().serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


def _intake(link: Link, **settings: Any) -> Intake:
    config = decode_settings(
        EmailConfig, {"address": "hotline@lianxin.test", "smtp": {"host": "localhost", "security": "none"}, **settings}
    )
    intake = Intake(config, link, Tokens(b"k" * 32))  # type: ignore[arg-type]
    intake.reader.clear()
    return intake


def _with_file(name: str, data: bytes) -> bytes:
    text = b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + ZH.encode() + b"\r\n"
    file = f"--a\r\nContent-Type: application/octet-stream; name={name}\r\n\r\n".encode() + data + b"\r\n--a--"
    return mail("Content-Type: multipart/mixed; boundary=a", body=text + file)


async def test_a_clean_file_passes_and_malware_is_found(clamd: str) -> None:
    assert await Scanner(clamd).find(b"x" * 200_000) == ""
    assert await Scanner(clamd).find(EICAR) == "Eicar-Test-Signature"


async def test_of_an_infected_mail_only_the_words_are_shown(clamd: str, tmp_path: Path) -> None:
    link = Link(tmp_path)
    await _intake(link, clamd=clamd).take(_with_file("a.doc", EICAR))
    (message,) = link.emitted
    assert isinstance(message, MessageReceived)
    assert message.text == ZH
    assert message.mail is not None
    assert (message.attachments, message.mail.warnings, message.mail.original_media_id) == ((), ("malware",), "")
    (kept,) = (tmp_path / "quarantine").iterdir()
    assert EICAR in kept.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0


async def test_a_mail_with_what_is_too_large_for_the_scanner_is_put_aside_and_holds_up_no_other(
    clamd: str, tmp_path: Path
) -> None:
    link = Link(tmp_path)
    await _intake(link, clamd=clamd).take(_with_file("a.doc", b"x" * (STREAM_BYTES + 1)))
    (message,) = link.emitted
    assert (message.text, message.attachments, message.mail.warnings) == (ZH, (), ("not_scanned",))
    assert message.mail.original_media_id == ""
    assert len(list((tmp_path / "quarantine").iterdir())) == 1


async def test_what_the_hub_never_keeps_is_left_out_and_what_it_cannot_keep_now_comes_again(tmp_path: Path) -> None:
    link = Link(tmp_path)
    raw = _with_file("a.doc", b"x")
    link.fault = RefusedForNow("internal", "no space left on device")
    with pytest.raises(RefusedForNow):
        await _intake(link).take(raw)
    assert link.emitted == []
    link.fault = RequestFailed("too_large", "at most 5 bytes")
    await _intake(link).take(raw)
    (message,) = link.emitted
    assert (message.text, set(message.mail.warnings)) == (ZH, {"attachment_too_large", "original_on_disk"})
    (kept,) = (tmp_path / "originals").iterdir()
    assert b"a.doc" in kept.read_bytes()


async def test_a_mail_waits_for_a_scanner_that_is_away(tmp_path: Path) -> None:
    link = Link(tmp_path)
    with pytest.raises(ScannerAway):
        await _intake(link, clamd="127.0.0.1:1").take(_with_file("a.doc", b"x"))
    assert link.emitted == []


async def test_files_that_run_are_left_out_and_said_so(tmp_path: Path) -> None:
    link = Link(tmp_path)
    await _intake(link).take(_with_file("invoice.pdf.EXE", b"MZ"))
    assert link.emitted[0].mail.warnings == ("attachment_refused",)
    assert link.names == ["路灯.eml"]


async def test_a_form_on_a_website_is_answered_to_the_citizen(tmp_path: Path) -> None:
    link = Link(tmp_path)
    raw = mail("From: no-reply@site.example", "Reply-To: Wang <wang@example.cn>", sender=False)
    await _intake(link).take(raw)
    assert link.emitted[0].sender == "mailto:wang@example.cn"


async def test_a_mail_of_nobody_is_shown_all_the_same(tmp_path: Path) -> None:
    link = Link(tmp_path)
    await _intake(link).take(b"\r\njust words")
    assert (link.emitted[0].sender, link.emitted[0].text) == ("mailto:unknown@invalid", "just words")
