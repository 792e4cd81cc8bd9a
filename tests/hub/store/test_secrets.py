"""Sealed settings: only the key file opens them."""

import stat
from pathlib import Path

import pytest

from hub.store.errors import KeyUnusable
from hub.store.secrets import Sealer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "data.key"


def test_what_is_sealed_opens_with_the_same_file_and_shows_nothing(path: Path) -> None:
    sealed = Sealer.load(path).seal("密码 hunter2")
    assert "hunter2" not in sealed
    assert Sealer.load(path).open(sealed) == "密码 hunter2"


def test_only_the_owner_may_read_the_key_file(path: Path) -> None:
    Sealer.load(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sealing_twice_gives_two_different_words(path: Path) -> None:
    sealer = Sealer.load(path)
    assert sealer.seal("a") != sealer.seal("a")


def test_after_rotation_old_values_open_and_new_ones_use_the_new_key(path: Path) -> None:
    old = Sealer.load(path)
    sealed = old.seal("a")
    new = old.rotate()
    assert new.open(sealed) == "a"
    assert not new.is_current(sealed)
    assert new.is_current(new.seal("a"))
    with pytest.raises(KeyUnusable, match="is not in"):
        old.open(new.seal("a"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("position", [20, 40, -3])
def test_an_altered_value_is_refused(path: Path, position: int) -> None:
    sealer = Sealer.load(path)
    sealed = sealer.seal("a secret of some length")
    altered = sealed[:position] + ("A" if sealed[position] != "A" else "B") + sealed[position + 1 :]
    with pytest.raises(KeyUnusable, match="altered"):
        sealer.open(altered)


@pytest.mark.parametrize("value", ["", "plain", "sealed:00000000:", "sealed:00000000:AAAA", "sealed:0:x:y"])
def test_what_was_never_sealed_is_refused(path: Path, value: str) -> None:
    with pytest.raises(KeyUnusable):
        Sealer.load(path).open(value)


@pytest.mark.parametrize("text", ["", "\n", "nonsense\n", "0123abcd 00\n"])
def test_a_damaged_key_file_is_named_and_left_alone(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(KeyUnusable, match=r"data\.key"):
        Sealer.load(path)
    assert path.read_text() == text
