"""Statuses travel together when they come together, and each reporter learns whether its own is stored."""

import asyncio
from collections.abc import Callable

import pytest

from core.errors import BusUnavailable, PayloadTooLarge
from core.events import MessageStatus, MessageStatuses
from core.host.statuses import Statuses


class Bus:
    """Takes what is published, unless ``answer`` raises."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], str | None]] = []
        self.answer: Callable[[list[str]], None] = lambda _: None

    async def publish(self, event: MessageStatus | MessageStatuses, conversation_id: str | None) -> None:
        statuses = event.statuses if isinstance(event, MessageStatuses) else (event,)
        ids = [status.message_id for status in statuses]
        self.answer(ids)
        self.taken.append((ids, conversation_id))


def sent(message_id: str) -> MessageStatus:
    return MessageStatus(message_id=message_id, status="sent")


async def test_one_status_goes_alone_with_its_conversation() -> None:
    bus = Bus()
    await Statuses(bus.publish).report(sent("a"), "c-1")
    assert bus.taken == [(["a"], "c-1")]


async def test_statuses_that_come_together_go_together_in_their_order() -> None:
    bus = Bus()
    statuses = Statuses(bus.publish)
    await asyncio.gather(*(statuses.report(sent(str(number))) for number in range(100)))
    assert [ids for ids, _ in bus.taken] == [[str(n) for n in range(64)], [str(n) for n in range(64, 100)]]


async def test_as_many_as_travel_together_wait_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.host.statuses.LINGER_S", 3600.0)
    bus = Bus()
    statuses = Statuses(bus.publish)
    reports = [asyncio.create_task(statuses.report(sent(str(number)))) for number in range(130)]
    await asyncio.wait(reports[:128], timeout=10)
    assert [len(ids) for ids, _ in bus.taken] == [64, 64]
    await statuses.flush()
    await asyncio.gather(*reports)
    assert [len(ids) for ids, _ in bus.taken] == [64, 64, 2]


async def test_who_hurries_waits_for_no_company_and_knows_them_stored() -> None:
    bus = Bus()
    statuses = Statuses(bus.publish)
    await statuses.flush()
    reports = asyncio.gather(statuses.report(sent("a")), statuses.report(sent("b")))
    await asyncio.sleep(0)
    await statuses.flush()
    assert bus.taken == [(["a", "b"], None)]
    await reports


async def test_when_the_bus_is_away_every_reporter_hears_of_it_and_may_try_again() -> None:
    bus = Bus()
    statuses = Statuses(bus.publish)

    def away(_: list[str]) -> None:
        raise BusUnavailable("away")

    bus.answer = away
    answers = await asyncio.gather(*(statuses.report(sent(one)) for one in "abc"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [BusUnavailable] * 3
    bus.answer = lambda _: None
    await statuses.report(sent("a"))
    assert bus.taken == [(["a"], None)]


async def test_what_cannot_travel_together_travels_alone_and_only_the_culprit_fails() -> None:
    bus = Bus()
    statuses = Statuses(bus.publish)

    def picky(ids: list[str]) -> None:
        if "b" in ids:
            raise PayloadTooLarge("too large")

    bus.answer = picky
    answers = await asyncio.gather(*(statuses.report(sent(one)) for one in "abc"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), PayloadTooLarge, type(None)]
    assert [ids for ids, _ in bus.taken] == [["a"], ["c"]]


async def test_what_is_not_stored_when_the_channel_stops_fails() -> None:
    statuses = Statuses(Bus().publish)
    report = asyncio.create_task(statuses.report(sent("a")))
    await asyncio.sleep(0)
    await statuses.close()
    with pytest.raises(BusUnavailable):
        await report
