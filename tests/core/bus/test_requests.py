"""Questions and answers between processes."""

import asyncio
import logging

import msgspec
import pytest

from core.bus import MAX_PAYLOAD_BYTES, Bus, BusSettings, Raw
from core.errors import BusUnavailable, LianxinError, PayloadTooLarge, RequestFailed, SendRejected
from core.events import History, HistoryRequest
from core.subjects import ASK_HISTORY, ASK_MEDIA_GET, fill
from core.testing.nats import NatsServer
from tests.core.bus.samples import INSTANCE

SUBJECT = fill(ASK_HISTORY, INSTANCE)
QUESTION = HistoryRequest(address="tel:+4930123456", limit=3)


async def test_a_question_is_answered_with_the_id_it_was_asked_about(bus: Bus) -> None:
    async def history(instance: str, question: HistoryRequest) -> History:
        return History(has_more=(instance, question) == (INSTANCE, QUESTION))

    await bus.respond(ASK_HISTORY, history, request=HistoryRequest)
    assert await bus.request(SUBJECT, QUESTION, reply=History) == History(has_more=True)


async def test_bytes_and_headers_go_both_ways(bus: Bus) -> None:
    async def media(instance: str, question: Raw) -> Raw:
        return Raw(question.payload[::-1], {"Mime": question.headers["Media-Id"]})

    await bus.respond(ASK_MEDIA_GET, media, request=Raw)
    answer = await bus.request(fill(ASK_MEDIA_GET, INSTANCE), Raw(b"\x00\xff", {"Media-Id": "连"}), reply=Raw)
    assert (answer.payload, answer.headers["Mime"]) == (b"\xff\x00", "连")

    async def echo(instance: str, question: bytes) -> bytes:
        return question

    await bus.respond("hub.channel.{id}.ask.echo", echo, request=bytes)
    assert await bus.request("hub.channel.x.ask.echo", b"\x00", reply=bytes) == b"\x00"


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (SendRejected("too_long", "at most 70 characters"), "too_long", "at most 70 characters"),
        (RequestFailed("not_found", "没有这个文件\n第二行"), "not_found", "没有这个文件\n第二行"),
        (LianxinError("something"), "error", "something"),
    ],
)
async def test_an_error_of_the_far_side_arrives_with_its_code_and_text(
    bus: Bus, error: LianxinError, code: str, text: str
) -> None:
    async def fail(instance: str, question: HistoryRequest) -> History:
        raise error

    await bus.respond(ASK_HISTORY, fail, request=HistoryRequest)
    with pytest.raises(RequestFailed) as caught:
        await bus.request(SUBJECT, QUESTION, reply=History)
    assert (caught.value.code, str(caught.value)) == (code, text)


async def test_a_bug_of_the_far_side_is_logged_there_and_not_told(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(instance: str, question: HistoryRequest) -> History:
        raise KeyError("a secret")

    await bus.respond(ASK_HISTORY, fail, request=HistoryRequest)
    with pytest.raises(RequestFailed, match=r"^internal error$") as caught:
        await bus.request(SUBJECT, QUESTION, reply=History)
    assert caught.value.code == "internal"
    assert "answering hub.channel.web-main.ask.history failed" in caplog.text


async def test_a_handler_that_cannot_read_something_of_its_own_is_no_bad_request(bus: Bus) -> None:
    async def fail(instance: str, question: HistoryRequest) -> History:
        return msgspec.json.decode(b"{", type=History)

    await bus.respond(ASK_HISTORY, fail, request=HistoryRequest)
    with pytest.raises(RequestFailed) as caught:
        await bus.request(SUBJECT, QUESTION, reply=History)
    assert caught.value.code == "internal"


async def test_a_question_that_is_none_is_a_bad_request(bus: Bus) -> None:
    async def history(instance: str, question: HistoryRequest) -> History:
        raise AssertionError

    await bus.respond(ASK_HISTORY, history, request=HistoryRequest)
    for garbage in (b"", b"{", b'{"address": 1}', b"\xff"):
        with pytest.raises(RequestFailed) as caught:
            await bus.request(SUBJECT, garbage, reply=History)
        assert caught.value.code == "bad_request"


async def test_an_answer_that_is_none_is_a_bad_answer(bus: Bus) -> None:
    async def history(instance: str, question: HistoryRequest) -> bytes:
        return b'{"messages": 7}'

    await bus.respond(ASK_HISTORY, history, request=HistoryRequest)
    with pytest.raises(RequestFailed) as caught:
        await bus.request(SUBJECT, QUESTION, reply=History)
    assert caught.value.code == "bad_answer"


async def test_what_is_too_large_is_refused_on_the_side_that_sends_it(bus: Bus) -> None:
    async def media(instance: str, question: bytes) -> bytes:
        return b"x" * (MAX_PAYLOAD_BYTES + len(question))

    await bus.respond(ASK_MEDIA_GET, media, request=bytes)
    with pytest.raises(PayloadTooLarge):
        await bus.request(fill(ASK_MEDIA_GET, INSTANCE), b"x" * (MAX_PAYLOAD_BYTES + 1), reply=bytes)
    with pytest.raises(RequestFailed) as caught:
        await bus.request(fill(ASK_MEDIA_GET, INSTANCE), b"x", reply=bytes)
    assert caught.value.code == "payload_too_large"
    assert len(await bus.request(fill(ASK_MEDIA_GET, INSTANCE), b"", reply=bytes)) == MAX_PAYLOAD_BYTES


async def test_nobody_there_is_unavailable_in_time(bus: Bus) -> None:
    with pytest.raises(BusUnavailable, match=r"not answered within 0\.3 s: nobody listens"):
        await bus.request(SUBJECT, QUESTION, reply=History, timeout_s=0.3)


async def test_somebody_who_comes_a_little_later_is_waited_for(bus: Bus) -> None:
    asking = asyncio.create_task(bus.request(SUBJECT, QUESTION, reply=History))
    await bus._connection.barrier()

    async def history(instance: str, question: HistoryRequest) -> History:
        return History()

    await bus.respond(ASK_HISTORY, history, request=HistoryRequest)
    assert await asking == History()


async def test_a_silent_answerer_is_unavailable_in_time(bus: Bus) -> None:
    forever = asyncio.Event()

    async def hang(instance: str, question: HistoryRequest) -> History:
        await forever.wait()
        return History()

    await bus.respond(ASK_HISTORY, hang, request=HistoryRequest)
    with pytest.raises(BusUnavailable, match=r"within 0\.2 s"):
        await bus.request(SUBJECT, QUESTION, reply=History, timeout_s=0.2)
    forever.set()


async def test_a_question_whose_answer_broke_off_fails_at_once_and_is_not_asked_twice(
    bus: Bus, nats_server: NatsServer
) -> None:
    asked = 0
    arrived = asyncio.Event()
    release = asyncio.Event()

    async def hang(instance: str, question: HistoryRequest) -> History:
        nonlocal asked
        asked += 1
        arrived.set()
        await release.wait()
        return History()

    await bus.respond(ASK_HISTORY, hang, request=HistoryRequest)
    asking = asyncio.create_task(bus.request(SUBJECT, QUESTION, reply=History, timeout_s=60))
    await arrived.wait()
    await nats_server.restart()
    async with asyncio.timeout(30):
        with pytest.raises(BusUnavailable, match="the connection broke"):
            await asking
    release.set()
    assert await bus.request(SUBJECT, QUESTION, reply=History) == History()
    assert asked == 2


async def test_at_most_so_many_questions_are_handled_at_the_same_time(bus: Bus) -> None:
    running = most = 0
    full, release = asyncio.Event(), asyncio.Event()

    async def history(instance: str, question: HistoryRequest) -> History:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 4:
            full.set()
        await release.wait()
        running -= 1
        return History()

    await bus.respond(ASK_HISTORY, history, request=HistoryRequest, concurrency=4)
    asking = [asyncio.create_task(bus.request(SUBJECT, QUESTION, reply=History)) for _ in range(20)]
    await full.wait()
    await bus._connection.barrier()
    release.set()
    assert await asyncio.gather(*asking) == [History()] * 20
    assert most == 4


async def test_of_several_answerers_one_answers(bus: Bus, nats_server: NatsServer) -> None:
    answered: list[str] = []
    async with await Bus.connect(BusSettings(url=nats_server.url), source="hub2") as other:
        for node, name in ((bus, "one"), (other, "two")):

            async def history(instance: str, question: HistoryRequest, name: str = name) -> History:
                answered.append(name)
                return History()

            await node.respond(ASK_HISTORY, history, request=HistoryRequest)
        for _ in range(20):
            await bus.request(SUBJECT, QUESTION, reply=History)
        assert len(answered) == 20


async def test_a_closed_answerer_finishes_what_it_began_and_takes_nothing_new(bus: Bus) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def history(instance: str, question: HistoryRequest) -> History:
        begun.set()
        await release.wait()
        return History(has_more=True)

    subscription = await bus.respond(ASK_HISTORY, history, request=HistoryRequest)
    asking = asyncio.create_task(bus.request(SUBJECT, QUESTION, reply=History))
    await begun.wait()
    closing = asyncio.create_task(subscription.close())
    await bus._connection.barrier()
    release.set()
    await closing
    assert (await asking).has_more
    with pytest.raises(BusUnavailable):
        await bus.request(SUBJECT, QUESTION, reply=History, timeout_s=0.2)


async def test_a_failing_listener_is_logged_and_hears_the_next(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    second = asyncio.Event()

    async def handle(envelope, event, instance) -> None:
        heard.append(event.sender)
        if len(heard) == 2:
            second.set()
        raise RuntimeError("a bug")

    from core.events import TypingReported

    await bus.subscribe("hub.channel.{id}.typing.reported", handle, concurrency=1)
    with caplog.at_level(logging.ERROR):
        for sender in ("a", "b"):
            await bus.signal(TypingReported(sender=sender, is_typing=True), INSTANCE)
        async with asyncio.timeout(30):
            await second.wait()
        await bus._connection.barrier()
    assert heard == ["a", "b"]
    assert "handling hub.channel.web-main.typing.reported failed" in caplog.text


async def test_any_struct_is_a_question(bus: Bus) -> None:
    class Sum(msgspec.Struct):
        numbers: list[int]

    async def add(name: str, question: Sum) -> Sum:
        return Sum([sum(question.numbers)])

    await bus.respond("hub.supervisor.{id}.ask.sum", add, request=Sum)
    assert (await bus.request("hub.supervisor.main.ask.sum", Sum([1, 2]), reply=Sum)).numbers == [3]
