"""Copies of backups in a folder and in a bucket: complete, restorable, tried first, told when they fail."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from core.errors import ConfigInvalid
from core.testing.clock import VirtualClock
from core.testing.nats import NatsServer
from hub.accounts.identity import Identity
from hub.backup.backups import Backups, Timetable
from hub.backup.offsite import OffsiteSettings
from hub.backup.restoring import restore_backup
from hub.backup.s3 import Keys, authorization
from tests.hub.conftest import _quick_hashes, data, demo_data, nats_server
from tests.hub.support.house import House

__all__ = ["_quick_hashes", "data", "demo_data", "nats_server"]

ADMIN = Identity(username="operator")
KEYS = Keys("us-east-1", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


@pytest.fixture
async def house(
    nats_server: NatsServer, data: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr("hub.backup.backups.LOOK_S", 86_400.0)  # the tests say when it is time
    house = House(nats_server, data, clock=clock)
    await house.start()
    try:
        yield house
    finally:
        await house.stop()


class Store:
    """A bucket that lies beyond this machine: keeps what is put, refuses whom it does not know and torn bodies."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.is_away = False
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        key = request.path.removeprefix("/backups/")
        if self.is_away:
            return web.Response(status=503)
        signed = {name: request.headers[name] for name in ("host", "x-amz-content-sha256", "x-amz-date")}
        if request.headers["Authorization"] != authorization(
            request.method, request.rel_url.raw_path, signed, Keys("cn-north", "key", "secret")
        ):
            return web.Response(status=403)
        if hashlib.sha256(body).hexdigest() != request.headers["x-amz-content-sha256"]:
            return web.Response(status=400)
        if request.method == "PUT":
            self.objects[key] = body
        elif request.method == "DELETE":
            self.objects.pop(key, None)
            return web.Response(status=204)
        elif request.method == "HEAD":
            return web.Response(headers={"Content-Length": str(len(self.objects[key]))})
        return web.Response()


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = Store()
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{key:.*}", store.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    store.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield store
    finally:
        await runner.cleanup()


def bucket(store: Store, **changed: str) -> OffsiteSettings:
    given = {"endpoint": store.url, "region": "cn-north", "bucket": "backups", "prefix": "城市/"}
    return OffsiteSettings(kind="s3", **{**given, "access_key": "key", "secret_key": "secret", **changed})


async def make(backups: Backups, clock: VirtualClock) -> str:
    """Have a daily backup made and copied; return its name."""
    clock.advance(90_000)
    await backups.make_if_due()
    await backups.copy_if_wanted()
    return (await backups.overview()).items[0].name


@pytest.mark.parametrize(
    ("method", "path", "headers", "signature"),
    [
        pytest.param(
            "GET",
            "/test.txt",
            {"range": "bytes=0-9", "x-amz-content-sha256": hashlib.sha256().hexdigest()},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            id="get",
        ),
        pytest.param(
            "PUT",
            "/test%24file.text",
            {
                "date": "Fri, 24 May 2013 00:00:00 GMT",
                "x-amz-storage-class": "REDUCED_REDUNDANCY",
                "x-amz-content-sha256": hashlib.sha256(b"Welcome to Amazon S3.").hexdigest(),
            },
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            id="put",
        ),
    ],
)
def test_requests_are_signed_as_in_amazons_examples(
    method: str, path: str, headers: dict[str, str], signature: str
) -> None:
    headers = {"host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z", **headers}
    assert authorization(method, path, headers, KEYS).endswith(f"Signature={signature}")


async def test_a_copy_in_a_bucket_brings_everything_back(
    house: House, store: Store, clock: VirtualClock, tmp_path: Path
) -> None:
    backups = house.services.backups
    await backups.schedule(ADMIN, Timetable(is_enabled=True), remote="")
    await backups.offsite.save(ADMIN, bucket(store), remote="")
    assert store.objects == {}, "what was tried is not left behind"
    name = await make(backups, clock)
    assert list(store.objects) == [f"城市/{name}"]
    view = (await backups.overview()).offsite
    assert (view.copied, view.fault, view.settings.secret_key) == (name, "", "***")
    copy = tmp_path / name
    copy.write_bytes(store.objects[f"城市/{name}"])
    code = await backups.code(ADMIN, remote="")
    await asyncio.to_thread(restore_backup, copy, tmp_path / "restored", code)
    assert (tmp_path / "restored" / "hub.db").is_file()


async def test_a_store_that_is_away_is_told_and_gets_its_copy_later(
    house: House, store: Store, clock: VirtualClock
) -> None:
    backups = house.services.backups
    await backups.schedule(ADMIN, Timetable(is_enabled=True), remote="")
    await backups.offsite.save(ADMIN, bucket(store), remote="")
    store.is_away = True
    name = await make(backups, clock)
    assert "503" in (await backups.overview()).offsite.fault
    store.is_away = False
    await backups.copy_if_wanted()
    assert store.objects == {}, "not at once"
    clock.advance(timedelta(hours=1).total_seconds())
    await backups.copy_if_wanted()
    assert list(store.objects) == [f"城市/{name}"]
    assert (await backups.overview()).offsite.fault == ""


async def test_copies_in_a_folder_are_kept_as_many_as_wanted(house: House, clock: VirtualClock, tmp_path: Path) -> None:
    backups = house.services.backups
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "theirs.tar.gz").write_bytes(b"of somebody else")
    await backups.schedule(ADMIN, Timetable(is_enabled=True, keep=2), remote="")
    await backups.offsite.save(ADMIN, OffsiteSettings(kind="folder", folder=str(tmp_path / "disk")), remote="")
    names = [await make(backups, clock) for _ in range(3)]
    assert sorted(one.name for one in (tmp_path / "disk").iterdir()) == [*names[1:], "theirs.tar.gz"]
    code = await backups.code(ADMIN, remote="")
    await asyncio.to_thread(restore_backup, tmp_path / "disk" / names[-1], tmp_path / "restored", code)
    assert (tmp_path / "restored" / "hub.db").is_file()


async def test_where_nothing_can_be_written_is_not_saved(house: House, store: Store, tmp_path: Path) -> None:
    offsite = house.services.backups.offsite
    for settings, field in (
        (OffsiteSettings(kind="folder", folder="relative"), "folder"),
        (OffsiteSettings(kind="folder", folder=str(tmp_path / "not-mounted")), "folder"),
        (bucket(store, endpoint="ftp://store"), "endpoint"),
        (bucket(store, endpoint="http://127.0.0.1:1"), "endpoint"),
        (bucket(store, secret_key="wrong"), "endpoint"),
        (bucket(store, bucket=""), "bucket"),
    ):
        with pytest.raises(ConfigInvalid) as caught:
            await offsite.save(ADMIN, settings, remote="")
        assert set(caught.value.faults) == {field}
    assert (await offsite.view()).settings == OffsiteSettings()


async def test_a_masked_secret_stays_what_it_was(house: House, store: Store) -> None:
    offsite = house.services.backups.offsite
    await offsite.save(ADMIN, bucket(store), remote="")
    await offsite.save(ADMIN, bucket(store, prefix="else/", secret_key="***"), remote="")
    assert (await offsite.view()).settings.prefix == "else/"
    rows = await house.services.store.fetch("SELECT value FROM setting WHERE key = ?", "backup_offsite")
    assert "secret" not in str(rows[0]["value"])
