"""Mails of a size that nobody should send are taken all the same, and cost neither the memory nor the patience."""

import asyncio
import contextlib
import os
import smtplib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from tests.plugins.email.corpus import ZH, mail
from tests.plugins.email.taking_process import Taken

ROOT = Path(__file__).parents[3]
LIMIT_KB = 512 * 1024  # a plugin's process above it is ended by the supervisor

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")


@asynccontextmanager
async def taking(folder: Path) -> AsyncIterator[tuple[int, Callable[[], "asyncio.Future[Taken]"]]]:
    """Yield the port of a process that takes mails, and what ends it and tells what it took."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "tests.plugins.email.taking_process", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        limit=16_777_216,
    )
    assert process.stdout is not None

    async def end() -> Taken:
        answer, _ = await process.communicate(b"")
        return msgspec.json.decode(answer, type=Taken)

    try:
        async with asyncio.timeout(60):
            yield int(await process.stdout.readline()), lambda: asyncio.ensure_future(end())
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def send(port: int, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.sendmail("citizen@example.cn", ["hotline@lianxin.test"], raw)


async def test_a_mail_of_fifty_megabytes_is_taken_within_bounds(tmp_path: Path) -> None:
    text = b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + ZH.encode() + b"\r\n"
    head = b"--a\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    body = text + head + (b"QUJD" * 247 + b"\r\n") * 50_500 + b"--a--"
    raw = mail("Content-Type: multipart/mixed; boundary=a", body=body)
    assert len(raw) > 49_900_000
    async with taking(tmp_path) as (port, end):
        await asyncio.to_thread(send, port, raw)
        taken = await end()
    (message,) = taken.messages
    assert message.mail is not None
    assert (message.text, set(message.mail.warnings)) == (ZH, {"attachment_too_large", "original_on_disk"})
    (original,) = (tmp_path / "originals").iterdir()
    assert original.stat().st_size > len(raw)
    assert max(taken.own_kb, taken.children_kb) < LIMIT_KB


async def test_a_mail_of_ten_thousand_parts_is_taken_within_bounds(tmp_path: Path) -> None:
    part = b"--a\r\nContent-Type: image/png; name=a.png\r\n\r\nabc\r\n"
    raw = mail("Content-Type: multipart/mixed; boundary=a", body=part * 10_000 + b"--a--")
    async with taking(tmp_path) as (port, end):
        await asyncio.to_thread(send, port, raw)
        taken = await end()
    (message,) = taken.messages
    assert message.mail is not None
    assert (len(message.attachments), message.mail.warnings) == (100, ("too_many_attachments",))
    assert max(taken.own_kb, taken.children_kb) < LIMIT_KB
