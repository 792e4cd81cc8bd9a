"""A running channel for each test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.web_chat.memory_hub import House, MemoryHub, running


@pytest.fixture
def hub(tmp_path: Path) -> MemoryHub:
    return MemoryHub(tmp_path)


@pytest.fixture
async def house(hub: MemoryHub) -> AsyncIterator[House]:
    async with running(hub) as house:
        yield house


@pytest.fixture
def run_house(hub: MemoryHub) -> Callable[..., Any]:
    """Return what runs a channel with settings of the test's own."""

    def run(**settings: Any) -> Any:
        return running(hub, **settings)

    return run
