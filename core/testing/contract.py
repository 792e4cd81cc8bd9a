"""What every channel must do, as a test class: inherit it, describe the foreign network, and pytest does the rest.

    class TestPigeon(ChannelContract):
        module = "pigeon"
        peer_type = Loft
        ...

Each test runs the channel in its real host on a real bus against ``peer_type`` on loopback.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from core.channel import Channel, FindsSent, ServesHttp, ShowsTyping
from core.config import decode_settings
from core.errors import ConfigInvalid, LianxinError
from core.events import ChannelState, Event, MessagesRead, MessageStatus, SendMessage, TypingReported
from core.host.inspect import NoLink
from core.host.load import disagreements, load_channel
from core.manifest import Manifest
from core.testing.bench import Bench
from core.testing.loop_guard import watch_loop
from core.testing.nats import NatsServer
from core.testing.samples import Inbound, Outbound, Peer, wrong_values

LOOP_LIMIT_S: Final = 0.5
LOST_AND_FOUND_S: Final = 20.0
NOBODY: Final = "no-such-message"
PROMISES: Final[dict[str, type[Event]]] = {"reports_typing": TypingReported, "marks_read": MessagesRead}
ODD_LETTERS: Final = "aZ09 +-_@:.()/\\\0\n\u4e2d\u200b\U0001f54a"


@pytest.mark.asyncio
class ChannelContract:
    """The suite; fill in the class variables, override ``settings`` or ``load`` where yours differ."""

    module: ClassVar[str]
    peer_type: ClassVar[type[Peer]]
    secrets: ClassVar[Sequence[str]] = ()
    garbage: ClassVar[Sequence[Any]] = ()
    addresses: ClassVar[Sequence[tuple[str, str | None]]]  # what people write → canonical, None: not an address
    inbound: ClassVar[Sequence[Inbound]]
    outbound: ClassVar[Sequence[Outbound]]

    @classmethod
    def load(cls) -> tuple[type[Channel[Any]], Manifest]:
        """Return the channel class and its manifest."""
        return load_channel(cls.module)

    def settings(self, from_peer: dict[str, Any]) -> dict[str, Any]:
        """Return the settings to run with, given those that lead to the peer."""
        return from_peer

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """Make one test of each sample."""
        for name, samples in (("inbound_sample", "inbound"), ("outbound_sample", "outbound")):
            if name in metafunc.fixturenames:
                found = getattr(cls, samples, ())
                metafunc.parametrize(name, found, ids=[sample.label for sample in found])

    # what the tests stand on

    @pytest.fixture
    def channel_type(self) -> type[Channel[Any]]:
        """Return the class under test."""
        return self.load()[0]

    @pytest_asyncio.fixture
    async def peer(self, channel_type: type[Channel[Any]]) -> AsyncIterator[Peer]:
        """Yield a peer that was not started; it is stopped at the end."""
        peer = self.peer_type()
        yield peer
        await peer.stop()

    @pytest_asyncio.fixture
    async def bench(self, contract_nats_server: NatsServer) -> AsyncIterator[Bench]:
        """Yield the hub's end of the bus."""
        async with Bench.open(contract_nats_server.url) as bench:
            yield bench

    @pytest.fixture(autouse=True)
    def _contract_keeps_the_loop_free(self) -> Iterator[None]:
        with watch_loop(LOOP_LIMIT_S) as blockages:
            yield
        assert not blockages, "\n".join(map(str, blockages))

    @pytest.fixture(autouse=True)
    def _contract_keeps_secrets(self, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        with caplog.at_level(logging.DEBUG):
            yield
        for record in (*caplog.get_records("setup"), *caplog.get_records("call")):
            line = f"{record.getMessage()} {record.exc_text or ''}"
            leaked = [number for number, secret in enumerate(self.secrets) if secret in line]
            assert not leaked, f"{record.name} logs secret number {leaked} at {record.pathname}:{record.lineno}"

    @asynccontextmanager
    async def _running(self, bench: Bench, peer: Peer, tmp_path: Path) -> AsyncIterator[Channel[Any]]:
        """Run the channel against the peer, which is started the first time, and yield it ready."""
        if bench.settings is None:
            bench.settings = self.settings(await peer.start())
        seen = len(bench.states)
        async with bench.running(self.load()[0], bench.settings, tmp_path):
            await bench.wait_until(lambda: any(state.state == "ready" for state in bench.states[seen:]))
            assert bench.channel is not None
            if isinstance(bench.channel, ServesHttp) and (meet := getattr(peer, "meet", None)) is not None:
                await meet(bench.http)  # a peer that calls us learns where we are
            yield bench.channel
        self._check_diagnostics(bench)

    def _check_diagnostics(self, bench: Bench) -> None:
        shown = repr([*bench.seen, *bench.reports])
        for number, secret in enumerate(self.secrets):
            assert secret not in shown, f"secret number {number} stands in a report"

    # the tests

    async def test_class_and_manifest_agree(self) -> None:
        channel_type, manifest = self.load()
        assert disagreements(channel_type, manifest) == []

    async def test_promised_reports_have_a_sample(self) -> None:
        promised = {event for word, event in PROMISES.items() if word in self.load()[1].capabilities}
        shown = {type(sample.event) for sample in self.inbound}
        assert promised <= shown, f"inbound needs a sample for {promised - shown}"

    async def test_it_becomes_ready(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        async with self._running(bench, peer, tmp_path):
            assert bench.states[-1].state == "ready"

    async def test_each_sample_becomes_exactly_one_event(
        self, bench: Bench, peer: Peer, tmp_path: Path, inbound_sample: Inbound
    ) -> None:
        async with self._running(bench, peer, tmp_path):
            await peer.deliver(inbound_sample.raw)
            await bench.event(inbound_sample.event)
        assert _told(bench) == [inbound_sample.event]

    async def test_garbage_is_skipped_with_one_line_each(
        self, bench: Bench, peer: Peer, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        sample = self.inbound[0]
        async with self._running(bench, peer, tmp_path):
            for raw in self.garbage:
                await peer.deliver(raw)
            await peer.deliver(sample.raw)
            await bench.event(sample.event)
            states = [state.state for state in bench.states]
        assert _told(bench) == [sample.event]
        assert "down" not in states, "garbage from outside made the channel fail"
        lines = [record for record in caplog.get_records("call") if _is_loud(record)]
        assert len(lines) == len(self.garbage), [record.getMessage() for record in lines]
        assert not [record for record in lines if record.exc_info], "one line, not a trace"

    async def test_each_order_ends_as_expected(
        self, bench: Bench, peer: Peer, tmp_path: Path, outbound_sample: Outbound
    ) -> None:
        expected = outbound_sample.status
        async with self._running(bench, peer, tmp_path):
            if outbound_sample.answer is not None:
                peer.script(outbound_sample.answer)
            await bench.order(outbound_sample.order)
            status = await bench.status(expected.message_id, "sent", "failed", "deferred", "unknown")
            received = list(peer.received)
        assert _like(status, expected) == expected
        if outbound_sample.wire is not None:
            assert received == ([outbound_sample.wire] if expected.status == "sent" else [])

    async def test_a_repeated_order_is_sent_once(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        order, last = self._order("once"), self._order("last")
        async with self._running(bench, peer, tmp_path):
            await bench.order(order)
            await bench.status(order.message_id, "sent")
            await bench.order(order)
            await bench.order(last)  # the same recipient: when this one is out, the repetition is dealt with
            await bench.status(last.message_id, "sent")
        assert len(peer.received) == 2, peer.received

    async def test_an_order_is_not_sent_again_by_a_restarted_process(
        self, bench: Bench, peer: Peer, tmp_path: Path
    ) -> None:
        order, last = self._order("once"), self._order("last")
        async with self._running(bench, peer, tmp_path):
            await bench.order(order)
            await bench.status(order.message_id, "sent")
        await bench.order(order)
        await bench.order(last)
        async with self._running(bench, peer, tmp_path):
            await bench.status(last.message_id, "sent")
        assert len(peer.received) == 2, peer.received

    async def test_orders_wait_for_a_far_end_that_is_gone(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        first, second = self._order("first"), self._order("second")
        async with self._running(bench, peer, tmp_path):
            await peer.stop()
            await bench.order(first)
            await bench.order(second)
            assert (await bench.status(first.message_id, "deferred", "failed", "unknown")).status == "deferred"
            await peer.start()
            async with asyncio.timeout(LOST_AND_FOUND_S):
                await bench.status(first.message_id, "sent")
                await bench.status(second.message_id, "sent")
            await bench.ready()
        assert len(peer.received) == 2, peer.received

    async def test_it_receives_again_after_the_far_end_was_gone(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        sample = self.inbound[0]
        async with self._running(bench, peer, tmp_path):
            await peer.stop()
            await bench.wait_until(lambda: bench.states[-1].state == "down")
            await peer.start()
            await bench.ready()
            await peer.deliver(sample.raw)
            await bench.event(sample.event)

    async def test_a_far_end_that_is_not_there_is_waited_for(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        settings = self.settings(await peer.start())
        await peer.stop()
        async with bench.running(self.load()[0], settings, tmp_path):
            await bench.wait_until(lambda: bench.states[-1:] != [] and bench.states[-1].state == "down")
            assert bench.states[-1].code in {"not_ready", "auth_failed"}, bench.states[-1]
            await peer.start()
            await bench.ready()

    async def test_cancelled_it_stops_in_time_and_can_be_run_again(
        self, bench: Bench, peer: Peer, tmp_path: Path
    ) -> None:
        for _ in range(2):
            async with self._running(bench, peer, tmp_path):
                pass
            assert bench.host is not None
            assert not bench.host.is_stuck

    async def test_wrong_settings_name_every_bad_field(self, peer: Peer) -> None:
        config_type = self.load()[0].config_type
        right = self.settings(await peer.start())
        decode_settings(config_type, right)
        wrong: dict[str, Any] = {"no_such_setting": 1}
        for field in msgspec.structs.fields(config_type):
            for value in wrong_values():
                if _is_refused(config_type, {**right, field.encode_name: value}, field.encode_name):
                    wrong[field.encode_name] = value
                    break
        with pytest.raises(ConfigInvalid) as caught:
            decode_settings(config_type, {**right, **wrong})
        assert set(wrong) <= {path.split(".")[0].split("[")[0] for path in caught.value.faults}

    async def test_right_settings_pass_the_probe(self, peer: Peer, tmp_path: Path) -> None:
        settings = self.settings(await peer.start())
        await self._offline(settings, tmp_path).probe()

    async def test_a_probe_without_far_end_fails_in_words(self, peer: Peer, tmp_path: Path) -> None:
        settings = self.settings(await peer.start())
        await peer.stop()
        try:
            await self._offline(settings, tmp_path).probe()
        except LianxinError:
            return

    async def test_addresses_have_one_form(self, peer: Peer, tmp_path: Path) -> None:
        channel = self._offline(self.settings(await peer.start()), tmp_path)
        for written, canonical in self.addresses:
            if canonical is None:
                with pytest.raises(ValueError):  # noqa: PT011 - the interface names no narrower one
                    channel.normalize(written)
            else:
                assert channel.normalize(written) == canonical
        samples = [written for written, _ in self.addresses]
        for text in (*samples, *_odd_texts(samples)):
            self._check_normal(channel, text)

    async def test_typing_is_shown_without_ado(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        async with self._running(bench, peer, tmp_path) as channel:
            if not isinstance(channel, ShowsTyping):
                pytest.skip("does not claim shows_typing")
            for is_typing in (True, False):
                await channel.show_typing(self._order("x").recipient, is_typing=is_typing)

    async def test_it_knows_what_it_sent(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        order = self._order("known")
        async with self._running(bench, peer, tmp_path) as channel:
            if not isinstance(channel, FindsSent):
                pytest.skip("does not claim finds_sent")
            assert await channel.find_sent(NOBODY) is False
            await bench.order(order)
            status = await bench.status(order.message_id, "sent")
            assert await channel.find_sent(order.message_id) == status.external_id

    async def test_its_http_routes_bear_strangers(self, bench: Bench, peer: Peer, tmp_path: Path) -> None:
        async with self._running(bench, peer, tmp_path) as channel:
            if not isinstance(channel, ServesHttp):
                pytest.skip("does not claim serves_http")
            async with AsyncExitStack() as stack:
                session = await stack.enter_async_context(_session(bench.http))
                for route in channel.routes():
                    url = f"/channels/{bench.instance}{route.path}".replace("{", "").replace("}", "")
                    for body in (b"", b"\xff\x00{not json", b"x" * (route.max_bytes + 1)):
                        async with session.request(route.method, url, data=body) as answer:
                            assert answer.status < 500, f"{route.method} {route.path}: {answer.status}"
                async with session.get(f"/channels/{bench.instance}/health") as answer:
                    assert (await answer.json())["state"] == "ready"

    # small helps

    def _order(self, name: str) -> SendMessage:
        sent = [sample.order for sample in self.outbound if sample.status.status == "sent"]
        assert sent, "outbound needs a sample that is sent"
        return msgspec.structs.replace(sent[0], message_id=f"contract-{name}")

    def _offline(self, settings: dict[str, Any], data_dir: Path) -> Channel[Any]:
        channel_type = self.load()[0]
        return channel_type(decode_settings(channel_type.config_type, settings), NoLink(data_dir))

    def _check_normal(self, channel: Channel[Any], text: str) -> None:
        try:
            canonical = channel.normalize(text)
        except ValueError:
            return
        scheme = self.load()[1].address_scheme
        assert canonical.startswith(f"{scheme}:"), f"{text!r} became {canonical!r}, without {scheme}:"
        assert channel.normalize(canonical) == canonical, f"{text!r} has two forms"


def _told(bench: Bench) -> list[Event]:
    """Return what was emitted about messages and people, repetitions included."""
    return [event for event in bench.emitted if not isinstance(event, ChannelState)]


def _like(status: MessageStatus, expected: MessageStatus) -> MessageStatus:
    """Return ``status`` without what ``expected`` leaves open."""
    left_open = {name: "" for name in ("external_id", "reason") if not getattr(expected, name)}
    return msgspec.structs.replace(status, **left_open)


def _is_loud(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING and not record.name.startswith(("core.", "asyncio"))


def _is_refused(config_type: type[Any], settings: dict[str, Any], name: str) -> bool:
    try:
        decode_settings(config_type, settings)
    except ConfigInvalid as error:
        return any(path.split(".")[0].split("[")[0] == name for path in error.faults)
    return False


def _odd_texts(samples: Sequence[str]) -> Iterator[str]:
    """Yield the same few hundred damaged addresses each time."""
    source = random.Random(20_04)  # noqa: S311 - repeatable on purpose
    for _ in range(300):
        text = list(source.choice(samples)) if samples else []
        for _ in range(source.randint(1, 4)):
            text.insert(source.randint(0, len(text)), source.choice(ODD_LETTERS))
        yield "".join(text)


def _session(address: str) -> aiohttp.ClientSession:
    if address.startswith("unix:"):
        connector = aiohttp.UnixConnector(path=address.removeprefix("unix:"))
        return aiohttp.ClientSession("http://plugin", connector=connector)
    return aiohttp.ClientSession(address)
