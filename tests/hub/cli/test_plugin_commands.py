import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from core.bus import Bus, BusSettings
from core.config import Secret
from core.events import ChannelState, SwitchAnswer, SwitchRequest
from core.streams import BUCKETS, STREAMS, orders_consumer
from core.subjects import ASK_SWITCH
from core.testing.nats import NatsServer, nats_server  # noqa: F401
from hub.cli import main
from hub.supervisor.data_dir import DataDir

LIMIT_S = 120


def lianxin(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "lianxin", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False, **options)


def test_installed_plugins_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "list"]) == 0
    assert "web_chat" in capsys.readouterr().out


def test_a_new_plugin_passes_its_check_as_it_stands(tmp_path: Path) -> None:
    assert lianxin("plugin", "new", "paper_mail", "--in", tmp_path).returncode == 0
    done = lianxin("plugin", "check", tmp_path / "lianxin-paper-mail")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "class and manifest agree" in done.stdout
    assert " passed" in done.stdout


@pytest.mark.parametrize("name", ["", "Pigeon", "2fast", "has-dash", "x" * 40])
def test_a_name_that_cannot_be_a_module_is_refused(name: str, tmp_path: Path, capsys) -> None:
    assert main(["plugin", "new", name, "--in", str(tmp_path)]) == 1
    assert "lower-case letters" in capsys.readouterr().err


def test_a_new_plugin_does_not_overwrite_anything(tmp_path: Path, capsys) -> None:
    main(["plugin", "new", "mine", "--in", str(tmp_path)])
    assert main(["plugin", "new", "mine", "--in", str(tmp_path)]) == 1
    assert "is already there" in capsys.readouterr().err


def test_a_check_says_where_class_and_manifest_disagree(tmp_path: Path, capsys) -> None:
    main(["plugin", "new", "mine", "--in", str(tmp_path)])
    manifest = tmp_path / "lianxin-mine" / "mine" / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("capabilities = []", 'capabilities = ["shows_typing"]'))
    assert main(["plugin", "check", str(tmp_path / "lianxin-mine")]) == 1
    assert "capability 'shows_typing' needs MineChannel to inherit ShowsTyping" in capsys.readouterr().err


def test_a_check_of_a_folder_without_manifest_says_so(tmp_path: Path, capsys) -> None:
    assert main(["plugin", "check", str(tmp_path)]) == 1
    assert "no plugin.toml here" in capsys.readouterr().err


def test_switching_without_a_running_hub_says_what_to_do(tmp_path: Path, capsys) -> None:
    assert main(["plugin", "enable", "web-main", "--data", str(tmp_path)]) == 1
    assert "no hub runs on" in capsys.readouterr().err


@pytest.mark.parametrize(("action", "is_enabled"), [("enable", True), ("disable", False)])
async def test_switching_asks_the_running_hub(
    tmp_path: Path,
    nats_server: NatsServer,  # noqa: F811
    action: str,
    is_enabled: bool,
) -> None:
    asked: list[tuple[str, bool]] = []

    async def switch(instance: str, question: SwitchRequest) -> SwitchAnswer:
        asked.append((instance, question.is_enabled))
        return SwitchAnswer(is_enabled=question.is_enabled, revision=2)

    data = DataDir(tmp_path / "data")
    data.lock()
    data.announce(nats_server.url)
    async with await Bus.connect(BusSettings(url=nats_server.url, seed=Secret("")), source="hub") as bus:
        await bus.respond(ASK_SWITCH, switch, request=SwitchRequest)
        done = await asyncio.to_thread(lianxin, "plugin", action, "web-main", "--data", data.path)
    data.leave()
    assert done.stdout == f"lianxin: web-main is {action}d\n", done.stderr
    assert asked == [("web-main", is_enabled)]


async def test_an_instance_is_run_by_hand_for_a_bus_elsewhere(
    tmp_path: Path,
    nats_server: NatsServer,  # noqa: F811
) -> None:
    job = tmp_path / "job.toml"
    job.write_text(
        f'instance = "web-far"\ndata_dir = "{tmp_path / "plugin"}"\n'
        f'[nats]\nurl = "{nats_server.url}"\n[http]\npath = "{tmp_path / "far.sock"}"\n'
    )
    async with await Bus.connect(BusSettings(url=nats_server.url), source="hub") as bus:
        await bus.ensure(STREAMS, BUCKETS, [orders_consumer("web-far")])
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "lianxin", "plugin", "run", "web_chat", "--config", str(job)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                states = bus.follow(ChannelState)
                async for instance, state in states:
                    if (instance, state.state) == ("web-far", "ready"):
                        break
                await states.aclose()
                process.terminate()
                assert await process.wait() == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def test_a_plugin_that_is_not_installed_cannot_be_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "run", "nowhere", "--config", str(tmp_path / "job.toml")]) == 1
    assert "no plugin named 'nowhere' is installed" in capsys.readouterr().err
