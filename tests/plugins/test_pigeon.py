"""The sample plugin as outsiders have it: built as a wheel, installed, found, checked, run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PIGEON = Path(__file__).parents[2] / "examples" / "pigeon"
LIMIT_S = 180


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which the plugin's wheel was installed."""
    place = tmp_path_factory.mktemp("pigeon")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", place / "wheels", PIGEON)
    (wheel,) = (place / "wheels").glob("lianxin_pigeon-1.0-*.whl")
    run(*pip, "install", "--no-deps", "--target", place / "site", wheel)
    return place / "site"


def run(*command: object, path: Path | None = None, **options) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path)} if path else None
    arguments = [str(part) for part in command]
    done = subprocess.run(
        arguments, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_its_adapter_is_at_most_a_hundred_lines() -> None:
    assert len((PIGEON / "pigeon" / "adapter.py").read_text("utf-8").splitlines()) <= 100


def test_the_installed_wheel_is_found(installed: Path) -> None:
    listed = run(sys.executable, "-P", "-m", "lianxin", "plugin", "list", path=installed).stdout
    assert "pigeon           1.0      channel      silver   信鸽 / Carrier pigeon" in listed


def test_the_installed_wheel_describes_itself(installed: Path) -> None:
    told = run(sys.executable, "-P", "-m", "core.host", "--describe", "pigeon", path=installed)
    fields = json.loads(told.stdout)["schema"]["$defs"]["PigeonConfig"]["properties"]
    assert list(fields) == ["url", "key", "poll_s"]
    assert fields["key"]["x-secret"]


def test_the_installed_wheel_passes_the_contract(installed: Path) -> None:
    run(
        *(sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"),
        *("-o", "asyncio_default_fixture_loop_scope=function", "-c", os.devnull, f"--rootdir={PIGEON}"),
        PIGEON / "tests",
        path=installed,
    )
