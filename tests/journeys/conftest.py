"""A demo house for each journey, with telephony where it is asked for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.engine.binary import Asterisk
from tests.journeys.support.house import House, start_house, stop_house
from tests.journeys.support.phones import running_phone_house
from tests.plugins.voice.support.engine import asterisk

__all__ = ["asterisk"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A demo house of its own."""
    running = await start_house(tmp_path / "data", "--demo")
    yield running
    await stop_house(running)


@pytest.fixture
async def phone_house(tmp_path: Path, asterisk: Asterisk) -> AsyncIterator[House]:
    """A demo house with an engine."""
    async with running_phone_house(tmp_path / "data") as running:
        yield running
