"""The same tests on SQLite and PostgreSQL; the latter is a throw-away cluster on a unix socket."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from hub.store.engine import Store

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def postgresql_binaries() -> Path | None:
    """Where initdb and pg_ctl lie; None when PostgreSQL is not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None


class Cluster:
    """A PostgreSQL of our own, without fsync, reachable through a directory that only tests know."""

    def __init__(self, binaries: Path) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="lianxin-pg-"))
        self._binaries = binaries
        self._account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self._account is not None:
            os.chown(self.directory, self._account.pw_uid, self._account.pw_gid)
        self._run("initdb", "-D", str(self.directory / "data"), "-U", "lianxin", "-A", "trust", "-N", "-E", "UTF8")
        options = f"-F -k {self.directory} -c listen_addresses='' -c max_connections=40 -c shared_buffers=16MB"
        log = str(self.directory / "log")
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-l", log, "-w", "-o", options, "start")

    def new_database(self, template: str = "template1") -> str:
        """Make an empty database, or a copy of the one with the URL ``template``; return its URL."""
        name, original = f"t{uuid.uuid4().hex}", template.partition("?")[0].rpartition("/")[2]
        self._run("createdb", "-h", str(self.directory), "-U", "lianxin", "-T", original, name)
        return f"postgresql://lianxin@/{name}?host={quote(str(self.directory), safe='')}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.directory)

    def _run(self, program: str, *arguments: str) -> None:
        account = self._account
        command = [str(self._binaries / program), *arguments]
        subprocess.run(
            command,
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            env={**os.environ, "LC_ALL": "C"},
        )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    binaries = postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    running = Cluster(binaries)
    yield running
    running.stop()


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def new_url(request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """A function that makes one empty database after another."""
    if engine == "postgresql":
        return request.getfixturevalue("cluster").new_database
    return lambda: f"sqlite://{tmp_path_factory.mktemp('store') / 'hub.db'}"


@pytest.fixture(scope="session")
def template(new_url: Callable[[], str]) -> str:
    """A database in the newest shape; copying it is faster than migrating again."""

    async def make() -> str:
        url = new_url()
        await (await Store.open(url)).close()
        return url

    return asyncio.run(make())


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """An empty database."""
    return new_url()


@pytest.fixture
def shaped_url(request: pytest.FixtureRequest, engine: str, template: str, new_url: Callable[[], str]) -> str:
    """A database in the newest shape, without rows."""
    if engine == "postgresql":
        return request.getfixturevalue("cluster").new_database(template)
    url = new_url()
    shutil.copyfile(template.removeprefix("sqlite://"), url.removeprefix("sqlite://"))
    return url


@pytest.fixture
async def store(shaped_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(shaped_url)
    yield opened
    await opened.close()
