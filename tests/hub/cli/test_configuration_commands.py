"""The configuration goes through the terminal: out to a file, compared, applied once, refused wholly."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.bus import Bus, BusSettings
from hub.cli import main
from hub.store.models import AuditRecord, Queue
from hub.supervisor.data_dir import DataDir
from tests.hub.conftest import _quick_hashes, data, demo_data, house, nats_server
from tests.hub.http.conftest import play_supervisor
from tests.hub.support.house import House

__all__ = ["_quick_hashes", "data", "demo_data", "house", "nats_server"]


@pytest.fixture
async def running(house: House, data: Path) -> AsyncIterator[Path]:
    folder = DataDir(data)
    folder.lock()
    folder.announce(house.nats.url)
    try:
        async with await Bus.connect(BusSettings(url=house.nats.url), source="supervisor") as bus:
            await play_supervisor(bus)
            yield data
    finally:
        folder.leave()


async def command(action: str, file: Path, data: Path) -> int:
    return await asyncio.to_thread(main, ["config", action, str(file), "--data", str(data)])


async def test_a_file_is_compared_and_applied_once(
    running: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "all.json"
    assert await command("export", file, running) == 0
    assert await command("diff", file, running) == 0
    assert "nothing to change" in capsys.readouterr().out
    configuration = json.loads(file.read_text())
    configuration["queues"]["water"] = {"title": {"zh": "供水"}}
    configuration["users"]["zhou"]["display_name"] = "周新"
    file.write_text(json.dumps(configuration))
    assert await command("diff", file, running) == 2
    out = capsys.readouterr().out
    assert "+ queues/water" in out
    assert '    display_name: "周敏" → "周新"' in out
    assert not await Queue.filter(queue_id="water").exists()
    assert await command("apply", file, running) == 0
    assert "2 changes applied" in capsys.readouterr().out
    assert await command("apply", file, running) == 0
    assert "nothing to change" in capsys.readouterr().out
    deeds = await AuditRecord.filter(action="configuration.apply")
    assert {(one.actor, one.object_id) for one in deeds} == {("command line", "water"), ("command line", "zhou")}


async def test_a_faulty_file_is_refused_wholly_with_every_fault(
    running: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "faulty.json"
    file.write_text(
        json.dumps(
            {
                "queues": {"water": {"title": {"zh": "供水"}}},
                "users": {"new": {"display_name": "新", "work_number": "1", "queue_ids": ["gas"], "role_ids": ["x"]}},
            }
        )
    )
    assert await command("apply", file, running) == 1
    error = capsys.readouterr().err
    assert "users.new.queue_ids[0]: unknown" in error
    assert "users.new.role_ids[0]: unknown" in error
    assert not await Queue.filter(queue_id="water").exists()


def test_what_cannot_be_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.json"
    file.write_text("{")
    assert main(["config", "diff", str(file), "--data", str(tmp_path)]) == 1
    assert "is not JSON" in capsys.readouterr().err
    file.write_text("{}")
    assert main(["config", "diff", str(file), "--data", str(tmp_path)]) == 1
    assert "start it with lianxin run first" in capsys.readouterr().err
    assert main(["config", "apply", str(tmp_path / "none"), "--data", str(tmp_path)]) == 1
    assert "none: No such file" in capsys.readouterr().err
