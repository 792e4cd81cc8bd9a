"""A citizen calls, an agent's telephone rings, they talk, and everything of ours may die meanwhile."""

import asyncio

from tests.journeys.support.house import House
from tests.journeys.support.phones import AGENT_HZ, CALLER_HZ, enable_voice, running_office
from tests.plugins.voice.support.phone import free_port


async def test_a_call_reaches_the_agent_and_outlives_its_plugin_and_hub(phone_house: House) -> None:
    house, port = phone_house, free_port()
    await enable_voice(house, port)
    async with running_office(house, port) as office:
        zhou = office.zhou
        async with office.talk() as (call, ringing):
            call.say(CALLER_HZ)
            ringing.say(AGENT_HZ)
            await call.hears(AGENT_HZ)
            await ringing.hears(CALLER_HZ)
            call.arrivals.clear()
            for victim in ("core.host", "-m hub", "nats-server"):
                assert house.pids(victim), victim
                house.kill(victim)
            await call.heard_for(4.0)
            assert call.missing_s < 0.2
            await call.hears(AGENT_HZ)
            await ringing.hears(CALLER_HZ)
            await call.hang_up()
            assert await ringing.ended(within_s=40) == "BYE"
        await zhou.until(
            lambda: any(row["state"] == "wrap_up" for row in zhou.tables["conversations"].values()), within_s=40
        )
        conversation_id = next(iter(zhou.tables["conversations"]))

        async def is_recorded() -> bool:
            thread = await zhou.call("GET", f"/conversations/{conversation_id}/entries")
            return any(entry.get("attachments") for entry in thread["items"])

        async with asyncio.timeout(20):
            while not await is_recorded():
                await asyncio.sleep(0.2)
