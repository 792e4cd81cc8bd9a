"""The tree keeps its habits: small documented modules, working links and scripts, nothing of one machine."""

import ast
import os
import re
import shlex
import shutil
import signal
import subprocess
import tomllib
from pathlib import Path

import pytest

MAX_LINES = 400
SCRIPTS = ("scripts/run", "scripts/test", "scripts/lint", ".ci/run")
MACHINE_PATH = re.compile(r"(?<![\w.])/" r"(?:work|farm|root|Users)/[a-z]")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
SHELL_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def test_modules_are_short_enough_to_hold_in_mind(modules: list[Path], root: Path) -> None:
    written = [path for path in modules if path.parent.name != "migrations"]  # those are made from the models
    lines = {str(path.relative_to(root)): len(path.read_bytes().splitlines()) for path in written}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def test_every_module_says_what_it_does(modules: list[Path], root: Path) -> None:
    silent = [path for path in modules if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert [str(path.relative_to(root)) for path in silent] == []


def test_nothing_names_a_path_of_one_machine(tracked_files: list[Path], root: Path) -> None:
    found = []
    for path in tracked_files:
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(root)}: {match[0]}" for match in MACHINE_PATH.finditer(text)]
    assert found == []


def test_the_lock_file_names_no_registry(root: Path) -> None:
    lock = root / "web/package-lock.json"
    if not lock.is_file():
        pytest.skip("no front end in this tree")
    assert '"resolved"' not in lock.read_text("utf-8")


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_can_be_run_by_name(root: Path, name: str) -> None:
    path = root / name
    assert os.access(path, os.X_OK)
    subprocess.run(["sh", "-n", path], check=True)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_commands_in_the_readme_exist(root: Path, name: str) -> None:
    blocks = SHELL_BLOCK.findall((root / name).read_text("utf-8"))
    commands = [shlex.split(line)[0] for block in blocks for line in block.splitlines() if line]
    assert commands == ["scripts/run", "scripts/test"]


def test_continuous_integration_ends_with_the_command_of_the_readme(root: Path, tmp_path: Path) -> None:
    for name in (".ci", "scripts"):
        (tmp_path / name).mkdir()
    shutil.copy(root / ".ci/run", tmp_path / ".ci/run")
    command = tmp_path / "scripts/test"
    command.write_text("#!/bin/sh\necho tested\nsleep 600 &\necho $! >left_behind\nexit 3\n")
    command.chmod(0o755)
    ran = subprocess.run([tmp_path / ".ci/run"], check=False, capture_output=True, text=True, timeout=60)
    os.kill(int((tmp_path / "left_behind").read_text()), signal.SIGKILL)
    assert (ran.returncode, ran.stdout) == (3, "tested\n")


def test_links_between_pages_lead_somewhere(tracked_files: list[Path], root: Path) -> None:
    dead = []
    for page in (path for path in tracked_files if path.suffix == ".md"):
        for target in LINK.findall(page.read_text("utf-8")):
            if ":" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(root)} -> {target}")
    assert dead == []


def test_the_extra_named_all_contains_every_plugin_s_libraries(root: Path) -> None:
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert everything == f"lianxin[{','.join(sorted(extras.keys() - {'all', 'test'}))}]"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return a folder to be PATH: a Python without venv, whose command lines end up in calls.log."""
    programs = {
        "python3": 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.12-venv;; esac',
        "apt-get": f'echo "apt-get $*" >>{tmp_path}/calls.log',
        "id": "echo 0",
    }
    for name, body in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")
    return tmp_path


def sourced(root: Path, path: Path, commands: str) -> subprocess.CompletedProcess[str]:
    """Run ``commands`` as a script beside scripts/lib.sh would, with nothing but ``path`` in PATH."""
    arguments = ["/bin/sh", "-c", f'. "$(dirname -- "$0")/lib.sh"; {commands}', str(root / "scripts/run")]
    return subprocess.run(arguments, env={"PATH": str(path)}, capture_output=True, text=True, check=False)


def test_a_machine_without_python_is_told_what_to_install(root: Path, machine: Path) -> None:
    (machine / "python3").unlink()
    done = sourced(root, machine, "find_python")
    assert done.returncode == 1
    assert "sudo apt-get install python3 python3-venv" in done.stderr


def test_root_gets_the_missing_venv_package(root: Path, machine: Path) -> None:
    done = sourced(root, machine, "find_python; need_venv_module")
    assert done.returncode == 0, done.stderr
    calls = (machine / "calls.log").read_text().splitlines()
    assert calls == ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends python3.12-venv"]


def test_others_are_told_which_venv_package_is_missing(root: Path, machine: Path) -> None:
    (machine / "id").write_text("#!/bin/sh\necho 1000\n")
    done = sourced(root, machine, "find_python; need_venv_module")
    assert done.returncode == 1
    assert done.stderr == "lianxin: python3 has no venv module; type: sudo apt-get install python3.12-venv\n"
    assert not (machine / "calls.log").exists()


def test_a_second_start_installs_nothing_until_what_is_needed_changes(root: Path, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(root / "scripts/lib.sh", tmp_path / "scripts")
    (tmp_path / "pyproject.toml").write_text("version 1")
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    for name, body in {"python": f'echo "$*" >>{tmp_path}/calls.log', "lianxin": ""}.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)

    def installs() -> int:
        script = '. "$(dirname -- "$0")/lib.sh"; use_venv all'
        subprocess.run(["/bin/sh", "-c", script, str(tmp_path / "scripts/run")], check=True, capture_output=True)
        return (tmp_path / "calls.log").read_text().count("pip install")

    assert [installs(), installs()] == [1, 1]
    (tmp_path / "pyproject.toml").write_text("version 2")
    assert [installs(), installs()] == [2, 2]
