"""Whoever plants a fault in a channel is found out by the contract suite, each by the test made for it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

HERE = Path(__file__).parent
PLANTED = HERE / "planted.py"
PIGEON = HERE.parents[2] / "examples" / "pigeon"

# (contract class, the test that must fail), as planted.py declares them
FAULTS = re.findall(r'@planted\("([^"]+)"\)\nclass (\w+)', PLANTED.read_text("utf-8"))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Run each fault's test, and all tests of the channel without fault; return what became of them."""
    report = tmp_path_factory.mktemp("planted") / "report.xml"
    tests = [f"{PLANTED}::Test{name}::{test}" for test, name in FAULTS]
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={HERE}", "-c", os.devnull),
            *("--import-mode=importlib", "-W", "error", "-o", "asyncio_default_fixture_loop_scope=function"),
            *(f"--junitxml={report}", *tests, f"{PLANTED}::TestNothingWrong"),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PIGEON), str(PIGEON / "tests")])},
        check=False,
        timeout=300,
        stdout=subprocess.DEVNULL,
    )
    return {
        (case.get("classname", "").rsplit(".", 1)[-1], case.get("name", "")): _outcome(case)
        for case in ElementTree.parse(report).iter("testcase")
    }


@pytest.mark.parametrize(("test", "fault"), FAULTS, ids=[name for _, name in FAULTS])
def test_the_fault_is_caught(outcomes, test: str, fault: str) -> None:
    assert outcomes[f"Test{fault}", test] != "passed"


def test_the_channel_without_a_fault_passes_everything(outcomes) -> None:
    mine = {name: outcome for (case, name), outcome in outcomes.items() if case == "TestNothingWrong"}
    assert len(mine) >= 20
    assert {name: outcome for name, outcome in mine.items() if outcome not in {"passed", "skipped"}} == {}


def _outcome(case: ElementTree.Element) -> str:
    return next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")
