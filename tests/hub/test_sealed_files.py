"""Files sealed at rest: read alike from any place, and not at all once somebody changed them."""

import os
from io import BytesIO
from pathlib import Path

import pytest

from core.errors import ConfigInvalid
from hub.media import StoredFile
from hub.sealed_files import HEADER_BYTES, PIECE_BYTES, SEALED_BYTES, FileKey, is_sealed

KEY = FileKey(bytes(range(32)))


def sealed(folder: Path, data: bytes) -> StoredFile:
    path = folder / "file"
    with path.open("wb") as file:
        KEY.seal(BytesIO(data), file)
    return StoredFile(path, KEY)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 77])
def test_any_part_is_read_as_it_was(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    file = sealed(tmp_path, data)
    assert is_sealed(file.path)
    assert file.read_bytes() == data
    for begin in {0, 1, size // 2, PIECE_BYTES - 3, PIECE_BYTES, max(0, size - 5), size, size + 9}:
        assert file.read_part(begin, 70_000) == data[begin : begin + 70_000]


def test_nothing_of_it_stands_on_the_disk(tmp_path: Path) -> None:
    file = sealed(tmp_path, b"the citizen's voice" * 1_000)
    assert b"citizen" not in file.path.read_bytes()


@pytest.mark.parametrize("change", ["flip", "cut", "swap", "cut to a piece", "another key"])
def test_what_was_changed_is_not_read(tmp_path: Path, change: str) -> None:
    file = sealed(tmp_path, os.urandom(3 * PIECE_BYTES))
    raw = bytearray(file.path.read_bytes())
    first, second = slice(HEADER_BYTES, HEADER_BYTES + SEALED_BYTES), slice(HEADER_BYTES + SEALED_BYTES, -SEALED_BYTES)
    match change:
        case "flip":
            raw[HEADER_BYTES + 5] ^= 1
        case "cut":
            del raw[-9:]
        case "swap":
            raw[first], raw[second] = raw[second], raw[first]
        case "cut to a piece":
            del raw[-SEALED_BYTES:]
        case "another key":
            file = StoredFile(file.path, FileKey(bytes(32)))
    file.path.write_bytes(raw)
    with pytest.raises(OSError, match="altered"):
        file.read_bytes()


def test_the_same_bytes_look_different_each_time(tmp_path: Path) -> None:
    assert sealed(tmp_path, b"same").path.read_bytes() != sealed(tmp_path, b"same").path.read_bytes()


@pytest.mark.parametrize("text", ["", "no key", "ab" * 31, None])
def test_a_key_file_without_a_key_is_named(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "media.key"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigInvalid) as caught:
        FileKey.load(path)
    assert "media_key" in caught.value.faults
