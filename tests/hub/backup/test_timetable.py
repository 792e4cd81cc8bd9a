"""Daily backups: at their hour, made up for when missed, and only so many kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.testing.clock import VirtualClock
from core.testing.nats import NatsServer
from hub.accounts.identity import Identity
from hub.backup.backups import Timetable
from hub.backup.contents import file_name, made_at
from tests.hub.conftest import _quick_hashes, data, demo_data, nats_server
from tests.hub.support.house import House

__all__ = ["_quick_hashes", "data", "demo_data", "nats_server"]

ADMIN = Identity(username="operator")


@pytest.mark.parametrize("is_daily", [True, False])
def test_a_name_says_when_it_was_made(is_daily: bool) -> None:
    at = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
    assert made_at(file_name(at, is_daily=is_daily)) == at


async def test_a_backup_is_made_once_a_day_and_old_ones_go(
    nats_server: NatsServer, data: Path, clock: VirtualClock
) -> None:
    house = House(nats_server, data, clock=clock)
    await house.start()
    try:
        backups = house.services.backups
        by_hand = data / "backups" / file_name(clock.now() - timedelta(days=90))
        by_hand.parent.mkdir()
        by_hand.write_bytes(b"kept")
        await backups.make_if_due()
        assert len((await backups.overview()).items) == 1, "no timetable, no backup"
        await backups.schedule(ADMIN, Timetable(is_enabled=True, hour=3, keep=2), remote="")
        for _ in range(4):
            for _ in range(12):
                await backups.make_if_due()
                clock.advance(7200)
        items = (await backups.overview()).items
        assert [one.is_daily for one in items] == [True, True, False]
        assert items[0].made_at - items[1].made_at == timedelta(days=1)
    finally:
        await house.stop()


async def test_a_failed_attempt_is_told_and_not_repeated_at_once(
    nats_server: NatsServer, data: Path, clock: VirtualClock
) -> None:
    (data / "occupied").write_text("a file where the folder should be")
    house = House(nats_server, data, clock=clock, backup_dir=str(data / "occupied" / "below"))
    await house.start()
    try:
        backups = house.services.backups
        await backups.schedule(ADMIN, Timetable(is_enabled=True), remote="")
        await backups.make_if_due()
        assert "cannot be written" in (await backups.overview()).fault
    finally:
        await house.stop()
