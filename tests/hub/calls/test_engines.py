"""Several phone engines: phones are spread over them, and calls of the one reach phones of the other."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.bus import Bus, BusSettings
from core.events import EngineChanged, TrunkChanged
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.calls.engines import Engines
from hub.store.models import Phone, PluginInstance, Setting, User
from hub.store.secrets import Sealer
from tests.hub.calls.conftest import VOICE, Come
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

OTHER = "voice-other"
OPERATOR = Identity(username="operator")


@pytest.fixture
async def other(still_house: House, engine: FakeEngine) -> AsyncIterator[FakeEngine]:
    """Yield a second engine, which has told where it is as the first one has."""
    async with still_house.services.store.work():
        await PluginInstance.create(instance=OTHER, plugin="voice", is_enabled=True, revision=1)
    async with await Bus.connect(BusSettings(url=still_house.nats.url), source=OTHER) as bus:
        other = FakeEngine(bus, OTHER)
        await other.open()
        await tell(engine, "10.0.0.1:5060", "main")
        await tell(other, "10.0.0.2:5060")
        await engine.until(lambda: [peer.address for peer in engine.phones.engines] == ["10.0.0.2:5060"])
        await other.until(lambda: [peer.address for peer in other.phones.engines] == ["10.0.0.1:5060"])
        yield other


async def tell(engine: FakeEngine, address: str, *trunks: str, tls_port: int = 0) -> None:
    at = datetime.now(UTC)
    await engine.emit(EngineChanged(version="22.1", address=address, tls_port=tls_port, trunks=trunks, at=at))


async def test_engines_learn_where_the_others_are_and_share_a_secret_with_each(
    engine: FakeEngine, other: FakeEngine
) -> None:
    mine, theirs = engine.phones.engines[0], other.phones.engines[0]
    assert (mine.instance, theirs.instance) == (OTHER, VOICE)
    assert mine.secret == theirs.secret
    await tell(other, "10.0.0.9:5060")
    await engine.until(lambda: engine.phones.engines[0].address == "10.0.0.9:5060")
    await tell(other, "10.0.0.9:5060", tls_port=5061)
    await tell(engine, "10.0.0.1:5060", "main", tls_port=5071)
    for one, address in ((engine, "10.0.0.9:5061"), (other, "10.0.0.1:5071")):  # encrypted, as both can be
        await one.until(lambda: [(peer.address, peer.is_encrypted) for peer in one.phones.engines] == [(address, True)])  # noqa: B023


async def test_an_engine_that_is_disabled_is_asked_by_no_other_and_one_that_is_deleted_is_forgotten(
    still_house: House, engine: FakeEngine, other: FakeEngine, come: Come
) -> None:
    await elsewhere(still_house, other, come)
    instances = still_house.services.plugin_instances
    for is_enabled in (False, True):
        await instances.switch(OPERATOR, OTHER, is_enabled=is_enabled)
        expected = [OTHER] if is_enabled else []
        await engine.until(lambda: [peer.instance for peer in engine.phones.engines] == expected)  # noqa: B023
    await instances.delete(OPERATOR, OTHER)
    await engine.until(lambda: engine.phones.engines == ())
    assert not await Setting.filter(key__in=(f"engine.{OTHER}", f"phones.{OTHER}")).exists()
    assert not await Phone.filter(instance=OTHER).exists()
    async with still_house.hub.router._units.open() as unit:
        late = EngineChanged(version="22.1", address="10.0.0.2:5060", trunks=(), at=datetime.now(UTC))
        await still_house.hub.phones.note_engine(unit, OTHER, late)
    assert not await Setting.filter(key=f"engine.{OTHER}").exists()


async def elsewhere(house: House, other: FakeEngine, come: Come) -> Agent:
    """Bring an agent to their desk whose phone is at the other engine, because somebody else's is at the first."""
    await house.hub.phones.issue(await User.get(username="li"), kind="sip")
    zhou = await come("zhou")
    phone = await Phone.get(user_id=zhou.me["user_id"])
    assert phone.instance == OTHER
    await other.register(phone.phone_id)
    await zhou.until(lambda: zhou.tables["agents"][zhou.me["user_id"]].get("phone") == "browser")
    return zhou


async def test_a_new_phone_in_place_of_another_stays_at_its_engine(
    still_house: House, engine: FakeEngine, other: FakeEngine, come: Come
) -> None:
    await elsewhere(still_house, other, come)
    zhou = await User.get(username="zhou")
    for name in ("chen", "zhou"):  # of three phones two are at the other engine then
        await still_house.hub.phones.issue(await User.get(username=name), kind="sip")
    again = await still_house.hub.phones.issue(zhou, kind="browser")
    assert again is not None
    assert again[0].instance == OTHER


async def test_the_engine_of_a_replaced_phone_is_told_that_it_is_gone(
    still_house: House, engine: FakeEngine, other: FakeEngine, come: Come
) -> None:
    await elsewhere(still_house, other, come)
    zhou = await User.get(username="zhou")
    old = await Phone.get(user_id=zhou.user_id)
    async with still_house.services.store.work():
        await PluginInstance.filter(instance=OTHER).update(is_enabled=False)
    again = await still_house.hub.phones.issue(zhou, kind="browser")
    assert again is not None
    made, _ = again
    assert made.instance == VOICE
    await other.until(lambda: old.phone_id not in [phone.phone_id for phone in other.phones.phones])
    await engine.until(lambda: made.phone_id in [phone.phone_id for phone in engine.phones.phones])


async def test_a_call_rings_a_phone_of_another_engine(
    still_house: House, engine: FakeEngine, other: FakeEngine, come: Come
) -> None:
    await elsewhere(still_house, other, come)
    call_id = await engine.arrive()
    await engine.press(call_id, "0")
    leg = await engine.rings(call_id)
    assert leg.dial is not None
    assert leg.dial.instance == OTHER


async def test_a_call_goes_out_over_the_engine_that_has_a_trunk(
    still_house: House, engine: FakeEngine, other: FakeEngine, come: Come
) -> None:
    zhou = await elsewhere(still_house, other, come)
    view = await zhou.call("POST", "/calls", client_id=new_id(), to="13900000009")
    leg = await engine.rings(view["call"]["call_id"])
    assert leg.dial is not None
    assert leg.dial.instance == OTHER


async def test_what_is_on_each_engine_is_seen_and_nothing_goes_out_over_a_trunk_that_is_down(
    still_house: House, engine: FakeEngine, other: FakeEngine, come: Come, tmp_path: Path
) -> None:
    await elsewhere(still_house, other, come)
    await engine.arrive()
    trunks = {f"{VOICE}/main": TrunkChanged(trunk="main", is_up=True, calls=1, at=datetime.now(UTC))}
    engines = Engines(Sealer.load(tmp_path / "key"), trunks)
    engines.is_ready = VOICE.__eq__
    seen = [(one.instance, one.is_ready, one.calls, one.registered, one.phones) for one in await engines.views()]
    assert seen == [(VOICE, True, 1, 0, 1), (OTHER, False, 0, 1, 1)]
    assert [[(one.name, one.is_up, one.calls) for one in view.trunks] for view in await engines.views()] == [
        [("main", True, 1)],
        [],
    ]
    assert await engines.for_call(OTHER) == VOICE
    trunks[f"{VOICE}/main"] = TrunkChanged(trunk="main", is_up=False, at=datetime.now(UTC))
    assert await engines.for_call(OTHER) == OTHER


async def test_a_desk_phone_is_told_where_its_engine_is(
    engine: FakeEngine, other: FakeEngine, admin: Agent, still_house: House
) -> None:
    made = await admin.call("POST", "/phones", user_id=admin.me["user_id"])
    assert (made["host"], made["port"]) == ("10.0.0.1", 5060)
