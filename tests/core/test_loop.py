"""Running a process on uvloop where there is one."""

import asyncio
import sys

import pytest

from core import loop


async def which() -> str:
    return type(asyncio.get_running_loop()).__module__


def test_uvloop_is_used_where_it_is_installed() -> None:
    pytest.importorskip("uvloop")
    assert loop.run(which()).startswith("uvloop")


def test_without_uvloop_asyncio_s_own_loop_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop.run(which()).startswith("asyncio")
