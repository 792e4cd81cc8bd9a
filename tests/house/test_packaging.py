"""The wheel carries all that a hub needs, and nothing of the workshop."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lianxin.guard import PACKAGES


@pytest.fixture(scope="module")
def names(root: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names of the files in a wheel made from the tree as it is."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=root,
        env={**os.environ, "LIANXIN_SKIP_WEB": "1"},
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_file_of_the_packages_is_in_the_wheel(names: set[str], tracked_files: list[Path], root: Path) -> None:
    wanted = {path.relative_to(root).as_posix() for path in tracked_files}
    assert (
        sorted(name for name in wanted if name.partition("/")[0] in {*PACKAGES, "lianxin"} and name not in names) == []
    )


def test_the_built_front_end_is_in_the_wheel(names: set[str], root: Path) -> None:
    built = {path.relative_to(root).as_posix() for path in (root / "lianxin/_web").rglob("*") if path.is_file()}
    if not built:
        pytest.skip("the front end has not been built here")
    assert sorted(built - names) == []


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {*PACKAGES, "lianxin"}
