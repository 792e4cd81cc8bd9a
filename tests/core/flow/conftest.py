from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.flow import Flow, decode_flow

DEMO = Path(__file__).parents[3] / "hub" / "demo" / "flows"


@pytest.fixture
def hotline() -> Flow:
    return decode_flow((DEMO / "hotline.json").read_bytes())


@pytest.fixture
def rating() -> Flow:
    return decode_flow((DEMO / "rating.json").read_bytes())


@pytest.fixture
def flow_of() -> Callable[..., Flow]:
    """Return a maker of flows from their nodes; a queue ``people`` and an end ``bye`` come with every one."""

    def make(nodes: dict[str, Any], **fields: Any) -> Flow:
        known = {"people": {"step": "queue", "queue_id": "general"}, "bye": {"step": "end"}}
        raw = {"name": "sample", "version": 3, "start": next(iter(nodes)), "human": "people", "languages": ["zh"]}
        return decode_flow(msgspec.json.encode({**raw, **fields, "nodes": {**nodes, **known}}))

    return make
