"""Citizens know who serves them by a work number, never by a private name."""

import msgspec

from hub.demo import PASSWORD
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

WANG = "webchat:wang"


async def test_whatever_a_citizen_is_sent_names_agents_by_their_work_number_only(house: House) -> None:
    async with (
        Agent(house.url, "zhou", PASSWORD) as zhou,
        Agent(house.url, "li", PASSWORD) as li,
        house.channel() as channel,
    ):
        await zhou.sit_down()
        await li.call("PUT", "/me/state", state="busy")
        await channel.write(WANG, "人工")
        conversation_id = await zhou.take_offer()
        await channel.hears(WANG, "工号 3021 为您服务")
        await zhou.say(conversation_id, "请说您的地址")
        assert (await channel.hears(WANG, "请说您的地址")).sender_name == "工号 3021"
        await li.open_desk()
        await li.call("PUT", "/me/state", state="available")
        li_id = next(one["agent_id"] for one in zhou.tables["agents"].values() if one["work_number"] == "3022")
        await zhou.call("POST", f"/conversations/{conversation_id}/transfer", agent_id=li_id)
        assert await li.take_offer() == conversation_id
        await li.say(conversation_id, "我来办理")
        assert (await channel.hears(WANG, "我来办理")).sender_name == "工号 3022"
        await li.call("POST", f"/conversations/{conversation_id}/end")
        await channel.hears(WANG, "评价")
        sent = msgspec.json.encode([order for order in channel.orders if order.recipient == WANG]).decode()
        users = await house.services.users.all()
        assert {"周敏", "李强"} <= {user.display_name for user in users}
        assert [user.display_name for user in users if user.display_name in sent] == []
        assert [user.username for user in users if f'"{user.username}"' in sent] == []
