"""What every test gets: a loop guard, and skips that name what the machine lacks."""

import gc
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from core.testing.clock import VirtualClock
from core.testing.loop_guard import watch_loop

os.environ["LIANXIN_LANGUAGE"] = "en"  # what commands say does not depend on the machine's locale

LOOP_LIMIT_S = 0.5  # far above what our code takes, above what a busy machine's disk adds to it


def chromium() -> str | None:
    """Return the path of the browser that tests drive: LIANXIN_CHROMIUM, or the system's."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("LIANXIN_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def has_postgresql() -> bool:
    """Tell whether PostgreSQL's server programs are here; Debian keeps them out of PATH."""
    return bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "may_block(reason, limit_s=...): lets the test hold the event loop longer, for a good reason"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and chromium() is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium fonts-noto-cjk")
    if item.get_closest_marker("postgresql") and not has_postgresql():
        pytest.skip("needs PostgreSQL: sudo apt-get install postgresql")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a test in which one callback holds the event loop; what fixtures do before and after is left alone."""
    marker = item.get_closest_marker("may_block")
    if marker and not marker.args:
        pytest.fail("may_block wants a reason: @pytest.mark.may_block('why')", pytrace=False)
    limit_s = marker.kwargs.get("limit_s", float("inf")) if marker else LOOP_LIMIT_S
    if item.get_closest_marker("browser"):
        limit_s = float("inf")  # the loop is the browser driver's own
    with watch_loop(limit_s) as blockages:
        yield
    if blockages:
        pytest.fail("\n".join(map(str, blockages)), pytrace=False)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return Chromium's path; skips the test on a machine without one."""
    path = chromium()
    if path is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium fonts-noto-cjk")
    return path


@pytest.fixture
def clock() -> VirtualClock:
    """Return a clock that stands on a Monday morning until it is advanced."""
    return VirtualClock()


@pytest.fixture(autouse=True, scope="module")
def _what_is_left_of_earlier_tests_is_not_walked_again() -> Iterator[None]:
    """Keep a full collection short: over everything thousands of tests left behind it stops the loop for a second."""
    yield
    gc.collect()
    gc.freeze()
