"""A mail from a citizen to an agent's desk and back, through the real channel."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.events import Attachment
from core.host.host import Host
from core.host.job import HostJob
from core.host.load import load_channel
from hub.accounts.identity import Identity
from hub.conversing.mails import reference
from hub.demo import PASSWORD
from hub.dispatch.queues import QueueSettings
from hub.store.models import Entry
from tests.hub.support.house import INSTANCE, House
from tests.journeys.support.clients import Agent
from tests.plugins.email.corpus import ZH, mail
from tests.plugins.email.far_end import Relay


@pytest.fixture
async def relay(house: House, tmp_path: Path) -> AsyncIterator[Relay]:
    """Run the e-mail channel between the hub and an organisation's mail server."""
    relay = Relay()
    job = HostJob(
        instance=INSTANCE,
        plugin="plugins.email",
        settings=await relay.start(),
        nats={"url": house.nats.url},
        data_dir=str(tmp_path / "email"),
    )
    reports: asyncio.Queue[str] = asyncio.Queue()
    host = Host(job, load_channel(job.plugin)[0], lambda event, **_: reports.put_nowait(event))
    running = asyncio.create_task(host.run())
    while await reports.get() != "ready":
        pass
    for _ in range(500):
        if await _is_open(relay.listener):
            break
        await asyncio.sleep(0.01)
    yield relay
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await relay.stop()


async def _is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_mail_reaches_an_agent_and_the_answer_its_sender(house: House, relay: Relay) -> None:
    async with Agent(house.url, "chen", PASSWORD) as chen:
        await chen.sit_down()
        picture = b"\x89PNG\r\n\x1a\n"
        part = b"--a\r\nContent-Type: image/png; name=lamp.png\r\n\r\n" + picture + b"\r\n--a--"
        text = b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + ZH.encode() + b"\r\n"
        await relay.deliver(mail("Content-Type: multipart/mixed; boundary=a", body=text + part))
        conversation_id = await chen.take_offer()
        (entry,) = await Entry.filter(conversation_id=conversation_id, direction="in")
        assert (entry.text, entry.mail["subject"]) == (ZH, "路灯")
        assert [(Attachment(**one).name, Attachment(**one).mime) for one in entry.attachments] == [
            ("lamp.png", "image/png")
        ]
        async with chen.http.get(f"{house.url}/media/{entry.mail['original_media_id']}/mail.eml") as answer:
            assert b"Message-ID: <0123456789abcdef@example.cn>" in await answer.read()
        await chen.say(conversation_id, "已派修", mail={"quotes": entry.entry_id})
        while not relay.received:
            await asyncio.sleep(0.01)
        (to, subject, body) = relay.received[0]
        assert (to, subject) == ("lin@example.cn", f"Re: 路灯 [LX-{reference(conversation_id)}]")
        assert body.startswith("已派修")
        assert f"> {ZH}" in body
        sent = relay.sent[0]
        assert b"In-Reply-To: <0123456789abcdef@example.cn>" in sent
        ours = sent.split(b"Message-ID: ")[1].split(b"\r\n")[0].strip()
        await relay.deliver(
            mail(b"In-Reply-To: " + ours, body="谢谢").replace(b"0123456789abcdef", b"a-second-mail-id")
        )
        while not await Entry.filter(conversation_id=conversation_id, text="谢谢").exists():
            await asyncio.sleep(0.01)


async def test_below_an_answer_stands_the_signature_of_the_queue_that_serves(house: House, relay: Relay) -> None:
    editor = Identity(username="operator", permissions=frozenset())
    for queue_id, name in (("general", "综合"), ("housing", "住房")):
        rules = QueueSettings(signature=f"某市便民热线 · {name}\n{{name}}（{{work_number}}）")
        await house.services.queue_editor.save(editor, queue_id, {"zh": name}, rules, remote="")
    async with Agent(house.url, "chen", PASSWORD) as chen:
        await chen.sit_down()
        await relay.deliver(mail())
        conversation_id = await chen.take_offer()
        me = chen.me
        for answers, name in enumerate(("综合", "住房"), 1):
            html = "<b>已派修</b>" if name == "住房" else ""
            await chen.say(conversation_id, "已派修", mail={"html": html})
            async with asyncio.timeout(20):
                while len(relay.received) < answers:
                    await asyncio.sleep(0.01)
            signed = f"某市便民热线 · {name}\n{me['display_name']}（{me['work_number']}）"
            body = relay.received[-1][2].replace("\r\n", "\n")
            assert body.startswith(f"已派修\n\n-- \n{signed}")
            if name == "综合":
                await chen.call("POST", f"/conversations/{conversation_id}/transfer", queue_id="housing", note="")
                assert await chen.take_offer() == conversation_id
