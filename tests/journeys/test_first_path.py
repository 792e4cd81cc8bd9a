"""A citizen writes, an agent answers: the whole first path with real processes."""

from hub.demo import PASSWORD
from tests.journeys.support.clients import Agent, Citizen
from tests.journeys.support.house import House


async def test_a_citizen_is_greeted_served_transferred_and_asked_for_a_rating(house: House) -> None:
    async with Citizen(house.url) as citizen, Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.sit_down()
        await citizen.open()
        await citizen.until(lambda: any("choices" in line for line in citizen.lines))
        assert "12345" in citizen.heard("flow")[0]
        await citizen.say("人工")
        conversation_id = await zhou.take_offer()
        await citizen.until(lambda: any("3021" in text for text in citizen.heard("system")))

        await citizen.types(on=True)
        await zhou.until(lambda: bool(zhou.signals))
        await citizen.say("我家暖气不热，只有十四度")
        await zhou.until(lambda: "我家暖气不热，只有十四度" in zhou.read("in"))
        await zhou.types(conversation_id, on=True)
        await citizen.until(lambda: citizen.agent_types)
        await zhou.say(conversation_id, "您好，请告诉我您的地址。")
        await citizen.until(lambda: "您好，请告诉我您的地址。" in citizen.heard("agent"))
        assert "周敏" not in str(citizen.lines), "citizens see work numbers, never names"
        await zhou.until(lambda: any(entry.get("status") == "delivered" for entry in zhou.entries))
        await citizen.read()
        await zhou.until(lambda: any(entry.get("status") == "read" for entry in zhou.entries))

        async with Agent(house.url, "li", PASSWORD) as li:
            await li.sit_down()
            await zhou.call(
                "POST", f"/conversations/{conversation_id}/transfer", queue_id="housing", note="问公积金，请接手"
            )
            assert await li.take_offer() == conversation_id
            thread = await li.call("GET", f"/conversations/{conversation_id}/entries")
            assert "问公积金，请接手" in [entry.get("text") for entry in thread["items"] if entry["kind"] == "note"]
            await li.say(conversation_id, "我来为您处理。")
            await citizen.until(lambda: "我来为您处理。" in citizen.heard("agent"))
            assert "问公积金" not in str(citizen.lines), "notes stay inside"

            ended = await li.call("POST", f"/conversations/{conversation_id}/end")
            assert ended["state"] == "wrap_up"
            await citizen.until(lambda: "choices" in citizen.lines[-1] and "评价" in citizen.lines[-1]["text"])
            best = citizen.lines[-1]["choices"][0]["key"]
            await citizen.say(choice=best)
            closed = await li.call(
                "POST",
                f"/conversations/{conversation_id}/wrap-up",
                code="answered",
                summary="公积金咨询",
                tags=["公积金"],
            )
            assert closed["state"] == "closed"
            await citizen.until(lambda: any("感谢" in text for text in citizen.heard("flow")))
            after = await li.call("GET", f"/conversations/{conversation_id}")
            assert after["rating"] == 5
            assert conversation_id not in li.tables["conversations"]


async def test_cut_lines_lose_nothing(house: House) -> None:
    async with Citizen(house.url) as citizen, Agent(house.url, "zhou", PASSWORD) as zhou:
        await zhou.sit_down()
        await citizen.open()
        await citizen.say("人工")
        conversation_id = await zhou.take_offer()
        asked = [f"问 {number}" for number in range(16)]
        answered = [f"答 {number}" for number in range(16)]
        for number in range(16):
            await citizen.say(asked[number])
            await zhou.say(conversation_id, answered[number])
            if number % 5 == 2:
                await citizen.cut()
            if number % 5 == 4:
                await zhou.cut()
        await zhou.until(lambda: len([text for text in zhou.read("in") if text.startswith("问")]) >= 16)
        await citizen.until(lambda: len(citizen.heard("agent")) >= 16)
        assert [text for text in zhou.read("in") if text.startswith("问")] == asked
        assert citizen.heard("agent") == answered
        assert zhou.snapshots == 1
        assert zhou.resumes >= 1
