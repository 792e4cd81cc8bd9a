"""An SMSC and a hub for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.plugins.sms.support.smsc import Smsc
from tests.plugins.sms.support.stand import MemoryHub


@pytest.fixture
def hub(tmp_path: Path) -> MemoryHub:
    return MemoryHub(tmp_path)


@pytest_asyncio.fixture
async def smsc() -> AsyncIterator[Smsc]:
    smsc = Smsc()
    yield smsc
    await smsc.stop()
