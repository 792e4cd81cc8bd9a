"""What agents did, stretch by stretch: real changes of state, a hub that was killed, one that was gone for long."""

from core.testing.clock import VirtualClock
from hub.dispatch.stretches import LAPSE, mark
from hub.store.models import AgentStretch, User
from tests.hub.conversing.conftest import Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House


async def stretches(agent_id: str) -> list[tuple[str, str, float | None]]:
    """Return activity, reason and length in seconds of what lasted at all."""
    rows = await AgentStretch.filter(agent_id=agent_id).order_by("stretch_id")
    return [
        (row.activity, row.reason, None if row.ended_at is None else (row.ended_at - row.begun_at).total_seconds())
        for row in rows
        if row.ended_at != row.begun_at
    ]


async def test_a_stretch_for_each_thing_an_agent_does_goes_on_over_a_restart_and_ends_with_a_hub_that_was_gone(
    still_house: House, channel: FakeChannel, come: Come, clock: VirtualClock
) -> None:
    zhou = await come("zhou")
    me = zhou.me["user_id"]
    clock.advance(5)
    await channel.write("webchat:wang", "人工")
    conversation_id = await zhou.take_offer()
    clock.advance(60)
    await zhou.call("PUT", "/me/state", state="busy")
    clock.advance(7)
    await zhou.call("POST", f"/conversations/{conversation_id}/end")
    clock.advance(10)
    await zhou.call("POST", f"/conversations/{conversation_id}/wrap-up", code="answered")
    clock.advance(3)
    await zhou.call("PUT", "/me/state", state="away", reason="rest")
    clock.advance(20)
    await zhou.call("PUT", "/me/state", state="away", reason="meeting")
    clock.advance(30)
    done = [("available", "", 5), ("serving", "", 67), ("wrap_up", "", 10), ("busy", "", 3), ("away", "rest", 20)]
    assert await stretches(me) == [*done, ("away", "meeting", None)]

    await still_house.restart()
    zhou.url = still_house.url
    assert await stretches(me) == [*done, ("away", "meeting", None)]
    clock.advance(12)
    await mark(still_house.services.store, clock.now())
    clock.advance(5)
    await still_house.stop()
    clock.advance(LAPSE.total_seconds() + 1)
    await still_house.start()
    zhou.url = still_house.url
    clock.advance(9)
    await zhou.call("PUT", "/me/state", state="offline")
    assert await stretches(me) == [*done, ("away", "meeting", 42), ("away", "meeting", 9)]
    await zhou.call("PUT", "/me/state", state="busy")
    async with still_house.services.store.work():
        await User.filter(user_id=me).update(is_active=False)
    clock.advance(30)
    await still_house.restart()
    assert (await AgentStretch.filter(agent_id=me).order_by("-stretch_id").first()).ended_at is not None
