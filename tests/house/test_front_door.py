"""What outside plugins import, and the guard in front of it."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import lianxin
from core import hookspecs


def test_every_public_name_is_there_and_in_order() -> None:
    assert [name for name in lianxin.__all__ if not hasattr(lianxin, name)] == []
    assert lianxin.__all__ == sorted(lianxin.__all__)


def test_what_our_plugins_use_of_core_others_can_import_too(root: Path) -> None:
    used = {
        alias.name
        for path in root.glob("plugins/**/*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "core"
        for alias in node.names
    }
    assert sorted(used - set(lianxin.__all__)) == []


def test_what_hooks_hand_over_can_be_named() -> None:
    handed = {
        kind.__name__
        for hook in vars(hookspecs).values()
        if hasattr(hook, f"{hookspecs.PROJECT}_spec")
        for kind in get_type_hints(hook).values()
        if isinstance(kind, type) and kind.__module__.partition(".")[0] == "core"
    }
    assert {"ContactView", "MessageReceived"} <= handed
    assert sorted(handed - set(lianxin.__all__)) == []


def test_a_foreign_package_of_the_same_name_is_reported_with_path_and_remedy(root: Path, tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core/__init__.py").touch()
    program = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(root)!r}]; import lianxin"
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False)
    last_line = done.stderr.strip().splitlines()[-1]
    assert last_line.startswith(f"ImportError: Lianxin's package 'core' is found in {tmp_path / 'core'}, expected in")
    assert "virtual environment of its own" in last_line
