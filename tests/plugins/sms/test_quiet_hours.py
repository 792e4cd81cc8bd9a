"""What waits at night and what does not."""

import asyncio

import pytest

from core.errors import SendDeferred
from core.testing.clock import VirtualClock
from tests.plugins.sms.support.orders import order
from tests.plugins.sms.support.smsc import Smsc
from tests.plugins.sms.support.stand import MemoryHub, running


async def test_at_night_automatic_messages_wait_and_answers_do_not(
    hub: MemoryHub, smsc: Smsc, clock: VirtualClock
) -> None:
    settings = {**await smsc.start(), "quiet_hours": {"start": "00:00", "end": "23:59"}, "timezone": "UTC"}
    async with running(hub, settings, clock=clock) as channel:
        with pytest.raises(SendDeferred) as caught:
            await channel.send(order("通知", message_id="m-1"))
        kinds = ("agent", "flow")
        await asyncio.gather(*(channel.send(order(kind, message_id=kind, sender_kind=kind)) for kind in kinds))
    deferred = caught.value
    assert (deferred.code, deferred.lets_pass) == ("quiet_hours", True)
    assert deferred.retry_after_s is not None
    assert 0 < deferred.retry_after_s < 86_400
    assert {part["text"] for part in smsc.received} == {"agent", "flow"}
