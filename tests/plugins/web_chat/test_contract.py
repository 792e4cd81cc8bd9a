"""The contract of every channel, with a widget as the far end.

A widget comes to the channel and not the other way round, so that one which is away is no failure: what is ordered
meanwhile is in the history. The tests about a lost far end say that instead.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from core.events import (
    Choice,
    ContactArrived,
    History,
    HistoryMessage,
    HistoryRequest,
    MessageReceived,
    MessageStatus,
    Profile,
)
from core.events import SendMessage as Order
from core.subjects import ASK_HISTORY, fill
from core.testing.bench import Bench
from core.testing.contract import ChannelContract
from core.testing.samples import Inbound, Outbound
from plugins.web_chat.identity import anonymous

TOKEN = "contract-token-of-forty-three-characters-xx"
ADDRESS = anonymous(TOKEN).address
KEY = "the-identity-key-of-the-contract"
PROFILE = Profile(language="zh-CN", page_url="https://example.gov.cn/help")


class Widget:
    """A browser with the chat open; comes back by itself, drops repeated messages, sends again until acknowledged."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.instance = ""
        self.history: list[HistoryMessage] = []  # what the hub knows
        self._url = ""
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._last = 0
        self._ids: set[str] = set()
        self._acked: set[str] = set()
        self._news = asyncio.Condition()

    async def start(self) -> dict[str, Any]:
        if self._url:
            await self._open()
        return {"identity_key": KEY}

    async def meet(self, url: str) -> None:
        self._url = f"{url}/channels/{self.instance}/ws"
        await self._open()

    async def stop(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
        self._socket = self._reader = self._http = None

    async def deliver(self, raw: Any) -> None:
        assert self._socket is not None
        await self._socket.send_str(raw if isinstance(raw, str) else json.dumps(raw))
        if isinstance(raw, str):
            assert self._reader is not None
            await self._reader  # garbage ends the connection
            await self._open()
        else:
            async with self._news:
                await self._news.wait_for(lambda: raw["cid"] in self._acked)

    async def shows(self, count: int) -> None:
        """Return when so many messages are shown."""
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: len(self.received) >= count)

    def script(self, answer: Any) -> None:
        raise NotImplementedError("a widget refuses nothing")

    async def _open(self) -> None:
        await self.stop()
        self._http = aiohttp.ClientSession()
        self._socket = await self._http.ws_connect(self._url)
        hello = {"type": "hello", "visitor": TOKEN, "last": self._last}
        await self._socket.send_json({**hello, "language": PROFILE.language, "page_url": PROFILE.page_url})
        welcome = await self._socket.receive_json()
        assert welcome["type"] == "welcome"
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            frame = json.loads(message.data)
            async with self._news:
                if frame["type"] == "ack":
                    self._acked.add(frame["cid"])
                elif frame["type"] == "message" and frame["id"] not in self._ids:
                    self._ids.add(frame["id"])
                    self._last = max(self._last, frame.get("seq", 0))
                    self.received.append({key: frame.get(key) for key in ("text", "choices", "name")})
                self._news.notify_all()


def _order(text: str = "您好", **fields: Any) -> Order:
    return Order(message_id="m-1", recipient=ADDRESS, text=text, **fields)


class TestWebChatContract(ChannelContract):
    module = "plugins.web_chat"
    peer_type = Widget
    secrets = [KEY, TOKEN]
    garbage = ["", "{", '{"type": "sudo"}', '{"type": "message", "cid": "x"}']
    addresses = [(ADDRESS, ADDRESS), (ADDRESS.upper(), ADDRESS), ("web:nobody", None), ("tel:+86571", None)]
    inbound = [
        Inbound(
            "a message",
            {"type": "message", "cid": "cid-00001", "text": "我家暖气不热 🏠"},
            MessageReceived(external_id="cid-00001", sender=ADDRESS, text="我家暖气不热 🏠", profile=PROFILE),
        ),
        Inbound(
            "a pressed button",
            {"type": "message", "cid": "cid-00002", "text": "转人工", "choice": "0"},
            MessageReceived(external_id="cid-00002", sender=ADDRESS, text="转人工", choice="0", profile=PROFILE),
        ),
        Inbound(
            "an opened widget",
            {"type": "opened", "cid": "arrival-1"},
            ContactArrived(sender=ADDRESS, arrival_id="arrival-1", profile=PROFILE),
        ),
    ]
    outbound = [
        Outbound(
            "a text",
            _order(sender_name="工号 1023"),
            MessageStatus(message_id="m-1", status="sent", external_id="m-1"),
            wire={"text": "您好", "choices": None, "name": "工号 1023"},
        ),
        Outbound(
            "with buttons",
            _order("请选择", choices=(Choice(key="1", label="查询"),)),
            MessageStatus(message_id="m-1", status="sent"),
            wire={"text": "请选择", "choices": [{"key": "1", "label": "查询"}], "name": None},
        ),
        Outbound(
            "to no address",
            Order(message_id="m-1", recipient="web:nobody", text="x"),
            MessageStatus(message_id="m-1", status="failed", code="bad_address"),
        ),
    ]

    @pytest_asyncio.fixture
    async def peer(self, bench: Bench) -> AsyncIterator[Widget]:
        widget = Widget()
        widget.instance = bench.instance

        async def history(_: str, question: HistoryRequest) -> History:
            return History(messages=tuple(line for line in widget.history if line.seq > question.after_seq))

        await bench.bus.respond(fill(ASK_HISTORY, bench.instance), history, request=HistoryRequest)
        yield widget
        await widget.stop()

    async def test_each_order_ends_as_expected(
        self, bench: Bench, peer: Any, tmp_path: Path, outbound_sample: Outbound
    ) -> None:
        expected = outbound_sample.status
        async with self._running(bench, peer, tmp_path):
            await bench.order(outbound_sample.order)
            status = await bench.status(expected.message_id, "sent", "failed", "deferred", "unknown")
            assert (status.status, status.code) == (expected.status, expected.code)
            if outbound_sample.wire is not None:
                await peer.shows(1)
        assert peer.received == ([] if outbound_sample.wire is None else [outbound_sample.wire])

    async def test_an_order_is_not_sent_again_by_a_restarted_process(
        self, bench: Bench, peer: Any, tmp_path: Path
    ) -> None:
        once = _order("once", seq=1)
        last = msgspec.structs.replace(once, message_id="m-2", text="last", seq=2)
        peer.history = [
            HistoryMessage(seq=order.seq, message_id=order.message_id, direction="out", text=order.text)
            for order in (once, last)
        ]
        async with self._running(bench, peer, tmp_path):
            await bench.order(once)
            await peer.shows(1)
        await bench.order(once)
        await bench.order(last)
        async with self._running(bench, peer, tmp_path):
            await bench.status(last.message_id, "sent")
            await peer.shows(2)
        assert [line["text"] for line in peer.received] == ["once", "last"]

    async def test_orders_wait_for_a_far_end_that_is_gone(self, bench: Bench, peer: Any, tmp_path: Path) -> None:
        async with self._running(bench, peer, tmp_path):
            await peer.stop()
            order = self._order("first")
            await bench.order(order)
            assert (await bench.status(order.message_id, "sent")).external_id == order.message_id

    async def test_it_receives_again_after_the_far_end_was_gone(self, bench: Bench, peer: Any, tmp_path: Path) -> None:
        sample = self.inbound[0]
        async with self._running(bench, peer, tmp_path):
            await peer.stop()
            await peer.start()
            await peer.deliver(sample.raw)
            await bench.event(sample.event)

    async def test_a_far_end_that_is_not_there_is_waited_for(self, bench: Bench, peer: Any, tmp_path: Path) -> None:
        settings = self.settings(await peer.start())
        async with bench.running(self.load()[0], settings, tmp_path):
            await bench.ready()

    @pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
    async def test_its_http_routes_bear_strangers(self, bench: Bench, peer: Any, tmp_path: Path) -> None:
        await super().test_its_http_routes_bear_strangers(bench, peer, tmp_path)
