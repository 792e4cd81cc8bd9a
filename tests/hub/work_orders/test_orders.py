"""Work orders from their making to their end, and who may do what with them."""

import asyncio
import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.errors import ConfigInvalid
from core.testing.clock import VirtualClock
from hub.audit import Wanted
from hub.knowledge.search.documents import Hit, SearchAnswer, SearchQuery
from hub.store.models import AuditRecord, Calendar, Conversation, Notification, User, WorkOrder
from hub.work_orders.settings import DueHours, WorkOrderSettings
from tests.hub.conversing.conftest import Come
from tests.hub.support.channel import FakeChannel
from tests.hub.support.files import get
from tests.hub.support.house import House
from tests.hub.test_tables import read
from tests.hub.work_orders.conftest import OPERATOR, ORDER, Scene
from tests.journeys.support.clients import Agent


async def test_an_order_goes_from_agent_to_department_to_agent_to_its_close(scene: Scene) -> None:
    agent, plumber, leader = scene.agent, scene.plumber, scene.leader
    order = await scene.make()
    path = f"/work-orders/{order['order_id']}"
    assert (order["state"], order["contact_details"]) == ("assigned", "+861****8000")
    await plumber.until(lambda: bool(plumber.tables["notifications"]))
    (notice,) = plumber.tables["notifications"].values()
    assert (notice["kind"], notice["params"]["number"]) == ("order_assigned", order["number"])
    seen = plumber.tables["work_orders"][order["order_id"]]
    assert seen["contact_details"] == "+8613800138000"  # who is to go there must reach them

    await leader.call("POST", f"{path}/urge", version=1, text="请今天处理")
    await plumber.until(lambda: len(plumber.tables["notifications"]) == 2)
    await plumber.call("POST", f"{path}/answer", version=2, text="已修好")
    await agent.until(lambda: any(one["kind"] == "order_answered" for one in agent.tables["notifications"].values()))
    await agent.until(lambda: agent.tables["work_orders"][order["order_id"]]["state"] == "answered")
    await agent.until(lambda: [one.get("code") for one in agent.entries][-1] == "work_order_answered")

    await leader.call("POST", f"{path}/close", version=3, outcome="satisfied", text="回访满意")
    full = await agent.call("GET", path)
    assert [one["kind"] for one in full["steps"]] == ["created", "urged", "answered", "closed"]
    assert [one["by_name"] for one in full["steps"]] == ["周敏", "陈静", "plumber", "陈静"]
    assert (full["order"]["state"], full["order"]["outcome"], full["order"]["urged"]) == ("closed", "satisfied", 1)
    assert full["may_open_conversation"]
    assert not (await plumber.call("GET", path)).get("may_open_conversation", False)
    actions = (
        await AuditRecord.filter(object_id=order["order_id"]).order_by("audit_id").values_list("action", flat=True)
    )
    assert actions == ["work_order.created", "work_order.urged", "work_order.answered", "work_order.closed"]


async def test_an_order_that_was_not_well_done_is_answered_again(scene: Scene) -> None:
    order = await scene.make()
    path = f"/work-orders/{order['order_id']}"
    await scene.plumber.call("POST", f"{path}/answer", version=1, text="已修好")
    again = await scene.leader.call("POST", f"{path}/reopen", version=2, text="又漏了")
    assert (again["state"], again["reopened"], again.get("answer", "")) == ("assigned", 1, "")
    await scene.plumber.call("POST", f"{path}/answer", version=3, text="换了水管")
    full = await scene.leader.call("GET", path)
    assert [one["text"] for one in full["steps"] if one["kind"] == "answered"] == ["已修好", "换了水管"]


async def test_what_is_answered_at_once_waits_for_nobody(scene: Scene) -> None:
    order = await scene.make(kind="consultation", answer="带身份证到窗口办理", department_id="")
    assert (order["state"], order["answer"]) == ("answered", "带身份证到窗口办理")
    assert (await scene.leader.call("GET", "/work-orders/figures")) == {"waiting": 0, "overdue": 0, "answered": 1}


async def test_every_field_that_is_missing_or_unknown_is_named(scene: Scene) -> None:
    wrong = {"name": " ", "address": "", "content": "\n", "department_id": "moon"}
    body = {**ORDER, **wrong, "client_id": "c", "conversation_id": scene.conversation_id}
    status, answer = await scene.agent.try_call("POST", "/work-orders", **body)
    faults = {"name": "missing", "address": "missing", "content": "missing", "department_id": "unknown"}
    assert (status, answer["error"]["fields"]) == (422, faults)


async def test_a_number_without_its_middle_is_nobodys(scene: Scene) -> None:
    order = await scene.make()
    seen = f"{order['contact_details']}，晚上打"  # typed after what was shown of it
    body = {**ORDER, "client_id": "c", "conversation_id": scene.conversation_id, "contact_details": seen}
    for method, path, given in (
        ("POST", "/work-orders", body),
        ("PATCH", f"/work-orders/{order['order_id']}", {"version": 1, "contact_details": seen}),
    ):
        status, answer = await scene.agent.try_call(method, path, **given)
        assert (status, answer["error"]["fields"]) == (422, {"contact_details": "number_masked"})


async def test_orders_made_together_have_each_their_own_number(scene: Scene) -> None:
    orders = await asyncio.gather(*(scene.make() for _ in range(20)))
    day = datetime.fromisoformat(orders[0]["created_at"])
    numbers = sorted(order["number"] for order in orders)
    assert len(set(numbers)) == 20
    assert [number.partition("-")[2] for number in numbers] == [f"{one:04}" for one in range(1, 21)]
    assert all(number.startswith(f"{day:%Y%m}") for number in numbers)


async def test_the_same_order_asked_for_again_is_made_once(still_house: House, scene: Scene) -> None:
    first = await scene.make(client_id="same")
    assert await scene.make(client_id="same") == first
    await still_house.restart()  # as after a kill: the browser has no answer and asks again
    agent = scene.agent
    agent.url = still_house.url
    await agent.log_in("lianxin-demo")
    body = {**ORDER, "conversation_id": scene.conversation_id}
    assert await agent.call("POST", "/work-orders", client_id="same", **body) == first
    assert await WorkOrder.all().count() == 1
    following = await agent.call("POST", "/work-orders", client_id="other", **body)
    assert following["number"].endswith("-0002")


async def test_of_two_who_change_an_order_at_once_the_second_is_told(scene: Scene) -> None:
    order = await scene.make()
    path = f"/work-orders/{order['order_id']}"
    await scene.agent.call("PATCH", path, version=1, address="城东路 21 号")
    status, answer = await scene.leader.try_call("PATCH", path, version=1, address="城西路 3 号")
    assert (status, answer["error"]["code"]) == (409, "edited_meanwhile")
    status, _ = await scene.agent.try_call("PATCH", path, version=1, address="城东路 22 号")
    assert status == 409, "another change by the same person is no repetition"
    repeated = await scene.agent.call("PATCH", path, version=1, address="城东路 21 号")
    assert (repeated["version"], repeated["address"]) == (2, "城东路 21 号")


async def test_an_order_that_is_passed_on_leaves_its_first_department(scene: Scene) -> None:
    plumber, gardener = scene.plumber, scene.gardener
    order = await scene.make()
    order_id = order["order_id"]
    await plumber.until(lambda: order_id in plumber.tables["work_orders"])
    assert order_id not in gardener.tables["work_orders"]
    await scene.leader.call("PATCH", f"/work-orders/{order_id}", version=1, department_id="gardens")
    await gardener.until(lambda: order_id in gardener.tables["work_orders"])
    await plumber.until(lambda: order_id not in plumber.tables["work_orders"])
    assert (await plumber.try_call("GET", f"/work-orders/{order_id}"))[0] == 404
    assert (await plumber.try_call("POST", f"/work-orders/{order_id}/answer", version=2, text="?"))[0] == 404
    full = await gardener.call("GET", f"/work-orders/{order_id}")
    assert full["steps"][-1]["edited"] == ["department_id"]


async def test_who_may_not_is_refused(scene: Scene, come: Come) -> None:
    order = await scene.make()
    path = f"/work-orders/{order['order_id']}"
    assert (await scene.agent.try_call("POST", f"{path}/answer", version=1, text="?"))[0] == 403
    assert (await scene.agent.try_call("POST", f"{path}/close", version=1, outcome="fair"))[0] == 403
    assert (await scene.plumber.try_call("POST", f"{path}/urge", version=1, text="?"))[0] == 403
    assert (await scene.plumber.try_call("POST", "/work-orders", client_id="c", **ORDER))[0] == 403
    colleague = await come("li")  # serves general, too: sees the citizen and their orders, changes none of others
    assert [one["number"] for one in (await colleague.call("GET", "/work-orders"))["items"]] == [order["number"]]
    assert (await colleague.try_call("PATCH", path, version=1, name="?"))[0] == 403
    status, answer = await scene.leader.try_call("POST", f"{path}/close", version=1, outcome="fair")
    assert (status, answer["error"]["code"]) == (409, "wrong_order_state")


async def test_an_order_is_found_by_number_name_words_and_filters(scene: Scene) -> None:
    leaking = await scene.make()
    tree = await scene.make(name="李阿姨", content="树倒了", department_id="gardens", kind="emergency")

    async def found(agent_name: str, **query: str) -> list[str]:
        agent = getattr(scene, agent_name)
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return [one["number"] for one in (await agent.call("GET", f"/work-orders?{asked}"))["items"]]

    assert await found("leader") == [tree["number"], leaking["number"]]
    assert await found("leader", words=leaking["number"]) == [leaking["number"]]
    assert await found("leader", words="李阿姨") == [tree["number"]]
    assert await found("leader", words="漏水") == [leaking["number"]]
    assert await found("leader", words="13800138000") == [tree["number"], leaking["number"]]
    assert await found("agent", words="13800138000") == []  # hidden digits are not found out by trying
    assert await found("agent", words="8000") == [tree["number"], leaking["number"]]
    assert await found("leader", kind="emergency") == [tree["number"]]
    assert await found("leader", department_id="works") == [tree["number"], leaking["number"]]
    assert await found("plumber") == [leaking["number"]]
    assert await found("plumber", view="department") == [leaking["number"]]
    assert await found("plumber", words=tree["number"]) == []
    assert await found("leader", view="mine") == []
    assert await found("leader", view="department") == []  # she is of none
    assert await found("leader", before=tree["order_id"]) == [leaking["number"]]


async def test_an_overdue_order_is_brought_to_its_department_and_the_leader_once(
    scene: Scene, still_house: House, clock: VirtualClock
) -> None:
    order = await scene.make(kind="emergency")
    created, due = (datetime.fromisoformat(order[name]) for name in ("created_at", "due_at"))
    assert (due - created).total_seconds() == 2 * 3_600
    warnings = still_house.services.work_orders.warnings
    await warnings.tick()
    clock.advance(2 * 3_600 + 1)
    await warnings.tick()
    await warnings.tick()
    warned = await Notification.filter(kind="order_overdue").values_list("user_id", flat=True)
    people = [await User.get(username=name) for name in ("plumber", "chen")]
    assert sorted(map(str, warned)) == sorted(one.user_id for one in people), "each once, and nobody else"
    for person in (scene.plumber, scene.leader):
        await person.until(
            lambda person=person: any(  # type: ignore[misc]
                one["kind"] == "order_overdue" for one in person.tables["notifications"].values()
            )
        )
    await scene.leader.log_in("lianxin-demo")
    assert (await scene.leader.call("GET", "/work-orders/figures"))["overdue"] == 1
    assert [one["number"] for one in (await scene.leader.call("GET", "/work-orders?is_overdue=true"))["items"]] == [
        order["number"]
    ]


async def test_an_overdue_order_without_a_department_is_brought_to_whoever_made_it(
    scene: Scene, still_house: House, clock: VirtualClock
) -> None:
    await scene.make(kind="emergency", department_id="")
    clock.advance(2 * 3_600 + 1)
    await still_house.services.work_orders.warnings.tick()
    maker = await User.get(username="zhou")
    assert await Notification.filter(kind="order_overdue", user_id=maker.user_id).count() == 1


async def test_the_desk_s_search_finds_orders_that_the_user_may_see(scene: Scene) -> None:
    order = await scene.make()
    other = await scene.make(name="李阿姨", department_id="gardens")

    async def found(agent: Agent, words: str) -> list[str]:
        return [one["number"] for one in (await agent.call("GET", f"/search?q={words}"))["orders"]]

    assert await found(scene.leader, order["number"]) == [order["number"]]
    assert await found(scene.agent, "李阿姨") == [other["number"]]
    assert await found(scene.plumber, "李阿姨") == []


async def test_orders_are_taken_away_as_the_list_shows_them(still_house: House, scene: Scene) -> None:
    order = await scene.make()
    await scene.make(department_id="gardens", kind="emergency")
    status, data = await get(scene.leader, "/work-order-files?kind=help")
    [(heading, *lines)] = read(data).values()
    assert status == 200
    assert [dict(zip(heading, line, strict=True))["编号"] for line in lines] == [order["number"]]
    status, data = await get(scene.plumber, "/work-order-files?format=csv&language=en")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [(row["Number"], row["Class"], row["Department"]) for row in rows] == [(order["number"], "Help", "repairs")]
    deeds = await still_house.services.audit.page(Wanted(action="work_order.export"), before=None, limit=9)
    assert [one.actor for one in deeds] == ["plumber", "chen"]


async def test_time_counts_by_the_calendar_but_for_what_cannot_wait(still_house: House, scene: Scene) -> None:
    orders = still_house.services.work_orders
    async with still_house.services.store.work():
        rules = {"weekly": {str(day): [["09:00", "17:00"]] for day in range(7)}, "follows_holidays": False}
        await Calendar.create(calendar_id="counter", title={"zh": "窗口", "en": "Counter"}, rules=rules)
    settings = WorkOrderSettings(calendar_id="counter", due_hours=DueHours(help=10, complaint=None))
    await orders.setup.save(OPERATOR, settings, remote="")
    evening = datetime.fromisoformat("2025-03-05T20:00:00+08:00")
    assert await orders.setup.due_at("help", evening) == datetime.fromisoformat("2025-03-07T11:00:00+08:00")
    assert await orders.setup.due_at("emergency", evening) == evening + timedelta(hours=2)
    assert await orders.setup.due_at("complaint", evening) is None
    with pytest.raises(ConfigInvalid) as refused:
        await orders.setup.save(OPERATOR, WorkOrderSettings(calendar_id="moon"), remote="")
    assert refused.value.faults == {"calendar_id": "unknown"}


async def test_only_an_order_s_department_or_a_leader_answers_it(still_house: House, scene: Scene) -> None:
    order = await scene.make()
    path = f"/work-orders/{order['order_id']}/answer"
    async with still_house.services.store.work():
        await User.filter(username="gardener").update(queue_ids=["general"])  # serves the citizen, too
    await scene.gardener.log_in("lianxin-demo")
    assert (await scene.gardener.try_call("GET", f"/work-orders/{order['order_id']}"))[0] == 200
    assert (await scene.gardener.try_call("POST", path, version=1, text="?"))[0] == 403
    assert (await scene.leader.call("POST", path, version=1, text="已修好"))["state"] == "answered"


async def test_what_the_index_finds_by_a_number_s_hidden_digits_is_left_out(still_house: House, scene: Scene) -> None:
    order = await scene.make()
    lists = still_house.services.work_orders.lists
    asked: list[SearchQuery] = []

    class Index:
        async def ask(self, query: SearchQuery) -> SearchAnswer:
            asked.append(query)
            return SearchAnswer(hits=(Hit(document_id="order", score=1.0, matched="key", group=order["order_id"]),))

    lists._finder = Index()  # type: ignore[assignment]

    async def found(agent: Agent, words: str) -> int:
        return len((await agent.call("GET", f"/work-orders?words={words}"))["items"])

    assert await found(scene.leader, "13800138000") == 1
    assert await found(scene.agent, "13800138") == 0
    assert await found(scene.agent, "8000") == 1
    assert await found(scene.agent, order["number"]) == 1
    assert all(query.filters == (("type:work_order", "type:contact"),) for query in asked)


async def test_an_order_goes_to_another_contact_and_back_with_its_conversation(
    still_house: House, scene: Scene, channel: FakeChannel
) -> None:
    first = await scene.make()
    conversation = await Conversation.get(conversation_id=scene.conversation_id)
    await channel.write("tel:+8613900139000", "人工")
    other = await scene.agent.take_offer()
    kept = (await Conversation.get(conversation_id=other)).contact_id
    leader, plumber = scene.leader, scene.plumber

    async def belongs_to(order: dict[str, Any], contact_id: str) -> None:
        assert (await WorkOrder.get(order_id=order["order_id"])).contact_id == contact_id
        await plumber.until(lambda: plumber.tables["work_orders"][order["order_id"]]["contact_id"] == contact_id)

    await leader.call("POST", f"/contacts/{kept}/merges", other_id=conversation.contact_id)
    await belongs_to(first, kept)
    second = await scene.make()
    await belongs_to(second, kept)
    async with still_house.services.store.work():  # as when it goes on at an address that did not move
        await Conversation.filter(conversation_id=scene.conversation_id).update(address="tel:+8613700137000")
    (merge,) = (await leader.call("GET", f"/contacts/{kept}/links"))["merges"]
    await leader.call("DELETE", f"/contacts/{kept}/merges/{merge['merge_id']}")
    for order in (first, second):
        await belongs_to(order, conversation.contact_id)
