"""What a plugin may do on the bus, and everything else refused: a stolen SMS plugin cannot read the email."""

import asyncio
import contextlib
import json

import nats.errors
import pytest
from nats.aio.client import Client

from core.bus import Bus, BusSettings, Delivery
from core.errors import BusUnavailable, RequestFailed
from core.events import (
    Attachment,
    ChannelState,
    ContactArrived,
    DeadLetter,
    History,
    HistoryRequest,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    ModelsChanged,
    SendMessage,
    SpeechAnswer,
    SpeechRequest,
    TranscriptionAnswer,
    TranscriptionEnded,
    TranscriptionJob,
    TranscriptionPlan,
    TranscriptionProgress,
    TypingReported,
    TypingShown,
    UtterancesRecognized,
    VoicesChanged,
)
from core.ids import new_id
from core.streams import BUCKETS, SENT, STREAMS, orders_consumer
from core.subjects import ASK_HISTORY, ASK_MEDIA_GET, ASK_MEDIA_PUT, ASK_SYNTHESIZE, ASK_TRANSCRIBE, PATTERNS, fill
from core.testing.nats import NatsServer
from hub.nats_server import Keys, reload

SMS = "hub.channel.sms"
MARK = f"{SMS}.message.read"
MESSAGE = MessageReceived(external_id="1", sender="tel:+4930123456", text="hello")
ORDER = SendMessage(message_id="m1", recipient="tel:+4930123456", text="secret")


def client(bus: Bus) -> Client:
    """Return the connection below ``bus``, as someone who took over the process would use it."""
    return bus._connection.nats


async def stored(hub: Bus, stream: str = "IN") -> int:
    """Return how many messages ``stream`` holds, without the marks of ``settled``."""
    info = await client(hub).jetstream().stream_info(stream, subjects_filter=">")
    return sum(count for subject, count in (info.state.subjects or {}).items() if subject != MARK)


class Ear:
    """Everything a connection hears on some subjects."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    async def listen(self, bus: Bus, *subjects: str) -> "Ear":
        async def hear(message) -> None:
            if message.subject != MARK:
                self.heard.append((message.subject, message.data))

        for subject in subjects:
            await client(bus).subscribe(subject, cb=hear)
        await bus._connection.barrier()
        return self


async def settled(sms: Bus, *others: Bus) -> None:
    """Return when all that was sent before has had its effect, if any.

    The same ways once more: into the stream and back, to the consumer and back, and to every ear.
    """
    await sms.publish(MessagesRead(sender="a", up_to_seq=0), "sms", msg_id=new_id())
    with contextlib.suppress(nats.errors.TimeoutError):
        await client(sms).request("$JS.API.CONSUMER.MSG.NEXT.ORDERS.sms", b'{"batch": 1, "no_wait": true}', timeout=1)
    await passed(sms, *others)


async def passed(*buses: Bus) -> None:
    """Return when each has got what was on its way to it."""
    for bus in buses:
        await bus._connection.barrier()


# what is allowed


async def test_a_plugin_reports_everything_about_itself(hub: Bus, sms: Bus) -> None:
    await sms.publish(MESSAGE, "sms", msg_id="m1")
    await sms.publish(MESSAGE, "sms", msg_id="m1")
    await sms.publish(MessageStatus(message_id="m", status="sent"), "sms", msg_id="m2")
    await sms.publish(MessagesRead(sender="a", up_to_seq=1), "sms", msg_id="m3")
    await sms.publish(ContactArrived(sender="a", arrival_id="1"), "sms", msg_id="m4")
    assert await stored(hub) == 3  # and the mark's own kind
    await sms.publish(ChannelState(state="ready"), "sms", msg_id="s1")
    assert await stored(hub, "STATE") == 1
    ear = await Ear().listen(hub, f"{SMS}.typing.reported")
    await sms.signal(TypingReported(sender="a", is_typing=True), "sms")
    await settled(sms, hub)
    assert len(ear.heard) == 1


async def test_a_plugin_gets_its_orders_and_acknowledges_them(hub: Bus, sms: Bus) -> None:
    got: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()

    async def handle(deliveries: list[Delivery]) -> None:
        got.set_result(deliveries[0])

    sms.consume("ORDERS", "sms", handle)
    await hub.publish(ORDER, "sms", msg_id="m1")
    async with asyncio.timeout(30):
        assert (await got).event == ORDER
        while await stored(hub, "ORDERS"):
            await asyncio.sleep(0.01)


async def test_a_plugin_parks_an_order_it_cannot_read(hub: Bus, sms: Bus) -> None:
    await hub.publish_raw(f"{SMS}.cmd.send", b"{}", msg_id="m1")

    async def handle(deliveries: list[Delivery]) -> None:
        raise AssertionError

    sms.consume("ORDERS", "sms", handle)
    async with asyncio.timeout(30):
        while not (letters := await hub.dead_letters()):
            await asyncio.sleep(0.01)
    assert isinstance(letters[0].letter, DeadLetter)
    assert letters[0].letter.consumer == "sms"
    assert await stored(hub, "ORDERS") == 0


async def test_a_plugin_asks_and_is_shown_typing(hub: Bus, sms: Bus) -> None:
    async def history(instance: str, question: HistoryRequest) -> History:
        return History(has_more=instance == "sms")

    async def media(instance: str, question: bytes) -> bytes:
        return question

    shown: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def show(envelope, event, instance) -> None:
        shown.set_result(instance)

    await hub.respond(ASK_HISTORY, history, request=HistoryRequest)
    for pattern in (ASK_MEDIA_PUT, ASK_MEDIA_GET):
        await hub.respond(pattern, media, request=bytes)
        assert await sms.request(fill(pattern, "sms"), b"\xff" * 1_000_000, reply=bytes) == b"\xff" * 1_000_000
    assert (await sms.request(fill(ASK_HISTORY, "sms"), HistoryRequest(address="a"), reply=History)).has_more
    await sms.subscribe(fill(PATTERNS[TypingShown], "sms"), show)
    await hub.signal(TypingShown(recipient="a", is_typing=True), "sms")
    async with asyncio.timeout(30):
        assert await shown == "sms"


async def test_a_plugin_keeps_what_it_sent(hub: Bus, sms: Bus) -> None:
    sent = sms.bucket(SENT)
    assert await sent.create("sms.m1", b"?")
    assert not await sent.create("sms.m1", b"?")
    await sent.put("sms.m1", b"external")
    assert await sent.get("sms.m1") == b"external"
    await sent.delete("sms.m1")
    assert await sent.get("sms.m1") is None


async def test_a_plugin_keeps_together_only_what_is_its_own(hub: Bus, sms: Bus) -> None:
    sent = sms.bucket(SENT)
    assert await sent.store_together([(f"sms.m{number}", b"?", True) for number in range(20)])
    assert await sent.get("sms.m19") == b"?"
    assert not await sent.store_together([("sms.m1", b"=x", False), ("email.m1", b"=x", False)])
    assert (await sent.get("sms.m1"), await hub.bucket(SENT).get("email.m1")) == (b"?", None)


async def test_the_supervisor_shares_the_hub_s_account(connect, hub: Bus) -> None:
    supervisor = await connect("supervisor")

    async def plugins(name: str, question: bytes) -> bytes:
        return b"web_chat"

    await supervisor.respond("hub.supervisor.{id}.ask.plugins", plugins, request=bytes)
    assert await hub.request("hub.supervisor.main.ask.plugins", b"", reply=bytes) == b"web_chat"


# the eight kinds of violation; in its own account a plugin may say anything, and nobody hears it


@pytest.mark.parametrize(
    "subject",
    [
        "hub.channel.email.message.received",
        "hub.channel.sms.cmd.send",
        "hub.conversation.c1.state.changed",
        "hub.plugin.sms.status.changed",
        "hub.dead.email.message.parked",
        "$KV.SENT.email.m1",
        "$KV.DESIRED.sms",
    ],
)
async def test_1_a_plugin_cannot_publish_as_another(hub: Bus, sms: Bus, subject: str) -> None:
    ear = await Ear().listen(hub, "hub.>", "$KV.>")
    with pytest.raises(BusUnavailable):
        await sms.publish_raw(subject, b"{}", msg_id="x", timeout_s=0.3)
    await settled(sms, hub)
    assert ear.heard == []


async def test_2_and_3_a_plugin_hears_nothing_of_others_whatever_it_subscribes_to(
    hub: Bus, sms: Bus, email: Bus
) -> None:
    ear = await Ear().listen(sms, "hub.channel.email.>", "hub.>", ">", "$KV.>", "$JS.>", "hub.channel.sms.cmd.send")
    await email.publish(MESSAGE, "email", msg_id="m1")
    await hub.publish(ORDER, "email", msg_id="m2")
    await hub.publish(ORDER, "sms", msg_id="m3")
    await hub.bucket(SENT).put("email.m1", b"external")
    await hub.signal(TypingShown(recipient="a", is_typing=True), "email")
    await passed(email, hub, sms)
    foreign = [subject for subject, _ in ear.heard if not subject.startswith(("_INBOX", "$SYS"))]
    assert foreign == []


async def test_4_a_plugin_cannot_hear_the_answers_of_others(hub: Bus, sms: Bus, email: Bus) -> None:
    ear = await Ear().listen(sms, "_INBOX.>", "_R_.>")

    async def history(instance: str, question: HistoryRequest) -> History:
        return History(has_more=True)

    await hub.respond(ASK_HISTORY, history, request=HistoryRequest)
    await email.request(fill(ASK_HISTORY, "email"), HistoryRequest(address="a"), reply=History)
    await passed(email, hub, sms)
    assert [data for _, data in ear.heard if data] == []


@pytest.mark.parametrize(
    ("subject", "payload"),
    [
        pytest.param("$JS.API.CONSUMER.CREATE.IN.spy", {"stream_name": "IN", "config": {"name": "spy"}}, id="5 create"),
        pytest.param("$JS.API.STREAM.DELETE.IN", {}, id="6 delete"),
        pytest.param("$JS.API.STREAM.PURGE.IN", {}, id="6 purge"),
        pytest.param("$JS.API.STREAM.INFO.IN", {}, id="7 info"),
        pytest.param("$JS.API.STREAM.NAMES", {}, id="7 names"),
        pytest.param("$JS.API.STREAM.MSG.GET.IN", {"seq": 1}, id="7 read"),
        pytest.param("$JS.API.DIRECT.GET.IN", {"seq": 1}, id="7 read directly"),
        pytest.param("$JS.API.DIRECT.GET.KV_DESIRED.$KV.DESIRED.email", {}, id="7 settings"),
        pytest.param("$JS.API.DIRECT.GET.KV_SENT.$KV.SENT.email.m1", {}, id="7 another's values"),
        pytest.param("$JS.API.DIRECT.GET.KV_SENT", {"last_by_subj": "$KV.SENT.email.m1"}, id="7 by the request"),
        pytest.param("$JS.API.CONSUMER.MSG.NEXT.ORDERS.email", {"batch": 1}, id="8 another's orders"),
        pytest.param("$JS.API.CONSUMER.MSG.NEXT.IN.hub", {"batch": 1}, id="8 the hub's"),
        pytest.param("$JS.API.CONSUMER.RESET.ORDERS.email", {}, id="8 rewind another's"),
    ],
)
async def test_5_to_8_a_plugin_can_neither_manage_jetstream_nor_read_what_is_another_s(
    hub: Bus, sms: Bus, email: Bus, subject: str, payload: dict
) -> None:
    await email.publish(MESSAGE, "email", msg_id="m1")
    await hub.publish(ORDER, "email", msg_id="m2")
    await hub.bucket(SENT).put("email.m1", b"secret")
    with contextlib.suppress(nats.errors.NoRespondersError, nats.errors.TimeoutError):
        answer = await client(sms).request(subject, json.dumps(payload).encode(), timeout=0.3)
        assert json.loads(answer.data)["error"]["description"] == "JetStream not enabled for account"
    assert (await stored(hub), await stored(hub, "ORDERS")) == (1, 1)
    assert sms.is_connected


async def test_a_request_body_cannot_reach_past_the_subject_of_a_direct_get(hub: Bus, sms: Bus) -> None:
    await hub.bucket(SENT).put("email.m1", b"secret")
    await hub.bucket(SENT).put("sms.m1", b"own")
    for body in ({"last_by_subj": "$KV.SENT.email.m1"}, {"seq": 1}, {"multi_last": ["$KV.SENT.>"], "batch": 9}):
        subject = "$JS.API.DIRECT.GET.KV_SENT.$KV.SENT.sms.m1"
        with contextlib.suppress(nats.errors.TimeoutError):
            answer = await client(sms).request(subject, json.dumps(body).encode(), timeout=0.3)
            assert b"secret" not in answer.data
    with contextlib.suppress(nats.errors.TimeoutError):
        answer = await client(sms).request("$JS.API.DIRECT.GET.KV_SENT.$KV.SENT.sms.>", b"", timeout=0.3)
        assert b"secret" not in answer.data


async def test_a_rewind_cannot_reach_orders_that_are_another_s(hub: Bus, sms: Bus) -> None:
    await hub.publish(ORDER, "email", msg_id="m1")
    await hub.publish(ORDER, "sms", msg_id="m2")
    subjects: list[str] = []
    both = asyncio.Event()

    async def handle(deliveries: list[Delivery]) -> None:
        subjects.extend(delivery.subject for delivery in deliveries)
        both.set()
        await asyncio.Event().wait()

    await client(sms).request("$JS.API.CONSUMER.RESET.ORDERS.sms", b'{"seq": 1}', timeout=1)
    sms.consume("ORDERS", "sms", handle)
    async with asyncio.timeout(30):
        await both.wait()
    assert subjects == ["hub.channel.sms.cmd.send"]


# the confused deputy: a reply subject that makes the server write where the plugin may not


async def test_an_acknowledgement_cannot_be_sent_elsewhere_as_an_order(hub: Bus, sms: Bus, email: Bus) -> None:
    ear = await Ear().listen(hub, "hub.>")
    email_ear = await Ear().listen(email, "hub.>")
    for target in ("hub.channel.email.cmd.send", "hub.channel.email.cmd.show_typing", "hub.channel.email.ask.history"):
        await client(sms).publish(f"{SMS}.message.received", b"{}", reply=target)
    await settled(sms, hub, email)
    assert {subject for subject, _ in ear.heard} == {f"{SMS}.message.received"}
    assert email_ear.heard == []
    assert await stored(hub, "ORDERS") == 0


async def test_an_order_cannot_be_pulled_into_the_stream_of_what_was_received(hub: Bus, sms: Bus, email: Bus) -> None:
    await hub.publish(ORDER, "sms", msg_id="m1")
    ear = await Ear().listen(hub, "hub.channel.email.>")
    for target in ("hub.channel.email.message.received", "hub.channel.email.cmd.send", "$KV.SENT.email.m1"):
        request = b'{"batch": 1, "no_wait": true}'
        await client(sms).publish("$JS.API.CONSUMER.MSG.NEXT.ORDERS.sms", request, reply=target)
    await settled(sms, hub, email)
    assert ear.heard == []
    assert (await stored(hub), await stored(hub, "KV_SENT")) == (0, 0)


async def test_an_ack_cannot_carry_a_request_for_the_next_message_to_somewhere_else(hub: Bus, sms: Bus) -> None:
    await hub.publish(ORDER, "sms", msg_id="m1")
    ear = await Ear().listen(hub, "hub.channel.email.>")
    for subject in ("$JS.ACK.ORDERS.sms.1.1.1.0.0", "$JS.ACK.ORDERS.sms.1.1.1.1795360284286289734.0"):
        await client(sms).publish(subject, b'+NXT {"batch": 1}', reply="hub.channel.email.message.received")
    await settled(sms, hub)
    assert ear.heard == []
    assert await stored(hub) == 0


async def test_in_one_shared_account_the_same_tricks_would_succeed(nats_server: NatsServer) -> None:
    async with await Bus.connect(BusSettings(url=nats_server.url), source="hub") as shared:
        await shared.ensure(STREAMS, BUCKETS, [orders_consumer("sms")])
        ear = await Ear().listen(shared, "hub.channel.email.>")
        await client(shared).publish(f"{SMS}.message.received", b"{}", reply="hub.channel.email.cmd.send")
        await shared.publish(ORDER, "sms", msg_id="m1")
        request = b'{"batch": 1, "no_wait": true}'
        target = "hub.channel.email.message.received"
        await client(shared).publish("$JS.API.CONSUMER.MSG.NEXT.ORDERS.sms", request, reply=target)
        async with asyncio.timeout(30):
            while await stored(shared) < 2:
                await asyncio.sleep(0.01)
        assert [subject for subject, _ in ear.heard][:1] == ["hub.channel.email.cmd.send"]


# who is nobody


async def test_nobody_connects_without_a_key_or_with_a_wrong_one(embedded, hub: Bus, tmp_path) -> None:
    strange = Keys(tmp_path / "other").seed("hub")
    for seed in ({}, {"seed": strange}):
        settings = BusSettings(url=embedded.config.url, connect_timeout_s=1, **seed)
        with pytest.raises(BusUnavailable, match=r"(?i)authorization violation"):
            await Bus.connect(settings, source="nobody")


async def test_a_violation_leaves_the_connection_up(hub: Bus, sms: Bus) -> None:
    with pytest.raises(BusUnavailable):
        await sms.publish_raw("hub.channel.email.message.received", b"{}", msg_id="x", timeout_s=0.2)
    await sms.publish(MESSAGE, "sms", msg_id="m1")
    assert await stored(hub) == 1


# instances come and go while the others work


async def test_a_new_instance_gets_in_and_the_others_notice_nothing(embedded, connect, hub: Bus, sms: Bus) -> None:
    got: list[str] = []
    changed = asyncio.Event()
    broken = []
    sms.on_reconnect(lambda: broken.append("sms"))
    hub.on_reconnect(lambda: broken.append("hub"))

    async def handle(deliveries: list[Delivery]) -> None:
        got.extend(delivery.envelope.id for delivery in deliveries)
        changed.set()

    sms.consume("ORDERS", "sms", handle)
    await hub.publish(ORDER, "sms", msg_id="before")
    async with asyncio.timeout(30):
        await changed.wait()
    assert await embedded.admit("sms", "email", "web-main")
    web = await connect("plugin-web-main")
    await web.publish(MESSAGE, "web-main", msg_id="m1")
    changed.clear()
    await hub.publish(ORDER, "sms", msg_id="after")
    await sms.publish(MESSAGE, "sms", msg_id="m2")
    async with asyncio.timeout(30):
        await changed.wait()
    assert got == ["before", "after"]
    assert broken == []
    assert await stored(hub) == 2


async def test_a_removed_instance_is_cut_and_does_not_come_back(embedded, hub: Bus, sms: Bus, email: Bus) -> None:
    broken = []
    hub.on_reconnect(lambda: broken.append("hub"))
    email.on_reconnect(lambda: broken.append("email"))
    assert await embedded.admit("email")
    async with asyncio.timeout(30):
        await sms.wait_closed()
    assert not sms.is_connected
    with pytest.raises(BusUnavailable):
        await sms.publish(MESSAGE, "sms", msg_id="m1")
    await email.publish(MESSAGE, "email", msg_id="m2")
    assert broken == []
    settings = BusSettings(url=embedded.config.url, seed=embedded.config.keys.seed("plugin-sms"), connect_timeout_s=0.3)
    with pytest.raises(BusUnavailable):
        await Bus.connect(settings, source="sms")


async def test_a_broken_configuration_changes_nothing(embedded, hub: Bus, sms: Bus) -> None:
    embedded.config.path.write_text("accounts { broken")
    await reload(embedded.process.send_signal)
    async with asyncio.timeout(30):
        while b"reload" not in embedded.log.read_bytes().lower():
            await asyncio.sleep(0.02)
    await sms.publish(MESSAGE, "sms", msg_id="m1")
    assert await stored(hub) == 1


async def test_a_plugin_is_told_in_words_what_jetstream_refuses(hub: Bus, sms: Bus) -> None:
    sent = sms.bucket(SENT)
    await sent.put("sms.m1", b"x")
    with pytest.raises(RequestFailed) as caught:
        await sent._write("sms.m1", b"y", {"Nats-Expected-Last-Subject-Sequence": "99"}, 5.0)
    assert caught.value.code == "jetstream_10071"


# speech


async def test_the_hub_asks_a_synthesizer_and_nobody_else_can(embedded, connect, hub: Bus, sms: Bus) -> None:
    broken = []
    hub.on_reconnect(lambda: broken.append("hub"))
    assert await embedded.admit("sms", "email", tts="synthesizer")
    tts = await connect("plugin-tts")

    async def speak(instance: str, question: SpeechRequest) -> SpeechAnswer:
        return SpeechAnswer(sound=Attachment(media_id=instance, mime="audio/wav"), length_s=1.0)

    await tts.respond(fill(ASK_SYNTHESIZE, "tts"), speak, request=SpeechRequest)
    question = SpeechRequest(text="您好", language="zh", voice="v")
    answer = await hub.request(fill(ASK_SYNTHESIZE, "tts"), question, reply=SpeechAnswer)
    assert answer.sound.media_id == "tts"
    with pytest.raises(BusUnavailable):
        await sms.request(fill(ASK_SYNTHESIZE, "tts"), question, reply=SpeechAnswer, timeout_s=0.3)
    assert broken == []


async def test_only_a_synthesizer_announces_voices_and_it_reports_no_messages(
    embedded, connect, hub: Bus, sms: Bus
) -> None:
    await embedded.admit("sms", "email", tts="synthesizer")
    tts = await connect("plugin-tts")
    voices = VoicesChanged(voices=(), version="1")
    await tts.publish(voices, "tts", msg_id="v1")
    await tts.publish(ChannelState(state="ready"), "tts", msg_id="s1")
    assert await stored(hub, "STATE") == 2
    with pytest.raises(BusUnavailable):
        await sms.publish(voices, "sms", msg_id="v2", timeout_s=0.3)
    with pytest.raises(BusUnavailable):
        await tts.publish(MESSAGE, "tts", msg_id="m1", timeout_s=0.3)


async def test_a_transcriber_is_asked_by_the_hub_alone_and_reports_what_was_said_and_no_messages(
    embedded, connect, hub: Bus, sms: Bus
) -> None:
    await embedded.admit("sms", "email", asr="transcriber")
    asr = await connect("plugin-asr")

    async def arrange(_: str, plan: TranscriptionPlan) -> TranscriptionAnswer:
        return TranscriptionAnswer(progress=(TranscriptionProgress(transcript_id=plan.jobs[0].transcript_id),))

    await asr.respond(fill(ASK_TRANSCRIBE, "asr"), arrange, request=TranscriptionPlan)
    plan = TranscriptionPlan(jobs=(TranscriptionJob(transcript_id="t", attempt=0, media_id="m"),))
    answer = await hub.request(fill(ASK_TRANSCRIBE, "asr"), plan, reply=TranscriptionAnswer)
    assert answer.progress[0].transcript_id == "t"
    with pytest.raises(BusUnavailable):
        await sms.request(fill(ASK_TRANSCRIBE, "asr"), plan, reply=TranscriptionAnswer, timeout_s=0.3)
    heard = UtterancesRecognized(transcript_id="t", attempt=0, channel=0, begin=0, end=8000)
    await asr.publish(ModelsChanged(models=(), slots=1), "asr", msg_id="v1")
    before = await stored(hub)
    await asr.publish(heard, "asr", msg_id="h1")
    await asr.publish(TranscriptionEnded(transcript_id="t", attempt=0), "asr", msg_id="h2")
    assert await stored(hub) == before + 2
    with pytest.raises(BusUnavailable):
        await sms.publish(heard, "sms", msg_id="h3", timeout_s=0.3)
    with pytest.raises(BusUnavailable):
        await asr.publish(MESSAGE, "asr", msg_id="m1", timeout_s=0.3)
