import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import main
from hub.supervisor.data_dir import DataDir

FAKE_HUB = Path(__file__).parents[1] / "supervisor" / "fake_hub.py"


def test_a_data_directory_has_one_supervisor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = DataDir(tmp_path)
    data.lock()
    data.announce("nats://127.0.0.1:1")
    assert main(["run", "--data", str(tmp_path)]) == 1
    assert f"in use by another lianxin run (process {os.getpid()})" in capsys.readouterr().err
    data.leave()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("htp = 1", "htp: unknown setting"),
        ("[http]\nport = -1", "http.port"),
        ("[http", "lianxin.toml"),
        ("[plugins]\nfence_after = 0", "fence_after"),
    ],
)
def test_a_settings_file_with_a_fault_stops_the_start_at_once(tmp_path: Path, capsys, text: str, fault: str) -> None:
    (tmp_path / "lianxin.toml").write_text(text)
    assert main(["run", "--data", str(tmp_path)]) == 1
    assert fault in capsys.readouterr().err


def test_a_hub_of_its_own_needs_a_bus(tmp_path: Path, capsys) -> None:
    assert main(["hub", "--data", str(tmp_path)]) == 1
    assert "nats: needed" in capsys.readouterr().err


def test_a_hub_that_refuses_its_settings_ends_the_start_with_its_words(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom hub.cli import run\n"
        "from hub.supervisor.supervisor import Setup\nimport hub.cli\n"
        "run.Setup = lambda data, settings: Setup(data, settings, hub=(sys.executable, '-P', sys.argv[2]))\n"
        "sys.exit(hub.cli.main(['run', '--data', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(tmp_path / "data"), str(FAKE_HUB)],
        env={**os.environ, "HUB_REFUSES": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "the hub does not start: database_url: no such engine" in done.stderr
