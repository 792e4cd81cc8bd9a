"""docs/features.md tells the truth in the agreed form."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

LAST = 366
FIELD_FAILURES = 10  # that S337 names
ROW = re.compile(r"\| S(\d+) \| (\S(?:[^|]*\S)?) \| (yes|part|no) \|(?: (\S+))? \|")


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    text: str
    state: str
    proof: str | None


@pytest.fixture(scope="module")
def rows(root: Path) -> list[Row]:
    lines = [line for line in (root / "docs/features.md").read_text("utf-8").splitlines() if line.startswith("| S")]
    matches = [(line, ROW.fullmatch(line)) for line in lines]
    assert [line for line, match in matches if match is None] == []
    return [Row(int(match[1]), match[2], match[3], match[4]) for _, match in matches if match]


def test_every_capability_has_one_row_in_order(rows: list[Row]) -> None:
    assert [row.number for row in rows] == list(range(1, LAST + 1))


def test_only_what_is_claimed_has_a_proof(rows: list[Row]) -> None:
    assert [row.number for row in rows if (row.state == "no") != (row.proof is None)] == []


def test_every_proof_is_a_test_that_exists(rows: list[Row], root: Path) -> None:
    assert [f"S{row.number}: {row.proof}" for row in rows if row.proof and not _exists(root, row.proof)] == []


def test_every_failure_seen_in_the_field_has_a_test(root: Path) -> None:
    page = (root / "docs/calls.md").read_text("utf-8")
    table = page.partition("## Failures seen in the field")[2].partition("\n## ")[0]
    proofs = re.findall(r"^\| [^|]+ \| (tests/\S+) \|$", table, re.MULTILINE)
    assert len(proofs) == FIELD_FAILURES
    assert [proof for proof in proofs if not _exists(root, proof)] == []


def _exists(root: Path, proof: str) -> bool:
    """Tell whether ``proof`` (file::function or file::Class::function) is defined."""
    file, *names = proof.split("::")
    path = root / file
    if not (file.startswith("tests/") and path.is_file() and names and names[-1].startswith("test_")):
        return False
    body: list[ast.stmt] = ast.parse(path.read_text("utf-8")).body
    for name in names:
        found = [
            node
            for node in body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name
        ]
        if not found:
            return False
        body = found[0].body
    return True


@pytest.mark.parametrize(
    ("proof", "exists"),
    [
        ("tests/house/test_features.py::test_every_proof_is_a_test_that_exists", True),
        ("tests/house/test_features.py::test_that_nobody_wrote", False),
        ("tests/house/test_features.py::_exists", False),
        ("tests/house/test_features.py", False),
        ("tests/house/missing.py::test_x", False),
    ],
)
def test_a_proof_is_looked_up_by_file_and_function(root: Path, proof: str, exists: bool) -> None:
    assert _exists(root, proof) is exists
