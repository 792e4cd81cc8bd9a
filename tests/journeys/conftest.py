"""A demo house for each journey."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.support.house import House, start_house, stop_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A demo house of its own."""
    running = await start_house(tmp_path / "data", "--demo")
    yield running
    await stop_house(running)
