"""The recovery code: one for an installation, whoever asks first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hub.backup.sealing import recovery_code


def test_many_who_ask_at_once_get_the_same_code(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "recovery.code"
    with ThreadPoolExecutor(8) as pool:
        codes = set(pool.map(recovery_code, [path] * 64))
    assert codes == {path.read_text("ascii").strip()}
    assert [one.name for one in path.parent.iterdir()] == ["recovery.code"]
