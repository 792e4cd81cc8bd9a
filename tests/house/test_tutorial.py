"""The plugin of docs/tutorials/first-plugin.md works as the page says."""

import asyncio
import importlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.config import decode_settings
from core.errors import ChannelNotReady, SendDeferred, SendRejected
from core.events import ChannelState, Event, MessageReceived, SendMessage
from core.hookspecs import plugin_manager
from core.manifest import read_manifest

FILE = re.compile(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass
class Hub:
    """Stands for the host; ``arrived`` is set when an event of the kind waited for is stored."""

    events: list[Event] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def emit(self, event: Event) -> None:
        async with self.arrived:
            self.events.append(event)
            self.arrived.notify_all()

    async def messages(self, count: int) -> list[MessageReceived]:
        """Return the first ``count`` messages once they are there."""
        async with asyncio.timeout(30), self.arrived:
            await self.arrived.wait_for(lambda: len(self._messages()) >= count)
        return self._messages()[:count]

    def _messages(self) -> list[MessageReceived]:
        return [event for event in self.events if isinstance(event, MessageReceived)]


@pytest.fixture
def folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with the files of the page, importable."""
    for name, text in FILE.findall((root / "docs/tutorials/first-plugin.md").read_text("utf-8")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for module in [name for name in sys.modules if name.partition(".")[0] == "letterbox"]:
        del sys.modules[module]


@pytest.fixture
def channel(folder: Path) -> Any:
    manager = plugin_manager()
    manager.register(importlib.import_module("letterbox"))
    manager.check_pending()
    kind = manager.hook.channel_type()
    raw = {"inbox": str(folder / "in"), "outbox": str(folder / "out"), "poll_s": 0.01}
    return kind(decode_settings(kind.config_type, raw), Hub())


def test_the_manifest_and_the_entry_point_are_accepted(folder: Path) -> None:
    assert read_manifest(folder / "letterbox/plugin.toml").address_scheme == "letter"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"lianxin.plugins": {"letterbox": "letterbox"}}


async def test_a_letter_becomes_a_message_and_is_taken_away(folder: Path, channel: Any) -> None:
    (folder / "in" / "Anna.1.txt").write_text("路灯坏了", "utf-8")
    (folder / "in" / "bert.1.txt").write_text("hello", "utf-8")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(channel.run())
        received = await channel.link.messages(2)
        running.cancel()
    assert received[0] == MessageReceived(external_id="Anna.1.txt", sender="letter:anna", text="路灯坏了")
    assert not (folder / "in" / "Anna.1.txt").exists()
    assert channel.link.events[0] == ChannelState(state="ready")


async def test_an_unreadable_letter_is_put_aside_and_the_next_one_read(folder: Path, channel: Any) -> None:
    (folder / "in" / "anna.1.txt").write_bytes(b"\xff\xfe\xff")
    (folder / "in" / "bert.1.txt").write_bytes(b"x" * 10_001)
    (folder / "in" / "carl.1.txt").write_text("hello")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(channel.run())
        (received,) = await channel.link.messages(1)
        running.cancel()
    assert received.sender == "letter:carl"
    aside = sorted(path.name for path in (folder / "in").iterdir() if path.suffix != ".txt")
    assert aside == ["anna.1.unreadable", "bert.1.unreadable"]


async def test_a_missing_folder_is_named(folder: Path, channel: Any) -> None:
    (folder / "in").rmdir()
    with pytest.raises(ChannelNotReady, match=r"no such folder: .*in"):
        await channel.run()


async def test_an_answer_becomes_a_file_and_a_repeated_order_the_same_file(folder: Path, channel: Any) -> None:
    order = SendMessage(message_id="m-1", recipient="letter:anna", text="明天修好")
    assert await channel.send(order) == await channel.send(order) == "anna.m-1.txt"
    assert [path.read_text("utf-8") for path in (folder / "out").iterdir()] == ["明天修好"]


async def test_an_answer_that_cannot_be_delivered_says_what_happens_next(folder: Path, channel: Any) -> None:
    with pytest.raises(SendRejected):
        await channel.send(SendMessage(message_id="m-1", recipient="letter:anna"))
    (folder / "out").rmdir()
    with pytest.raises(SendDeferred):
        await channel.send(SendMessage(message_id="m-1", recipient="letter:anna", text="?"))


def test_it_passes_the_contract_suite(folder: Path, root: Path) -> None:
    kit = ("-p", "core.testing.pytest_plugin", "-p", "pytest_asyncio.plugin")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", *kit, "tests"],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(folder), str(root))),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "skipped" in done.stdout, "the suite has tests for abilities that a letterbox has not"
