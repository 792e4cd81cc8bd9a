"""What tests about the repository share."""

import subprocess
from pathlib import Path

import pytest

from lianxin.guard import PACKAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def tracked_files(root: Path) -> list[Path]:
    """Return every file under version control that is still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := root / name).is_file()]


@pytest.fixture(scope="session")
def modules(root: Path) -> list[Path]:
    """Return every Python module of the packages."""
    return [path for package in (*PACKAGES, "lianxin") for path in sorted((root / package).rglob("*.py"))]
