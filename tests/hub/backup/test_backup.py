"""A backup made while the hub works brings everything back; a damaged one changes nothing."""

import asyncio
import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.testing.nats import NatsServer
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.backup.contents import BackupDamaged, BackupTooNew
from hub.backup.restoring import DataDirNotEmpty, restore_backup
from hub.backup.sealing import RecoveryCodeWrong
from hub.backup.writing import Source, write_backup
from hub.cli import main
from hub.demo import PASSWORD
from hub.store.address import locate
from hub.supervisor.data_dir import DataDir, DataDirBusy
from tests.hub.conftest import _quick_hashes, data, demo_data, house, nats_server
from tests.hub.support.house import House, until
from tests.journeys.support.clients import Agent

__all__ = ["_quick_hashes", "data", "demo_data", "house", "nats_server"]

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def source_of(data: Path) -> Source:
    return Source(data, locate(f"sqlite://{data / 'hub.db'}"), "1.0")


def rows(data: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with closing(sqlite3.connect(data / "hub.db")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall() for name in names}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def filled(data: Path) -> Path:
    """Return a data directory with something of everything."""
    (data / "lianxin.toml").write_text('database_url = ""\n')
    media = data / "media" / "ab" / ("ab" * 32)
    media.parent.mkdir(parents=True, exist_ok=True)
    media.write_bytes(os.urandom(300_000))
    (data / "nats" / "keys").mkdir(parents=True, exist_ok=True)
    (data / "nats" / "keys" / "hub.seed").write_text("SUA-not-a-real-one\n")
    plugin = data / "plugins" / "email-main"
    plugin.mkdir(parents=True)
    (plugin / "token.key").write_bytes(b"secret-of-the-plugin")
    (plugin / "cursor").write_text("17")
    with closing(sqlite3.connect(plugin / "sent.db")) as journal:
        journal.execute("CREATE TABLE sent (message_id TEXT)")
        journal.execute("INSERT INTO sent VALUES ('m1')")
        journal.commit()
    (data / "lookups").mkdir()
    with closing(sqlite3.connect(data / "lookups" / "permits.db")) as permits:
        permits.executescript("CREATE TABLE permit (number TEXT); INSERT INTO permit VALUES ('7')")
    return data


@pytest.fixture
def backup(filled: Path, tmp_path: Path) -> Path:
    return write_backup(source_of(filled), tmp_path / "backups", NOW)


def test_what_was_destroyed_is_brought_back(filled: Path, backup: Path, tmp_path: Path) -> None:
    code, before, files_before = source_of(filled).code, rows(filled), files(filled)
    shutil.rmtree(filled)
    manifest = restore_backup(backup, filled, code.lower().replace("-", " "))
    assert manifest.made_at == NOW
    assert rows(filled) == before
    after = files(filled)
    ours = {name for name in files_before if name.startswith(("media/", "keys/", "nats/keys/", "plugins/", "lianxin"))}
    assert {name: after[name] for name in ours - {"plugins/email-main/sent.db"}} == {
        name: files_before[name] for name in ours - {"plugins/email-main/sent.db"}
    }
    with closing(sqlite3.connect(filled / "plugins/email-main/sent.db")) as journal:
        assert journal.execute("SELECT * FROM sent").fetchall() == [("m1",)]
    with closing(sqlite3.connect(filled / "lookups/permits.db")) as permits:
        assert permits.execute("SELECT * FROM permit").fetchall() == [("7",)]
    assert {path.stat().st_mode & 0o077 for path in filled.rglob("*") if path.is_file()} == {0}


def test_no_key_lies_open_in_a_backup(filled: Path, backup: Path) -> None:
    with tarfile.open(backup) as tar:
        content = b"".join(file.read() for one in tar if (file := tar.extractfile(one)))
    key = (filled / "keys" / "data.key").read_bytes().strip()
    for secret in (key, b"SUA-not-a-real-one", b"secret-of-the-plugin", source_of(filled).code.encode()):
        assert secret not in content
    assert backup.stat().st_mode & 0o077 == 0


async def test_a_backup_made_while_the_hub_works_is_one_moment(
    house: House, data: Path, tmp_path: Path, nats_server: NatsServer
) -> None:
    writing = asyncio.Event()

    async def write() -> None:
        async with house.channel() as channel:
            for number in range(10_000):
                await channel.write(f"webchat:c{number}", f"第 {number} 条")
                if number == 5:
                    writing.set()

    async def conversations() -> int:
        return int((await house.services.store.fetch("SELECT count(*) AS n FROM entry"))[0]["n"])

    task = asyncio.create_task(write())
    await writing.wait()
    before = await conversations()
    path = await asyncio.to_thread(write_backup, source_of(data), tmp_path / "backups", NOW)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    after = await conversations()
    code = source_of(data).code
    await house.stop()
    restored = tmp_path / "restored"
    await asyncio.to_thread(restore_backup, path, restored, code)
    kept = len(rows(restored)["entry"])
    assert before <= kept <= after
    entries = {row[0] for row in rows(data)["entry"]}
    assert {row[0] for row in rows(restored)["entry"]} <= entries
    again = House(nats_server, restored)
    await again.start()
    try:
        async with Agent(again.url, "zhou", PASSWORD) as zhou:
            assert zhou.me["username"] == "zhou"
    finally:
        await again.stop()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_at_the_end(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1_000)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def replace_all(path: Path) -> None:
    path.write_bytes(b"no backup at all")


def rewritten(change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Callable[[Path], None]:
    """Return what writes a backup again with ``change`` done to each member."""

    def rewrite(path: Path) -> None:
        buffer = io.BytesIO()
        with tarfile.open(path) as old, tarfile.open(fileobj=buffer, mode="w:gz") as new:
            for info in old:
                file = old.extractfile(info)
                assert file is not None
                if (changed := change(info.name, file.read())) is not None:
                    info.name, content = changed
                    info.size = len(content)
                    new.addfile(info, io.BytesIO(content))
        path.write_bytes(buffer.getvalue())

    return rewrite


def newer(name: str, content: bytes) -> tuple[str, bytes]:
    if name != "manifest.json":
        return name, content
    manifest = json.loads(content)
    manifest["migrations"].append("m9999_from_the_future")
    return name, json.dumps(manifest).encode()


DAMAGES = {
    "cut in the middle": (cut, BackupDamaged),
    "cut near the end": (cut_at_the_end, BackupDamaged),
    "one bit turned": (flip, BackupDamaged),
    "something else": (replace_all, BackupDamaged),
    "a file changed": (
        rewritten(lambda name, content: (name, content[:-1] + b"x" if name.startswith("media") else content)),
        BackupDamaged,
    ),
    "a file missing": (
        rewritten(lambda name, content: None if name.startswith("media") else (name, content)),
        BackupDamaged,
    ),
    "a path out of the folder": (
        rewritten(lambda name, content: ("plugins/a/../../../../x" if name.startswith("media") else name, content)),
        BackupDamaged,
    ),
    "an absolute path": (
        rewritten(lambda name, content: ("/tmp/lianxin-x" if name.startswith("media") else name, content)),
        BackupDamaged,
    ),
    "a newer program's": (rewritten(newer), BackupTooNew),
}


@pytest.mark.parametrize(("damage", "error"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_backup_is_refused_and_nothing_is_changed(
    filled: Path, backup: Path, tmp_path: Path, damage: Callable[[Path], None], error: type[Exception]
) -> None:
    damage(backup)
    there = tmp_path / "there"
    there.mkdir()
    for folder in (there, tmp_path / "new"):
        with pytest.raises(error):
            restore_backup(backup, folder, source_of(filled).code)
    assert list(there.iterdir()) == []
    assert not (tmp_path / "new").exists()


def test_a_wrong_code_opens_nothing(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(RecoveryCodeWrong):
        restore_backup(backup, tmp_path / "new", "AAAA-BBBB")
    assert not (tmp_path / "new").exists()


def test_nothing_is_restored_over_a_hub(filled: Path, backup: Path) -> None:
    code, before = source_of(filled).code, files(filled)
    with pytest.raises(DataDirNotEmpty):
        restore_backup(backup, filled, code)
    running = DataDir(filled)
    running.lock()
    try:
        with pytest.raises(DataDirBusy):
            restore_backup(backup, filled, code)
    finally:
        running.leave()
        (filled / "lock").unlink()
    assert files(filled) == before


def test_an_installation_goes_round_by_the_command_line(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["backup", "--data", str(filled), "--to", str(tmp_path / "to")]) == 0
    code = source_of(filled).code
    assert code in capsys.readouterr().out
    (file,) = (tmp_path / "to").iterdir()
    restored = tmp_path / "restored"
    assert main(["restore", str(file), "--data", str(restored)]) == 1
    assert "LIANXIN_RECOVERY_CODE" in capsys.readouterr().err
    monkeypatch.setenv("LIANXIN_RECOVERY_CODE", code)
    assert main(["restore", str(file), "--data", str(restored)]) == 0
    assert rows(restored) == rows(filled)


async def test_an_administrator_makes_takes_and_deletes_a_backup(house: House, tmp_path: Path) -> None:
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    await house.services.users.make(Identity(username="operator"), new, password=PASSWORD)
    async with Agent(house.url, "root", PASSWORD) as admin:
        started = await admin.call("POST", "/backups")
        assert started["running"] is not None
        await until(lambda: house.services.backups.is_idle)
        overview = await admin.call("GET", "/backups")
        assert (overview["running"], overview["fault"]) == (None, "")
        (made,) = overview["items"]
        async with admin.http.get(f"{house.url}/api/v1/backups/{made['name']}") as answer:
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{made["name"]}"'
            (tmp_path / "taken").write_bytes(await answer.read())
        code = (await admin.call("POST", "/backup-recovery-code"))["code"]
        await asyncio.to_thread(restore_backup, tmp_path / "taken", tmp_path / "restored", code)
        await admin.call("DELETE", f"/backups/{made['name']}")
        assert (await admin.call("GET", "/backups"))["items"] == []
        for name in (made["name"], "..", "lianxin.toml"):
            assert (await admin.try_call("DELETE", f"/backups/{name}"))[0] in (404, 405)
        deeds = [one["action"] for one in (await admin.call("GET", "/audit?limit=4"))["items"]]
        assert deeds == ["backup.delete", "backup.code", "backup.download", "backup.make"]
