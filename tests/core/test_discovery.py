import sys
from pathlib import Path

import pytest

from core.discovery import discover

MANIFEST = """
name = "{name}"
kind = "channel"
title = {{ zh = "x", en = "x" }}
api = 1
address_scheme = "x"
code_owners = ["@x"]
quality = "bronze"
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install(site: Path, module: str, manifest: str | None, *, has_record: bool = True) -> None:
    """Put a distribution into ``site`` whose package must never be imported."""
    package = site.joinpath(*module.split("."))
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    files = [f"{module.replace('.', '/')}/__init__.py"]
    if manifest is not None:
        (package / "plugin.toml").write_text(manifest)
        files.append(f"{module.replace('.', '/')}/plugin.toml")
    info = site / f"{module.replace('.', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[lianxin.plugins]\nx = {module}\n")
    if has_record:
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_the_houses_own_plugins_are_found() -> None:
    found, _ = discover()
    assert found["web_chat"].module == "plugins.web_chat"


@pytest.mark.parametrize("has_record", [True, False], ids=["a wheel", "an editable install"])
def test_an_outside_plugin_is_found_and_not_imported(site: Path, has_record: bool) -> None:
    install(site, "outside_one", MANIFEST.format(name="outside_one"), has_record=has_record)
    found, _ = discover()
    assert (found["outside_one"].module, found["outside_one"].folder) == ("outside_one", site / "outside_one")
    assert "outside_one" not in sys.modules


def test_a_plugin_inside_a_package_is_found_by_its_file_list(site: Path) -> None:
    install(site, "firm.outside_two", MANIFEST.format(name="outside_two"))
    assert discover()[0]["outside_two"].module == "firm.outside_two"


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [(None, "plugin.toml"), ("name = 1", "name"), (MANIFEST.format(name="web_chat"), "already named 'web_chat'")],
    ids=["no manifest", "a broken one", "the name of another"],
)
def test_one_that_cannot_be_used_is_named_with_its_reason(site: Path, manifest: str | None, reason: str) -> None:
    install(site, "outside_three", manifest)
    found, broken = discover()
    (mine,) = (plugin for plugin in broken if plugin.module == "outside_three")
    assert reason in mine.reason
    assert found["web_chat"].module == "plugins.web_chat"
