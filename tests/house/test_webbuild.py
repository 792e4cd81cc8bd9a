"""The front end is built when, and only when, its sources have changed."""

import json
import re
import sys
from pathlib import Path

import pytest

from hub.http.static import PAGES
from lianxin import webbuild

FAKE_NPM = """
import pathlib, sys
with open("calls.log", "a") as calls:
    print(*sys.argv[1:], file=calls)
if sys.argv[1] == "ci":
    pathlib.Path("node_modules").mkdir(exist_ok=True)
if pathlib.Path("is_broken").exists():
    sys.exit("no room left")
"""


class Tree:
    """A small front end whose npm writes down what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.web = folder / "web"
        self.output = folder / "lianxin" / "_web"
        self.said: list[str] = []

    def build(self, **options: bool) -> list[str]:
        """Build and return npm's arguments, one line for each call."""
        log = self.web / "calls.log"
        try:
            webbuild.build(self.said.append, **options)
            return log.read_text().splitlines() if log.exists() else []
        finally:
            log.unlink(missing_ok=True)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    tree = Tree(tmp_path)
    tree.web.mkdir()
    tree.output.parent.mkdir()
    (tree.web / "package.json").write_text("{}")
    (tree.web / "package-lock.json").write_text("{}")
    (tmp_path / "npm.py").write_text(FAKE_NPM)
    npm = webbuild.Npm((sys.executable, str(tmp_path / "npm.py")), str(tmp_path))
    monkeypatch.setattr(webbuild, "WEB", tree.web)
    monkeypatch.setattr(webbuild, "OUTPUT", tree.output)
    monkeypatch.setattr(webbuild, "STAMP", tree.output / ".stamp")
    monkeypatch.setattr(webbuild, "LIBRARIES", tree.output / "libraries.json")
    monkeypatch.setattr(webbuild, "MODULES", tree.web / "node_modules")
    monkeypatch.setattr(webbuild, "MODULES_STAMP", tree.web / "node_modules" / ".lianxin-lock")
    monkeypatch.setattr(webbuild, "find_npm", lambda: npm)
    return tree


def commands(calls: list[str]) -> list[str]:
    return [call.split(" --")[0] for call in calls]


def test_the_first_build_fetches_libraries_and_the_second_does_nothing(tree: Tree) -> None:
    assert webbuild.is_stale()
    assert commands(tree.build()) == ["ci", "run build"]
    assert not webbuild.is_stale()
    assert tree.build() == []


def test_a_changed_source_is_built_without_fetching_again(tree: Tree) -> None:
    tree.build()
    (tree.web / "src").mkdir()
    (tree.web / "src" / "main.ts").write_text("1")
    assert commands(tree.build()) == ["run build"]


def test_a_changed_lock_file_fetches_again(tree: Tree) -> None:
    tree.build()
    (tree.web / "package-lock.json").write_text("{ }")
    assert commands(tree.build()) == ["ci", "run build"]


def test_what_tools_write_does_not_make_it_stale(tree: Tree) -> None:
    tree.build()
    (tree.web / "components.d.ts").touch()
    (tree.web / "node_modules" / "x.js").touch()
    assert not webbuild.is_stale()


def test_a_failed_build_is_tried_again(tree: Tree) -> None:
    (tree.web / "is_broken").touch()
    with pytest.raises(webbuild.WebBuildFailed, match=r"npm ci .* status 1\nno room left"):
        tree.build()
    assert webbuild.is_stale()


def test_libraries_fetched_for_a_package_are_thrown_away(tree: Tree) -> None:
    tree.build(keep_modules=False)
    assert not webbuild.MODULES.exists()
    assert not webbuild.is_stale()


def test_a_tree_without_front_end_is_no_error(tree: Tree) -> None:
    (tree.web / "package.json").unlink()
    assert not webbuild.is_stale()
    assert tree.build() == []
    assert "going on without it" in tree.said[0]


@pytest.mark.parametrize(
    ("version", "is_used"),
    [("v20.20.2", False), ("v22.17.1", False), ("v22.18.0", True), ("v24.1.0", True), ("what?", False)],
)
def test_the_machine_s_node_is_used_when_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, is_used: bool
) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{version}'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    expected = webbuild.Npm((str(tmp_path / "npm"),), str(tmp_path)) if is_used else None
    assert webbuild._system_npm() == expected


def test_the_oldest_node_is_the_one_the_front_end_asks_for(root: Path) -> None:
    package = json.loads((root / "web/package.json").read_text("utf-8"))
    assert package["engines"]["node"] == ">=" + ".".join(map(str, webbuild.OLDEST_NODE))


def test_what_it_is_made_from_is_written_down_for_the_page_of_licences(tree: Tree) -> None:
    packages = {
        "": {"name": "web"},
        "node_modules/vue": {"version": "3.5.45", "license": "MIT"},
        "node_modules/a/node_modules/@b/c": {"version": "1.0.0", "license": "ISC"},
        "node_modules/vitest": {"version": "4.0.0", "license": "MIT", "dev": True},
    }
    (tree.web / "package-lock.json").write_text(json.dumps({"packages": packages}))
    tree.build()
    found = json.loads((tree.output / "libraries.json").read_text())
    assert [(one["name"], one["version"], one["license"]) for one in found] == [
        ("vue", "3.5.45", "MIT"),
        ("@b/c", "1.0.0", "ISC"),
    ]


def test_every_page_of_the_router_is_served_when_it_is_opened_anew(root: Path) -> None:
    router = (root / "web/src/router.ts").read_text("utf-8")
    assert {f"/{name}" for name in re.findall(r"\bpath: '/([a-z-]+)", router)} == set(PAGES)
