"""An account, its platform, and a hub in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.config import decode_settings
from core.testing.clock import VirtualClock
from plugins.wechat.adapter import WeChatChannel
from plugins.wechat.config import WeChatConfig
from tests.plugins.memory_link import MemoryLink, running
from tests.plugins.wechat.platform import KfPlatform, OfficialPlatform, Platform


@pytest.fixture
def link(tmp_path: Path) -> MemoryLink:
    return MemoryLink(tmp_path)


@pytest.fixture
async def official() -> AsyncIterator[OfficialPlatform]:
    peer = OfficialPlatform()
    yield peer
    await peer.stop()


@pytest.fixture
async def kf() -> AsyncIterator[KfPlatform]:
    peer = KfPlatform()
    yield peer
    await peer.stop()


@pytest.fixture
def account(link: MemoryLink) -> Callable[..., Any]:
    """Return what runs a channel against a peer; ``account`` adds to the account's own settings."""

    @asynccontextmanager
    async def run(
        peer: Platform, *, account: dict[str, Any] | None = None, clock: VirtualClock | None = None, **settings: Any
    ) -> AsyncIterator[WeChatChannel]:
        peer.instance = link.instance
        given = await peer.start()
        raw = {**given, **settings, "account": {**given["account"], **(account or {})}}
        channel = WeChatChannel(decode_settings(WeChatConfig, raw), link, clock=clock)
        async with running(channel, link) as address:
            await peer.meet(address)
            yield channel

    return run
