"""Reaching the bus: who we are, encryption, and what nats-py 2.16 would get wrong."""

import asyncio
import logging
from pathlib import Path

import nats.errors
import pytest

from core.bus import Bus, BusSettings, subscriptions
from core.bus.connection import Connection
from core.config import decode_settings
from core.errors import BusUnavailable, ConfigInvalid
from core.events import TypingReported
from core.testing.nats import NatsServer
from tests.core.bus.certificates import Authority, authority, tls_server
from tests.core.bus.samples import INSTANCE, message

__all__ = ["authority", "tls_server"]

# settings


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"url": "http://a"}, "url"),
        ({"url": []}, "url"),
        ({"url": ["nats://a", "b:4222"]}, "url"),
        ({"tls_cert": "a.pem"}, "tls_key"),
        ({"seed": "SU" + "A" * 56, "credentials": "a.creds"}, "credentials"),
        ({"seed": "UABC"}, "seed"),
        ({"inbox_prefix": "_INBOX.>"}, "inbox_prefix"),
        ({"connect_timeout_s": 0}, "connect_timeout_s"),
        ({"user": "a"}, "user"),
    ],
)
def test_wrong_settings_name_the_field(raw: dict, fault: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        decode_settings(BusSettings, raw)
    assert list(caught.value.faults) == [fault]


def test_one_address_or_several() -> None:
    assert decode_settings(BusSettings, {"url": "nats://a:1"}).urls == ("nats://a:1",)
    assert decode_settings(BusSettings, {"url": ["tls://a:1", "tls://b:2"]}).urls == ("tls://a:1", "tls://b:2")


async def test_a_password_in_an_address_is_not_told() -> None:
    settings = BusSettings(url="nats://user:hunter2@127.0.0.1:1", connect_timeout_s=0.1)
    with pytest.raises(BusUnavailable) as caught:
        await Bus.connect(settings, source="x")
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1:1" in str(caught.value)


# TLS


async def test_both_sides_show_certificates_and_it_lasts_over_a_restart(
    tls_server: NatsServer, authority: Authority
) -> None:
    certificate, key = authority.issue("client")
    url = tls_server.url.replace("nats://", "tls://")
    settings = BusSettings(url=url, tls_ca=authority.path, tls_cert=certificate, tls_key=key, connect_timeout_s=5)
    async with await Bus.connect(settings, source="x") as bus:
        back = asyncio.Event()
        bus.on_reconnect(back.set)
        await tls_server.restart()
        async with asyncio.timeout(30):
            await back.wait()
        assert bus.is_connected


async def test_a_server_of_an_unknown_authority_is_refused(tls_server: NatsServer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    settings = BusSettings(url=tls_server.url, tls_ca=other.path, connect_timeout_s=0.5)
    with pytest.raises(BusUnavailable, match="certificate verify failed"):
        await Bus.connect(settings, source="x")


async def test_who_wants_tls_never_talks_in_clear(nats_server: NatsServer, authority: Authority) -> None:
    settings = BusSettings(url=nats_server.url, tls_ca=authority.path, connect_timeout_s=0.5)
    with pytest.raises(BusUnavailable, match="secure connection not available"):
        await Bus.connect(settings, source="x")


@pytest.mark.parametrize("field", ["tls_ca", "tls_cert"])
@pytest.mark.parametrize("content", [None, "not a certificate"])
async def test_unusable_certificates_name_the_setting(tmp_path: Path, field: str, content: str | None) -> None:
    path = tmp_path / "a.pem"
    if content is not None:
        path.write_text(content)
    files = {"tls_ca": str(path)} if field == "tls_ca" else {"tls_cert": str(path), "tls_key": str(path)}
    with pytest.raises(ConfigInvalid) as caught:
        await Bus.connect(BusSettings(url="tls://127.0.0.1:1", **files), source="x")
    assert list(caught.value.faults) == [field]


# what nats-py leaves to its users


async def test_who_listens_is_heard_from_the_moment_the_call_returns(nats_server: NatsServer) -> None:
    settings = BusSettings(url=nats_server.url)

    async def echo(instance: str, question: bytes) -> bytes:
        return question

    async with await Bus.connect(settings, source="a") as one, await Bus.connect(settings, source="b") as other:
        for n in range(300):
            await one.respond(f"hub.channel.x{n}.ask.echo", echo, request=bytes)
            subject = f"hub.channel.x{n}.ask.echo"
            answer = await other._connection.ask(subject, b"", headers=None, timeout_s=1)  # never NoRespondersError
            assert answer.data == b""


async def test_cancelling_whatever_is_awaited_leaves_the_connection_whole(bus: Bus) -> None:
    for n in range(200):
        task = asyncio.create_task(bus.publish(message("a"), INSTANCE, msg_id="a"))
        waiting = asyncio.create_task(bus._connection.barrier())
        for _ in range(n % 7):
            await asyncio.sleep(0)
        task.cancel()
        waiting.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
    await bus.publish(message("b"), INSTANCE, msg_id="b")
    assert bus._connection._waiting == {}
    assert bus._connection.nats.stats["reconnects"] == 0


async def test_what_a_user_may_not_do_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    user = '{ user: a, password: b, permissions: { publish: { deny: "hub.channel.email.>" } } }'
    server = NatsServer(tmp_path, config=f"authorization {{ users: [ {user} ] }}\n")
    server.start()
    url = server.url.replace("//", "//a:b@")
    try:
        async with await Bus.connect(BusSettings(url=url), source="x") as bus:
            with caplog.at_level(logging.WARNING):
                for _ in range(5):
                    await bus.signal(TypingReported(sender="a", is_typing=True), "email")
                await bus._connection.barrier()
        faults = [record for record in caplog.records if "permissions violation" in record.message]
        assert len(faults) == 1
        assert faults[0].exc_info is None
    finally:
        server.kill()


async def test_a_listener_that_is_too_slow_loses_messages_and_that_is_said_once(
    bus: Bus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subscriptions, "MAX_WAITING", 2)
    release = asyncio.Event()
    heard = 0

    async def handle(envelope, event, instance) -> None:
        nonlocal heard
        await release.wait()
        heard += 1

    subscription = await bus.subscribe("hub.channel.{id}.typing.reported", handle, concurrency=1)
    for _ in range(20):
        await bus.signal(TypingReported(sender="a", is_typing=True), INSTANCE)
    await bus._connection.barrier()
    release.set()
    await subscription.close()
    assert heard < 20
    assert [record.message for record in caplog.records if "too slow" in record.message] == [
        "bus: a handler of hub.channel.web-main.typing.reported is too slow, messages are dropped"
    ]


async def test_an_answer_without_anybody_waiting_is_dropped(bus: Bus) -> None:
    connection: Connection = bus._connection
    await connection.nats.publish(connection._inbox + "999", b"late")
    await connection.barrier()
    with pytest.raises(nats.errors.NoRespondersError):
        await connection.ask("nobody.there", b"", headers=None, timeout_s=1)
