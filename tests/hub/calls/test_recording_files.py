"""Recordings: begun and ended by hand and by rule, sealed on the disk, taken away one by one and many at once."""

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.events import RecordingPlan
from core.testing.clock import VirtualClock
from core.testing.nats import NatsServer
from hub.dispatch.queues import QueueSettings
from hub.store.models import AuditRecord, Conversation, Entry, Queue
from tests.hub.calls.conftest import Come
from tests.hub.calls.test_calls import reach_agent
from tests.hub.calls.test_recordings import keep
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

SEALED_START = b"LXSEAL1"


@pytest.fixture
async def still_house(nats_server: NatsServer, data: Path, clock: VirtualClock) -> AsyncIterator[House]:
    """A house whose files are sealed."""
    key = data / "media.key"
    key.write_text("5e" * 32)
    house = House(nats_server, data, clock=clock, media_key=str(key))
    await house.start()
    yield house
    await house.stop()


async def record(house: House, percent: int) -> None:
    """Let a queue have so many of its calls recorded."""
    row = await Queue.get(queue_id="general")
    async with house.services.store.work():
        row.rules = {**row.rules, "recorded_percent": percent}
        await row.save()
    await house.services.queues.load()


async def fetch(agent: Agent, path: str, **headers: str) -> tuple[int, bytes]:
    async with agent.http.get(f"{agent.url}/api/v1{path}", headers=headers) as answer:
        return answer.status, await answer.read()


async def path_of(what: str) -> str:
    return f"/conversations/{(await Conversation.get(state='active')).conversation_id}/call/{what}"


async def test_a_supervisor_has_a_call_recorded_that_the_rule_leaves_out(
    still_house: House, engine: FakeEngine, come: Come
) -> None:
    await record(still_house, 0)
    zhou, chen = await come("zhou"), await come("chen")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    assert not engine.plans[call_id].recordings
    assert (await zhou.try_call("PUT", await path_of("recorded"), is_recorded=True))[0] == 403
    view = await chen.call("PUT", await path_of("recorded"), is_recorded=True)
    assert view["call"]["is_recorded"]
    await engine.until(lambda: len(engine.plans[call_id].recordings) == 1)
    await zhou.call("PUT", await path_of("hold"), is_held=True)
    await zhou.call("PUT", await path_of("hold"), is_held=False)
    await engine.talks(call_id)
    assert isinstance(engine.plans[call_id].recordings[0], RecordingPlan)
    await chen.call("PUT", await path_of("recorded"), is_recorded=False)
    await engine.until(lambda: not engine.plans[call_id].recordings)
    await zhou.call("PUT", await path_of("hold"), is_held=True)
    await zhou.call("PUT", await path_of("hold"), is_held=False)
    await engine.talks(call_id)
    assert not engine.plans[call_id].recordings  # what somebody decided stays
    codes = await Entry.filter(code__in=["recording_began", "recording_stopped"]).order_by("seq").values_list("code")
    assert codes == [("recording_began",), ("recording_stopped",)]
    assert await AuditRecord.filter(action="call.record", actor="chen").count() == 2


@pytest.mark.parametrize(("percent", "expected"), [(100, 1), (0, 0)])
async def test_a_queue_s_rule_says_which_calls_are_recorded(
    still_house: House, engine: FakeEngine, come: Come, percent: int, expected: int
) -> None:
    await record(still_house, percent)
    await come("zhou")
    call_id = await engine.arrive()
    await reach_agent(engine, call_id)
    assert len(engine.plans[call_id].recordings) == expected


def test_every_call_is_recorded_unless_a_queue_says_otherwise() -> None:
    assert QueueSettings().recorded_percent == 100


async def test_a_recording_is_sealed_on_the_disk_and_sought_in_all_the_same(
    still_house: House, engine: FakeEngine, admin: Agent
) -> None:
    sound = bytes(range(256)) * 1_000
    file = await keep(engine, still_house, "rec-1", sound=sound)
    stored, _ = await still_house.services.media.find(file.media_id)
    assert stored.path.read_bytes().startswith(SEALED_START)
    assert await fetch(admin, "/recordings/rec-1/file") == (200, sound)
    assert await fetch(admin, "/recordings/rec-1/file", Range="bytes=70000-140000") == (206, sound[70_000:140_001])
    assert await fetch(admin, "/recordings/rec-1/file", Range="bytes=-10") == (206, sound[-10:])
    assert (await fetch(admin, "/recordings/rec-1/file", Range="bytes=9000000-"))[0] == 416
    assert await AuditRecord.filter(action="recording.download", object_id="rec-1", actor="root").exists()


async def test_who_may_not_take_recordings_away_gets_none(still_house: House, engine: FakeEngine, come: Come) -> None:
    chen = await come("chen")
    await keep(engine, still_house, "rec-1")
    assert (await fetch(chen, "/recordings/rec-1/file"))[0] == 403
    assert (await chen.try_call("POST", "/recording-exports", queue_id="general"))[0] == 403


async def test_recordings_are_taken_away_together_with_their_index(
    still_house: House, engine: FakeEngine, admin: Agent
) -> None:
    for name in ("rec-1", "rec-2"):
        await keep(engine, still_house, name)
    begun = await admin.call("POST", "/recording-exports", queue_id="general")
    assert begun["total"] == 2
    export = await finished(admin)
    assert (export["state"], export["done"]) == ("done", 2)
    status, data = await fetch(admin, f"/recording-exports/{export['export_id']}/file")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"))))
        held = {row["recording_id"]: archive.read(row["file"]) for row in rows}
    assert held == {"rec-1": b"rec-1", "rec-2": b"rec-2"}
    await admin.call("DELETE", "/recording-exports")
    assert (await fetch(admin, f"/recording-exports/{export['export_id']}/file"))[0] == 404
    assert not list((still_house.settings.data_dir / "exports").glob("*"))


async def test_an_export_is_given_up(
    still_house: House, engine: FakeEngine, admin: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(engine, still_house, "rec-1")
    exports = still_house.services.recording_exports

    async def never(_media_id: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(exports._media, "find", never)
    await admin.call("POST", "/recording-exports", queue_id="general")
    assert (await admin.try_call("POST", "/recording-exports", queue_id="general"))[0] == 409
    await admin.call("DELETE", "/recording-exports")
    assert (await finished(admin))["state"] == "cancelled"
    assert not list((still_house.settings.data_dir / "exports").glob("*"))


async def finished(agent: Agent) -> dict[str, object]:
    """Return the user's export once it is over."""
    async with asyncio.timeout(30):
        while (export := (await agent.call("GET", "/recording-exports"))["export"])["state"] == "running":
            await asyncio.sleep(0.02)
    return export  # type: ignore[no-any-return]
