"""A PostgreSQL database goes round as well: dumped by its own tools, brought back into an empty one."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.backup.contents import BackupFailed
from hub.backup.restoring import restore_backup
from hub.backup.writing import Source, write_backup
from hub.store.address import locate
from hub.store.engine import Store
from tests.hub.store.conftest import Cluster, cluster

__all__ = ["cluster"]

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.may_block("migrations are planned in Python; the tools run as at a terminal", limit_s=30),
    pytest.mark.skipif(
        shutil.which("pg_dump") is None, reason="pg_dump is missing (Debian: apt install postgresql-client)"
    ),
]
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


async def test_a_server_s_database_goes_round(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.new_database()
    data = tmp_path / "data"
    data.mkdir()
    (data / "lianxin.toml").write_text(f'database_url = "{url}"\n')
    store = await Store.open(url)
    async with store.work() as work:
        await work.execute("INSERT INTO setting (key, value) VALUES ('proof', '{\"kept\": true}')")
    await store.close()
    source = Source(data, locate(url), "1.0")
    backup = write_backup(source, tmp_path / "backups", NOW)
    code = source.code
    with pytest.raises(BackupFailed, match="not empty"):
        restore_backup(backup, tmp_path / "restored", code)
    assert not (tmp_path / "restored").exists()
    store = await Store.open(url)
    async with store.work() as work:
        await work.execute("DROP SCHEMA public CASCADE")
        await work.execute("CREATE SCHEMA public")
    await store.close()
    restore_backup(backup, tmp_path / "restored", code)
    store = await Store.open(url)
    assert await store.fetch("SELECT key FROM setting") == [{"key": "proof"}]
    await store.close()


def test_a_tool_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    source = Source(tmp_path, locate("postgresql://lianxin@127.0.0.1:1/none"), "1.0")
    with pytest.raises(BackupFailed, match="postgresql-client"):
        write_backup(source, tmp_path / "backups", NOW)
    assert list((tmp_path / "backups").iterdir()) == []
