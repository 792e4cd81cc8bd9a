"""Who may import whom: import-linter's contracts hold, and each package keeps to the libraries declared for it."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from lianxin.guard import PACKAGES

OURS = {*PACKAGES, "lianxin"}
CORE = {"msgspec", "nats", "pluggy"}
AIOHTTP = {"aiohttp", "multidict", "yarl"}  # the two others are parts of its interface
SDK = {*AIOHTTP, "msgspec"}  # what every plugin may count on
BESIDES = {
    "hub/calls/recording_copies.py": {"soundfile"},  # of the extra asr, when a copy is to be GSM
    "core/host": {*AIOHTTP, "uvloop"},  # serves the routes of channels and runs the plugin's loop
    "core/sockets": {*AIOHTTP, "websockets"},  # takes connections from the web server
    "core/testing": {*AIOHTTP, "hypothesis", "pytest", "pytest_asyncio"},
}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, object]:
    table: dict[str, object] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def test_the_import_contracts_hold(root: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_package_keeps_to_the_libraries_declared_for_it(
    modules: list[Path], root: Path, project: dict[str, object]
) -> None:
    strangers = []
    for path in modules:
        place = path.relative_to(root).as_posix()
        allowed = OURS | sys.stdlib_module_names | _libraries(place, project)
        strangers += [f"{place}:{line} {name}" for line, name in imports(path) if name.partition(".")[0] not in allowed]
    assert strangers == []


def test_plugins_do_not_know_each_other(modules: list[Path], root: Path) -> None:
    gossip = []
    for path in modules:
        match path.relative_to(root).parts:
            case ("plugins", plugin, *_):
                gossip += [
                    f"{path.relative_to(root)}:{line} {name}"
                    for line, name in imports(path)
                    if name.startswith("plugins.") and name.split(".")[1] != plugin
                ]
    assert gossip == []


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything ``path`` imports absolutely."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module


def _libraries(place: str, project: dict[str, object]) -> set[str]:
    """Return the outside packages that the module at ``place`` may import."""
    package, _, rest = place.partition("/")
    besides = set[str]().union(*(more for prefix, more in BESIDES.items() if place.startswith(prefix)))
    match package, project:
        case "core", _:
            return CORE | besides
        case "hub" | "admin", {
            "dependencies": list(requirements),
            "optional-dependencies": {"postgresql": list(sql), "tantivy": list(index)},
        }:
            return AIOHTTP | _import_names([*requirements, *sql, *index]) | besides
        case "plugins", {"optional-dependencies": dict(extras)}:
            return SDK | _import_names(extras.get(rest.partition("/")[0], []))
        case _:
            return set()


def _import_names(requirements: Iterable[str]) -> set[str]:
    wanted = {_normal(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}
    return {name for name, dists in _installed().items() if wanted & {_normal(dist) for dist in dists}}


_installed = cache(packages_distributions)  # reads every installed package


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
