"""The contract of every channel, as far as a telephone carries messages: not at all; its far end is a real engine."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.events import MessageStatus, SendMessage
from core.testing.bench import Bench
from core.testing.contract import ChannelContract
from core.testing.samples import Outbound, Peer
from hub.engine.binary import Asterisk
from hub.engine.layout import Layout
from hub.engine.process import Engine, start
from tests.plugins.voice.support.engine import engine_settings

TRUNK_SECRET = "the-carrier-knows-it"
TRUNK = {"name": "trunk", "host": "127.0.0.1", "port": 9, "username": "12345", "password": TRUNK_SECRET}


class EnginePeer:
    """An engine, at the same ports and with the same password each time it is started; it outlives a test."""

    def __init__(self, asterisk: Asterisk, folder: Path) -> None:
        self.received: list[Any] = []
        self._asterisk = asterisk
        self._layout = Layout(folder)
        self._engine: Engine | None = None

    async def start(self) -> dict[str, Any]:
        if self._engine is None or not self._engine.is_alive():
            self._engine = await start(engine_settings(), self._asterisk, self._layout)
        access = self._engine.access
        return {"ari_url": access.url, "ari_username": access.username, "ari_password": access.password.reveal()}

    async def stop(self) -> None:
        if self._engine is not None:
            await self._engine.kill()

    async def deliver(self, raw: Any) -> None:
        raise AssertionError("there are no samples")

    def script(self, answer: Any) -> None:
        raise AssertionError("no order reaches the engine")


@pytest.fixture(scope="module")
def engine_peer(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnginePeer]:
    peer = EnginePeer(asterisk, tmp_path_factory.mktemp("engine"))
    yield peer
    asyncio.run(peer.stop())


class TestVoice(ChannelContract):
    module = "plugins.voice"
    secrets = (TRUNK_SECRET,)
    addresses = (
        ("138 0013 8000", "tel:+8613800138000"),
        ("010-88888888", "tel:+861088888888"),
        ("+49 30 123456", "tel:+4930123456"),
        ("tel:12345", "tel:12345"),
        ("nobody", None),
        ("", None),
    )
    inbound = ()  # what an engine tells bears ids and times of its own: test_calls.py
    outbound = (
        Outbound(
            "text",
            SendMessage(message_id="m-1", recipient="tel:+8613800138000", text="您好"),
            MessageStatus(message_id="m-1", status="failed", code="no_text"),
        ),
    )
    # each of these wants a message that is taken or sent
    test_garbage_is_skipped_with_one_line_each = None
    test_a_repeated_order_is_sent_once = None
    test_an_order_is_not_sent_again_by_a_restarted_process = None
    test_orders_wait_for_a_far_end_that_is_gone = None
    test_it_knows_what_it_sent = None

    @pytest.fixture
    def peer(self, engine_peer: EnginePeer) -> EnginePeer:
        return engine_peer

    def settings(self, from_peer: dict[str, Any]) -> dict[str, Any]:
        return {**from_peer, "trunks": [TRUNK]}

    async def test_it_receives_again_after_the_far_end_was_gone(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        async with self._running(bench, peer, tmp_path):
            await peer.stop()
            await bench.wait_until(lambda: bench.states[-1].state == "down")
            await peer.start()
            await bench.ready()
