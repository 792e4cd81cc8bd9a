"""What an operator relies on, tried against real servers: nothing lost, doubled or answered in error."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import imapclient
import pytest

from core.errors import BusUnavailable
from core.events import Mail, MessageReceived, SendMessage
from core.host.load import load_channel
from core.testing.bench import Bench
from core.testing.nats import NatsServer
from tests.plugins.email.corpus import ZH, mail
from tests.plugins.email.far_end import ADDRESS, PASSWORD, USER, FarEnd, Relay, free_port, missing
from tests.plugins.email.files import Files

LIN = "mailto:lin@example.cn"


@pytest.fixture
async def bench(contract_nats_server: NatsServer) -> AsyncIterator[Bench]:
    async with Bench.open(contract_nats_server.url) as bench:
        bench.files = Files()  # type: ignore[attr-defined]
        await bench.files.open(bench.bus)  # type: ignore[attr-defined]
        yield bench


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    relay = Relay()
    yield relay
    await relay.stop()


def _order(message_id: str, **values: Any) -> SendMessage:
    given: dict[str, Any] = {
        "recipient": LIN,
        "text": "已派修",
        "sender_kind": "agent",
        "mail": Mail(subject="Re: 路灯"),
    }
    return SendMessage(message_id=message_id, **{**given, **values})


async def _sent(bench: Bench, relay: Relay, message_id: str) -> str:
    """Send a message; return its Message-ID."""
    await bench.order(_order(message_id))
    return (await bench.status(message_id, "sent")).external_id


def _running(bench: Bench, settings: dict[str, Any], folder: Path) -> Any:
    return bench.running(load_channel("plugins.email")[0], settings, folder)


async def _received(bench: Bench, count: int = 1) -> list[MessageReceived]:
    await bench.wait_until(lambda: len(bench.messages) >= count)
    return bench.messages


async def test_an_answer_names_the_message_it_answers(bench: Bench, relay: Relay, tmp_path: Path) -> None:
    async with _running(bench, {**await relay.start(), "reply_tokens": True}, tmp_path):
        await bench.ready()
        ours = await _sent(bench, relay, "m-1")
        await relay.deliver(mail(f"In-Reply-To: {ours}"))
        assert (await _received(bench))[0].answers == ("m-1",)
        forged = ours.replace("m-1", "m-2").encode()
        await relay.deliver(mail(b"In-Reply-To: " + forged).replace(b"0123456789abcdef", b"another-message-id"))
        assert (await _received(bench, 2))[1].answers == ()
    token = relay.sent[0].split(b"Reply-To:")[1].split(b"\r\n")[0]
    assert b"hotline+m-1." in token


async def test_a_mail_that_comes_back_fails_the_message(bench: Bench, relay: Relay, tmp_path: Path) -> None:
    async with _running(bench, await relay.start(), tmp_path):
        await bench.ready()
        ours = await _sent(bench, relay, "m-1")
        await relay.deliver(_bounce(ours))
        status = await bench.status("m-1", "failed")
        assert status.code == "no_such_mailbox"
        other = await _sent(bench, relay, "m-2")
        head = "From: postmaster@qq.com\r\nSubject: 系统退信\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        text = f"您的邮件无法投递：对方邮箱已满\r\n\r\nMessage-ID: {other}\r\n"
        await relay.deliver((head + text).encode())
        assert (await bench.status("m-2", "failed")).code == "mailbox_full"
    assert bench.messages == []


async def test_nothing_automatic_answers_a_robot(bench: Bench, relay: Relay, tmp_path: Path) -> None:
    async with _running(bench, {**await relay.start(), "automatic_per_day": 1}, tmp_path):
        await bench.ready()
        await relay.deliver(mail("Auto-Submitted: auto-replied"))
        assert (await _received(bench))[0].is_automatic
        await bench.order(_order("m-1", sender_kind="flow"))
        assert (await bench.status("m-1", "failed")).code == "loop_guard"
        await bench.order(_order("m-2"))
        await bench.status("m-2", "sent")
        for number, outcome in ((3, "sent"), (4, "failed")):
            await bench.order(_order(f"m-{number}", sender_kind="flow", recipient="mailto:wang@example.cn"))
            await bench.status(f"m-{number}", outcome)
    assert b"Auto-Submitted:" in relay.sent[1]


async def test_the_listener_refuses_to_relay_and_what_is_too_large(bench: Bench, relay: Relay, tmp_path: Path) -> None:
    async with _running(bench, {**await relay.start(), "max_mail_bytes": 65_536}, tmp_path):
        await bench.ready()

        def talk() -> list[int]:
            with smtplib.SMTP("127.0.0.1", relay.listener, timeout=10) as client:
                client.ehlo()
                codes = [client.mail("x@example.cn")[0], client.rcpt("somebody@example.com")[0]]
                codes += [client.rcpt(f"{USER}+tag@lianxin.test")[0], client.data(b"a\r\n" * 40_000)[0]]
                return codes

        assert await asyncio.to_thread(talk) == [250, 550, 250, 552]
    assert bench.messages == []


async def test_one_connection_too_many_is_told_so(bench: Bench, relay: Relay, tmp_path: Path) -> None:
    settings = await relay.start()
    settings["listener"]["max_connections_ip"] = 1
    async with _running(bench, settings, tmp_path):
        await bench.ready()

        def talk() -> str:
            with smtplib.SMTP("127.0.0.1", relay.listener, timeout=10) as first:
                first.ehlo()
                try:
                    smtplib.SMTP("127.0.0.1", relay.listener, timeout=10)
                except smtplib.SMTPConnectError as error:
                    return str(error)
                return "let in"

        assert "421" in await asyncio.to_thread(talk)
        await relay.deliver(mail())
        await _received(bench)


async def test_the_listener_keeps_mails_with_their_sender_while_the_hub_is_away(
    bench: Bench, relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _running(bench, await relay.start(), tmp_path):
        await bench.ready()
        assert bench.channel is not None
        link = bench.channel.link

        async def away(*_: object, **__: object) -> None:
            raise BusUnavailable("away")

        with monkeypatch.context() as patched:
            patched.setattr(link, "put_media", away)
            with pytest.raises(smtplib.SMTPDataError, match="451"):
                await relay.deliver(mail())
        await relay.deliver(mail())
        assert len(await _received(bench)) == 1


async def test_a_big_mail_is_read_in_a_process_of_its_own(bench: Bench, relay: Relay, tmp_path: Path) -> None:
    async with _running(bench, await relay.start(), tmp_path):
        await bench.ready()
        part = b"--a\r\nContent-Type: image/png; name=a.png\r\n\r\n" + (b"x" * 998 + b"\r\n") * 3_000
        text = b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + ZH.encode() + b"\r\n"
        await relay.deliver(mail("Content-Type: multipart/mixed; boundary=a", body=text + part + b"--a--"))
        (message,) = await _received(bench)
    assert message.text == ZH
    assert [(file.name, file.size_bytes) for file in message.attachments] == [("a.png", 2_999_998)]
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.skipif(missing() != "", reason=missing() or "never")
@pytest.mark.may_block("starting and stopping mail servers", limit_s=5)
async def test_mailboxes_are_read_once_though_another_program_marks_their_mails(bench: Bench, tmp_path: Path) -> None:
    servers = FarEnd()
    try:
        settings = await servers.start()
        async with _running(bench, settings, tmp_path):
            await bench.ready()
            for number in range(3):
                await servers.deliver(_numbered(number))
            await _received(bench, 3)
        await servers.deliver(_numbered(3))
        await asyncio.to_thread(_mark_all_seen, servers.imap)
        async with _running(bench, settings, tmp_path):
            await _received(bench, 4)
        assert [message.external_id for message in bench.messages] == [
            f"<number-{n}-of-many@example.cn>" for n in range(4)
        ]
        big = _numbered(4) + b"a" * 2_000_000
        moved = {**settings, "mailboxes": [{**settings["mailboxes"][0], "move_to": "Done"}]}
        async with _running(bench, moved, tmp_path):
            await servers.deliver(big)
            await bench.wait_until(lambda: any(one.external_id.startswith("<number-4") for one in bench.messages))
        main = settings["mailboxes"][0]
        others = [{**main, "name": "second", "folder": "Second"}, {**main, "name": "broken", "port": free_port()}]
        await asyncio.to_thread(_put_into, servers.imap, "Second", _numbered(5))
        async with _running(bench, {**settings, "mailboxes": [main, *others]}, tmp_path):
            await servers.deliver(_numbered(6))
            await bench.wait_until(
                lambda: {f"<number-{n}-of-many@example.cn>" for n in (5, 6)} <= {m.external_id for m in bench.messages}
            )
            await bench.wait_until(lambda: bench.states[-1].code == "partly_down")
    finally:
        await servers.stop()
        servers.remove()


def _mark_all_seen(port: int) -> None:
    with imapclient.IMAPClient("127.0.0.1", port=port, ssl=False) as client:
        client.login(USER, PASSWORD)
        client.select_folder("INBOX")
        client.add_flags(client.search(["ALL"]), [imapclient.SEEN])


def _put_into(port: int, folder: str, raw: bytes) -> None:
    with imapclient.IMAPClient("127.0.0.1", port=port, ssl=False) as client:
        client.login(USER, PASSWORD)
        client.create_folder(folder)
        client.append(folder, raw)


def _numbered(number: int) -> bytes:
    return f"From: lin@example.cn\r\nMessage-ID: <number-{number}-of-many@example.cn>\r\nSubject: x\r\n\r\n".encode()


def _bounce(message_id: str) -> bytes:
    parts = (
        "Content-Type: text/plain\r\n\r\nIt was not delivered.",
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.cn\r\n\r\n"
        "Final-Recipient: rfc822; lin@example.cn\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user",
        f"Content-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nFrom: {ADDRESS}\r\n\r\nx",
    )
    body = "".join(f"--cut\r\n{part}\r\n" for part in parts)
    head = "From: MAILER-DAEMON@example.cn\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
    kind = "Content-Type: multipart/report; report-type=delivery-status; boundary=cut"
    return f"{head}{kind}\r\n\r\n{body}--cut--\r\n".encode()
