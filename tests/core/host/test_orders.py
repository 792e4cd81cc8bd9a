import asyncio

import pytest

from core.backoff import Backoff
from core.channel import FindsSent
from core.errors import ChannelAuthFailed, ChannelNotReady, SendDeferred, SendRejected, SendUnknown
from core.events import ChannelState, MessageStatus
from core.streams import SENT

from .conftest import INSTANCE, READY, Box, Hub


def status(message_id: str, word: str, **more) -> MessageStatus:
    return MessageStatus(message_id=message_id, status=word, **more)


def sent(message_id: str, external_id: str) -> MessageStatus:
    return status(message_id, "sent", external_id=external_id)


class Remembers(Box, FindsSent):
    """A far end that can be asked; ``kept`` is what it says it has."""

    def __init__(self, config, link) -> None:
        super().__init__(config, link)
        self.kept: dict[str, str] = {}

    async def find_sent(self, message_id: str):
        return self.kept.get(message_id, False)


class Deduplicates(Box):
    deduplicates = True


async def doubt(hub: Hub, message_id: str) -> None:
    """Leave what a process leaves that is killed while it sends."""
    await hub.bus.bucket(SENT).put(f"{INSTANCE}.{message_id}", b"?somebody-else")


REFUSALS = [
    (SendRejected("too_long", "at most 140"), status("m-1", "failed", code="too_long", reason="at most 140")),
    (SendUnknown("lost", "no answer"), status("m-1", "unknown", code="lost", reason="no answer")),
    (RuntimeError("bug"), status("m-1", "unknown", code="crashed", reason="RuntimeError in the plugin")),
    (TimeoutError(), status("m-1", "unknown", code="timeout", reason="the far end did not answer in time")),
]


@pytest.mark.parametrize(("error", "expected"), REFUSALS, ids=lambda value: type(value).__name__)
async def test_each_way_to_fail_has_its_status(hub, start, error, expected):
    async with start() as box:
        await hub.wait_for(READY)
        box.channel.answers.append(error)
        await hub.order("m-1")
        await hub.wait_for(expected)
        assert not box.channel.taken


DEFERRALS = [
    (SendDeferred("busy", retry_after_s=0.05), "busy", 0.05),
    (ChannelNotReady("no line"), "not_ready", None),
    (ChannelAuthFailed("wrong key"), "auth_failed", None),
]


@pytest.mark.parametrize(("error", "code", "retry_after_s"), DEFERRALS, ids=lambda value: type(value).__name__)
async def test_a_deferred_order_is_reported_once_and_sent_later(hub, start, error, code, retry_after_s):
    async with start() as box:
        await hub.wait_for(READY)
        box.channel.answers += [error, error]
        await hub.order("m-1")
        await hub.wait_for(sent("m-1", "x-1"))
    deferred = [event for event in hub.seen if isinstance(event, MessageStatus) and event.status == "deferred"]
    assert [(event.code, event.retry_after_s) for event in deferred] == [(code, retry_after_s)]


async def test_a_deferred_order_that_can_wait_lets_later_ones_of_its_recipient_pass(hub, start):
    async with start() as box:
        await hub.wait_for(READY)
        box.channel.answers.append(SendDeferred("quiet_hours", retry_after_s=2.0, lets_pass=True))
        await hub.order("m-1")
        await hub.wait_for(status("m-1", "deferred", code="quiet_hours", retry_after_s=2.0))
        await hub.order("m-2")
        await hub.wait_for(sent("m-1", "x-2"))
        assert [message.message_id for message in box.channel.taken] == ["m-2", "m-1"]


async def test_a_deferred_order_holds_its_recipients_later_ones_and_nobody_elses(hub, start):
    async with start() as box:
        await hub.wait_for(READY)
        box.channel.answers.append(SendDeferred("busy", retry_after_s=2.0))
        await hub.order("m-1", to="box:anna")
        await hub.wait_until(lambda: any(isinstance(event, MessageStatus) for event in hub.seen))
        await hub.order("m-2", to="box:anna")
        await hub.order("m-3", to="box:bert")
        await hub.wait_for(sent("m-3", "x-1"))
        await hub.wait_for(sent("m-2", "x-3"))
        assert [message.message_id for message in box.channel.taken] == ["m-3", "m-1", "m-2"]


async def test_a_deferred_order_is_tried_at_once_when_the_channel_is_ready_again(hub, start, monkeypatch):
    monkeypatch.setattr("core.host.orders.Backoff", lambda **_: Backoff(first_s=3600.0, limit_s=3600.0))
    async with start() as box:
        await hub.wait_for(READY)
        box.channel.answers.append(SendDeferred("gone"))
        await hub.order("m-1")
        await hub.wait_for(status("m-1", "deferred", code="gone"))
        await box.channel.emit(ChannelState(state="down", code="not_ready"))
        await box.channel.emit(ChannelState(state="ready"))
        await hub.wait_for(sent("m-1", "x-1"))


async def test_many_recipients_are_served_at_once_but_no_more_than_the_channel_bears(hub, start):
    class Slow(Box):
        concurrency = 3
        under_way = most = 0

        async def send(self, message):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await asyncio.sleep(0.05)
            self.under_way -= 1
            return await super().send(message)

    async with start(Slow) as box:
        for number in range(9):
            await hub.order(f"m-{number}", to=f"box:{number}")
        await hub.wait_until(lambda: sum(isinstance(event, MessageStatus) for event in hub.seen) == 9)
        assert box.channel.most == 3


async def test_an_order_in_doubt_is_shown_as_unknown_and_not_sent_again(hub, start):
    await doubt(hub, "m-1")
    async with start() as box:
        await hub.order("m-1")
        await hub.wait_for(status("m-1", "unknown", code="in_doubt", reason="interrupted while it was being sent"))
        assert not box.channel.taken


async def test_an_order_in_doubt_that_the_far_end_has_is_not_sent_again(hub, start):
    await doubt(hub, "m-1")
    async with start(Remembers) as box:
        await hub.wait_for(READY)
        box.channel.kept["m-1"] = "x-77"
        await hub.order("m-1")
        await hub.wait_for(sent("m-1", "x-77"))
        assert not box.channel.taken


async def test_an_order_in_doubt_that_the_far_end_has_not_is_sent(hub, start):
    await doubt(hub, "m-1")
    async with start(Remembers):
        await hub.order("m-1")
        await hub.wait_for(sent("m-1", "x-1"))


async def test_a_send_without_answer_is_looked_for_before_it_is_repeated(hub, start):
    async with start(Remembers) as box:
        await hub.wait_for(READY)
        box.channel.kept["m-1"] = "x-5"
        box.channel.answers.append(SendUnknown("lost"))
        await hub.order("m-1")
        await hub.wait_for(sent("m-1", "x-5"))
        assert not box.channel.taken


async def test_a_far_end_that_cannot_say_leaves_it_unknown(hub, start, monkeypatch):
    async def find_sent(_self, _message_id):
        raise SendUnknown("in_doubt", "nobody knows")

    monkeypatch.setattr(Remembers, "find_sent", find_sent)
    await doubt(hub, "m-1")
    async with start(Remembers) as box:
        await hub.order("m-1")
        await hub.wait_for(status("m-1", "unknown", code="in_doubt", reason="nobody knows"))
        assert not box.channel.taken


async def test_a_far_end_that_deduplicates_gets_the_message_again(hub, start):
    await doubt(hub, "m-1")  # nobody looks at it
    async with start(Deduplicates) as box:
        await hub.wait_for(READY)
        box.channel.answers.append(SendUnknown("lost"))
        await hub.order("m-1")
        await hub.wait_for(sent("m-1", "x-1"))


async def test_a_message_that_always_crashes_the_plugin_is_given_up(hub, start):
    async with start(Deduplicates) as box:
        await hub.wait_for(READY)
        box.channel.answers += [RuntimeError("bug")] * 3
        await hub.order("m-1")
        await hub.order("m-2")
        await hub.wait_for(status("m-1", "unknown", code="crashed", reason="RuntimeError in the plugin"))
        await hub.wait_for(sent("m-2", "x-1"))


async def test_an_order_whose_outcome_was_stored_before_a_crash_is_reported_again(hub, start):
    await hub.bus.bucket(SENT).put(f"{INSTANCE}.m-1", b"=x-9")
    async with start() as box:
        await hub.order("m-1")
        await hub.wait_for(sent("m-1", "x-9"))
        assert not box.channel.taken


async def test_what_a_stopping_host_holds_is_sent_by_the_next_one_in_order(hub, start):
    async with start() as box:
        await hub.wait_for(READY)
        box.channel.answers.append(SendDeferred("busy", retry_after_s=3600))
        for number in (1, 2, 3):
            await hub.order(f"m-{number}")
        await hub.wait_for(status("m-1", "deferred", code="busy", retry_after_s=3600.0))
    async with start() as box:
        await hub.wait_for(sent("m-3", "x-3"))
        assert [message.message_id for message in box.channel.taken] == ["m-1", "m-2", "m-3"]


async def test_orders_go_on_after_the_bus_was_away(hub, start, nats_server):
    async with start():
        await hub.order("m-1")
        await hub.wait_for(sent("m-1", "x-1"))
        await nats_server.restart()
        await hub.order("m-2")
        await hub.wait_for(sent("m-2", "x-2"))


async def test_secrets_are_struck_out_of_reasons(hub, start):
    async with start(settings={"key": "hunter2!"}) as box:
        await hub.wait_for(READY)
        box.channel.answers.append(SendRejected("refused", "401 for key=hunter2!"))
        await hub.order("m-1")
        await hub.wait_for(status("m-1", "failed", code="refused", reason="401 for key=***"))
