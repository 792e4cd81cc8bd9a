"""A bot, its Telegram, and a hub in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.config import decode_settings
from plugins.telegram.adapter import TelegramChannel
from plugins.telegram.config import TelegramConfig
from tests.plugins.memory_link import MemoryLink, running
from tests.plugins.telegram.bot_api import BotApi, WebhookBotApi


@pytest.fixture
def link(tmp_path: Path) -> MemoryLink:
    return MemoryLink(tmp_path)


@pytest.fixture
async def telegram() -> AsyncIterator[BotApi]:
    peer = BotApi()
    await peer.start()
    yield peer
    await peer.stop()
    assert peer.violations == []


@pytest.fixture
async def webhooks() -> AsyncIterator[WebhookBotApi]:
    peer = WebhookBotApi()
    await peer.start()
    yield peer
    await peer.stop()
    assert peer.violations == []


@pytest.fixture
def bot(link: MemoryLink) -> Callable[..., Any]:
    """Return what runs a bot against a peer with settings of the test's own."""

    @asynccontextmanager
    async def run(peer: BotApi, **settings: Any) -> AsyncIterator[TelegramChannel]:
        config = decode_settings(TelegramConfig, {**await peer.start(), **settings})
        channel = TelegramChannel(config, link)
        async with running(channel, link) as address:
            await peer.meet(address)
            yield channel

    return run
