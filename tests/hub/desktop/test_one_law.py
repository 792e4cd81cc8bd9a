"""The desk's one law: whatever happens, a browser that applied its deltas holds what a fresh snapshot holds."""

import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from core.ids import new_id
from core.testing.clock import VirtualClock
from hub.accounts.identity import Identity
from hub.demo import PASSWORD
from hub.dispatch.queues import OverflowSetting, QueueSettings
from tests.hub.support.channel import FakeChannel
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

LOADED_APART = ("contacts", "entries", "room_messages", "work_orders")  # browsers load these by calls; see the protocol
CITIZEN = "tel:+8613800138000"
OPERATOR = Identity(username="operator", permissions=frozenset({"queue.all"}))


@dataclass
class Scene:
    """A hub, its channel, and three viewers: who serves, a colleague of the same queue, a supervisor of all."""

    house: House
    channel: FakeChannel
    owner: Agent
    colleague: Agent
    supervisor: Agent
    clock: VirtualClock
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def viewers(self) -> tuple[Agent, ...]:
        return self.owner, self.colleague, self.supervisor

    async def advance(self, seconds: float) -> None:
        """Let time pass, and what it brings about happen."""
        self.clock.advance(seconds)
        services = self.house.services
        for timed in (services.dispatcher, services.flows, services.held_steps, services.snoozes, services.todos):
            await timed.tick()

    async def wait_for_work(self, text: str = "人工", sender: str = CITIZEN) -> str:
        """Let a citizen ask for a person; return the conversation's id once everybody may know."""
        known = set(self.supervisor.tables["conversations"])
        await self.channel.write(sender, text)
        await self.supervisor.until(lambda: bool(self.supervisor.tables["conversations"].keys() - known))
        new: str = next(iter(self.supervisor.tables["conversations"].keys() - known))
        return new

    async def serve(self) -> str:
        """Let the owner take a citizen's conversation."""
        await self.owner.call("PUT", "/me/state", state="available")
        await self.wait_for_work()
        return await self.owner.take_offer()


Step = Callable[[Scene], Awaitable[None]]
STEPS: dict[str, Step] = {}


def step(action: Step) -> Step:
    """Collect ``action`` under its own name."""
    STEPS[action.__name__.strip("_")] = action
    return action


@step
async def _opened_without_words(scene: Scene) -> None:
    await scene.channel.arrive(CITIZEN)
    await scene.channel.hears(CITIZEN, "12345")


@step
async def _menu_answered(scene: Scene) -> None:
    await _opened_without_words(scene)
    await scene.channel.write(CITIZEN, "1")
    await scene.channel.hears(CITIZEN, "检修通知")


@step
async def _queued(scene: Scene) -> None:
    await scene.wait_for_work()


@step
async def _offered(scene: Scene) -> None:
    await scene.owner.call("PUT", "/me/state", state="available")
    await scene.wait_for_work()
    await scene.owner.until(lambda: bool(scene.owner.tables["offers"]))


@step
async def _accepted(scene: Scene) -> None:
    await scene.serve()


@step
async def _declined(scene: Scene) -> None:
    await _offered(scene)
    offer_id = next(iter(scene.owner.tables["offers"]))
    await scene.owner.call("POST", f"/offers/{offer_id}/decline", reason="busy")


@step
async def _declined_for_the_colleague(scene: Scene) -> None:
    await _offered(scene)
    await scene.colleague.call("PUT", "/me/state", state="available")
    offer_id = next(iter(scene.owner.tables["offers"]))
    await scene.owner.call("POST", f"/offers/{offer_id}/decline", reason="busy")
    await scene.colleague.until(lambda: bool(scene.colleague.tables["offers"]))


@step
async def _expired(scene: Scene) -> None:
    await _offered(scene)
    await scene.advance(21)


@step
async def _withdrawn_as_the_agent_goes_away(scene: Scene) -> None:
    await _offered(scene)
    await scene.owner.call("PUT", "/me/state", state="away", reason="meal")


@step
async def _message_in(scene: Scene) -> None:
    await scene.serve()
    await scene.channel.write(CITIZEN, "<b>我家没水</b>")
    await scene.owner.until(lambda: "<b>我家没水</b>" in scene.owner.read("in"))


@step
async def _message_out_after_unread_ones(scene: Scene) -> None:
    await _message_in(scene)
    (conversation_id,) = scene.owner.tables["conversations"]
    await scene.owner.say(conversation_id, "请问地址？")


@step
async def _statuses(scene: Scene) -> None:
    conversation_id = await scene.serve()
    entry = await scene.owner.say(conversation_id, "您好")
    await scene.owner.until(lambda: {**entry, "status": "delivered"} in scene.owner.entries)
    await scene.channel.read(CITIZEN, 10_000)
    await scene.owner.until(lambda: {**entry, "status": "read"} in scene.owner.entries)


@step
async def _failed_and_sent_again(scene: Scene) -> None:
    scene.channel.reports = False
    conversation_id = await scene.serve()
    entry = await scene.owner.say(conversation_id, "您好")
    await scene.channel.status(entry["entry_id"], "failed", code="rejected")
    await scene.owner.until(lambda: scene.owner.entries[-1].get("status") == "failed")
    await scene.owner.call("POST", f"/conversations/{conversation_id}/messages/{entry['entry_id']}/retry")


@step
async def _noted(scene: Scene) -> None:
    conversation_id = await scene.serve()
    await scene.owner.call("POST", f"/conversations/{conversation_id}/notes", client_id="n1", text="回头再看")


@step
async def _drafted(scene: Scene) -> None:
    conversation_id = await scene.serve()
    for text in ("您", "您好"):
        await scene.owner.call("PUT", f"/conversations/{conversation_id}/draft", text=text, is_note=False)


@step
async def _draft_emptied(scene: Scene) -> None:
    await _drafted(scene)
    (conversation_id,) = scene.owner.tables["conversations"]
    await scene.owner.call("PUT", f"/conversations/{conversation_id}/draft", text="", is_note=False)


@step
async def _draft_sent(scene: Scene) -> None:
    await _drafted(scene)
    (conversation_id,) = scene.owner.tables["conversations"]
    await scene.owner.say(conversation_id, "您好")


@step
async def _read(scene: Scene) -> None:
    await _message_in(scene)
    (conversation_id,) = scene.owner.tables["conversations"]
    await scene.owner.call("POST", f"/conversations/{conversation_id}/read")


@step
async def _transferred_to_a_queue(scene: Scene) -> None:
    conversation_id = await scene.serve()
    await scene.owner.call("POST", f"/conversations/{conversation_id}/transfer", queue_id="elder", note="请接手")


@step
async def _transferred_to_a_foreign_queue(scene: Scene) -> None:
    conversation_id = await scene.serve()
    await scene.owner.call("POST", f"/conversations/{conversation_id}/transfer", queue_id="housing", note="")


@step
async def _transferred_to_an_agent(scene: Scene) -> None:
    conversation_id = await scene.serve()
    await scene.colleague.call("PUT", "/me/state", state="available")
    agent_id = scene.colleague.me["user_id"]
    await scene.owner.call("POST", f"/conversations/{conversation_id}/transfer", agent_id=agent_id, note="你认识他")
    assert await scene.colleague.take_offer() == conversation_id


@step
async def _returned(scene: Scene) -> None:
    await scene.serve()
    agent_id = scene.owner.me["user_id"]
    services = scene.house.services
    async with services.conversations._units.open() as unit, services.dispatcher.deciding(unit):
        await services.dispatcher.lose_agent(unit, agent_id)


@step
async def _picked(scene: Scene) -> None:
    conversation_id = await scene.wait_for_work()
    await scene.supervisor.call("PUT", "/me/state", state="busy")
    await scene.supervisor.call("PUT", "/me/state", state="available")
    await scene.supervisor.until(lambda: bool(scene.supervisor.tables["offers"]))
    await scene.supervisor.call("PUT", "/me/state", state="busy")
    await scene.colleague.call("PUT", "/me/state", state="available")
    await scene.colleague.take_offer()
    assert scene.colleague.conversation(conversation_id)["state"] == "active"


@step
async def _edited(scene: Scene) -> None:
    conversation_id = await scene.serve()
    await scene.owner.call("PATCH", f"/conversations/{conversation_id}", topic="供水", tags=["水"], summary="停水")


@step
async def _work_order_made(scene: Scene) -> None:
    conversation_id = await scene.serve()
    order = {"kind": "help", "name": "张", "address": "城东", "content": "漏水", "client_id": "o1"}
    await scene.owner.call("POST", "/work-orders", conversation_id=conversation_id, **order)


@step
async def _work_order_passed_on_answered_and_closed(scene: Scene) -> None:
    await _work_order_made(scene)
    order_id = next(iter(scene.owner.tables["work_orders"]))
    path = f"/work-orders/{order_id}"
    await scene.supervisor.call("PATCH", path, version=1, kind="complaint")
    await scene.supervisor.call("POST", f"{path}/answer", version=2, text="已修好")
    await scene.supervisor.call("POST", f"{path}/close", version=3, outcome="satisfied")


@step
async def _ended(scene: Scene) -> None:
    conversation_id = await scene.serve()
    await scene.owner.call("POST", f"/conversations/{conversation_id}/end")


@step
async def _wrap_up_ended_by_time(scene: Scene) -> None:
    await _ended(scene)
    await scene.advance(31)


@step
async def _wrapped_up(scene: Scene) -> None:
    await _ended(scene)
    (conversation_id,) = scene.owner.tables["conversations"]
    await scene.owner.call("POST", f"/conversations/{conversation_id}/wrap-up", code="answered", summary="", tags=[])


@step
async def _rated(scene: Scene) -> None:
    await _ended(scene)
    await scene.channel.hears(CITIZEN, "评价")
    await scene.channel.write(CITIZEN, "1")
    await scene.channel.hears(CITIZEN, "感谢")


@step
async def _rated_after_the_wrap_up(scene: Scene) -> None:
    await _wrapped_up(scene)
    await scene.channel.hears(CITIZEN, "评价")
    await scene.channel.write(CITIZEN, "1")
    await scene.channel.hears(CITIZEN, "感谢")


@step
async def _no_rating_but_a_new_matter(scene: Scene) -> None:
    await _wrapped_up(scene)
    await scene.channel.hears(CITIZEN, "评价")
    await scene.wait_for_work("人工")


@step
async def _contact_edited(scene: Scene) -> None:
    conversation_id = await scene.serve()
    contact_id = scene.owner.conversation(conversation_id)["contact_id"]
    await scene.owner.call("PATCH", f"/contacts/{contact_id}", name="王奶奶", level=3)
    await scene.owner.until(lambda: scene.owner.conversation(conversation_id)["contact_name"] == "王奶奶")


@step
async def _contact_blocked(scene: Scene) -> None:
    conversation_id = await scene.serve()
    contact_id = scene.owner.conversation(conversation_id)["contact_id"]
    await scene.supervisor.call("POST", f"/contacts/{contact_id}/block", reason="辱骂")


@step
async def _agent_states(scene: Scene) -> None:
    await scene.owner.call("PUT", "/me/state", state="available")
    await scene.owner.call("PUT", "/me/state", state="away", reason="meal")
    await scene.owner.call("PUT", "/me/state", state="busy")


@step
async def _agent_mode(scene: Scene) -> None:
    await scene.owner.call("PUT", "/me/state", state="available", work_mode="off_shift")


@step
async def _overflowed(scene: Scene) -> None:
    rules = QueueSettings(overflows=(OverflowSetting(after_s=60, queue_id="elder"),))
    await scene.house.services.queue_editor.save(OPERATOR, "general", {"zh": "综合服务"}, rules)
    await scene.wait_for_work()
    await scene.advance(61)


@step
async def _overflowed_for_good(scene: Scene) -> None:
    rules = QueueSettings(overflows=(OverflowSetting(after_s=60, queue_id="housing", moves=True),))
    await scene.house.services.queue_editor.save(OPERATOR, "general", {"zh": "综合服务"}, rules)
    await scene.wait_for_work()
    await scene.advance(61)


@step
async def _queue_renamed(scene: Scene) -> None:
    await scene.house.services.queue_editor.save(OPERATOR, "elder", {"zh": "养老"}, QueueSettings())


@step
async def _queue_made(scene: Scene) -> None:
    await scene.house.services.queue_editor.save(OPERATOR, "new", {"zh": "新"}, QueueSettings())


@step
async def _message_left_for_later(scene: Scene) -> None:
    await scene.channel.arrive(CITIZEN)
    await scene.channel.hears(CITIZEN, "12345")
    await scene.channel.write(CITIZEN, "4")
    await scene.channel.hears(CITIZEN, "请写明")
    await scene.wait_for_work("楼道灯坏了")


@step
async def _silent_until_the_flow_gives_up(scene: Scene) -> None:
    await _opened_without_words(scene)
    for _ in range(4):
        await scene.advance(601)
    await scene.channel.hears(CITIZEN, "长时间没有回复")


@step
async def _logged_out(scene: Scene) -> None:
    await scene.serve()
    async with Agent(scene.house.url, "chen", PASSWORD):
        pass
    agent_id = scene.owner.me["user_id"]
    await scene.house.services.presence.log_out(agent_id)


async def _held(scene: Scene, **step: Any) -> str:
    conversation_id = await scene.serve()
    await scene.owner.call("PUT", f"/conversations/{conversation_id}/held-step", **step)
    return conversation_id


@step
async def _end_held(scene: Scene) -> None:
    await _held(scene, step="end")


@step
async def _end_held_and_undone(scene: Scene) -> None:
    conversation_id = await _held(scene, step="end")
    await scene.owner.call("DELETE", f"/conversations/{conversation_id}/held-step")


@step
async def _end_held_and_done(scene: Scene) -> None:
    await _held(scene, step="end")
    await scene.advance(6)


@step
async def _transfer_held_and_done(scene: Scene) -> None:
    await _held(scene, step="transfer", transfer={"queue_id": "housing", "note": "转"})
    await scene.advance(6)


@step
async def _snoozed(scene: Scene) -> None:
    conversation_id = await scene.serve()
    until = (scene.clock.now() + timedelta(minutes=10)).isoformat()
    await scene.owner.call("PUT", f"/conversations/{conversation_id}/snooze", until=until)


@step
async def _snoozed_and_woken(scene: Scene) -> None:
    await _snoozed(scene)
    (conversation_id,) = scene.owner.tables["conversations"]
    await scene.owner.call("DELETE", f"/conversations/{conversation_id}/snooze")


@step
async def _snoozed_and_woken_by_time(scene: Scene) -> None:
    await _snoozed(scene)
    await scene.advance(601)


@step
async def _snoozed_and_woken_by_the_citizen(scene: Scene) -> None:
    await _snoozed(scene)
    await scene.channel.write(CITIZEN, "还没修好")
    await scene.owner.until(lambda: "还没修好" in scene.owner.read("in"))
    await scene.advance(1)


@step
async def _snoozed_and_woken_while_its_agent_is_gone(scene: Scene) -> None:
    await _snoozed(scene)
    await scene.owner.call("PUT", "/me/state", state="offline")
    await scene.advance(601)


@step
async def _split(scene: Scene) -> None:
    await _message_in(scene)
    (conversation_id,) = scene.owner.tables["conversations"]
    entry_id = next(one["entry_id"] for one in scene.owner.entries if one.get("text") == "<b>我家没水</b>")
    await scene.owner.call("POST", f"/conversations/{conversation_id}/split", entry_ids=[entry_id], topic="供水")


@step
async def _split_and_merged(scene: Scene) -> None:
    await _split(scene)
    await scene.owner.until(lambda: len(scene.owner.tables["conversations"]) == 2)
    kept, other = sorted(scene.owner.tables["conversations"])
    await scene.owner.call("POST", f"/conversations/{kept}/merge", other_id=other)


@step
async def _todo_noted(scene: Scene) -> None:
    due_at = (scene.clock.now() + timedelta(seconds=60)).isoformat()
    await scene.owner.call("POST", "/todos", text="回电", due_at=due_at)


@step
async def _todo_reminded_of(scene: Scene) -> None:
    await _todo_noted(scene)
    await scene.advance(61)


@step
async def _todo_done(scene: Scene) -> None:
    todo = await scene.owner.call("POST", "/todos", text="回电")
    await scene.owner.call("PATCH", f"/todos/{todo['todo_id']}", is_done=True)


@step
async def _notifications_seen(scene: Scene) -> None:
    await _todo_reminded_of(scene)
    await scene.owner.call("POST", "/notifications/seen")


async def _room(scene: Scene) -> str:
    colleagues = [scene.colleague.me["user_id"], scene.supervisor.me["user_id"]]
    room = await scene.owner.call("POST", "/rooms", title="早班", member_ids=colleagues)
    await scene.owner.call("POST", f"/rooms/{room['room_id']}/messages", client_id="m1", text="大家好")
    return str(room["room_id"])


@step
async def _room_opened_and_written_in(scene: Scene) -> None:
    await _room(scene)


@step
async def _room_read(scene: Scene) -> None:
    room_id = await _room(scene)
    await scene.colleague.call("POST", f"/rooms/{room_id}/read")


@step
async def _room_left_and_renamed(scene: Scene) -> None:
    room_id = await _room(scene)
    await scene.colleague.call("POST", f"/rooms/{room_id}/leave")
    await scene.owner.call("PATCH", f"/rooms/{room_id}", title="晚班")


@step
async def _bulletin_published(scene: Scene) -> None:
    await scene.supervisor.call("POST", "/bulletins", title="停水通知", text="城东今晚停水")
    await scene.supervisor.call("POST", "/bulletins", title="为老", text="只给一个队列", queue_ids=["housing"])


@step
async def _bulletin_confirmed(scene: Scene) -> None:
    bulletin = await scene.supervisor.call("POST", "/bulletins", title="停水通知", text="城东今晚停水")
    await scene.owner.call("POST", f"/bulletins/{bulletin['bulletin_id']}/confirm")


@step
async def _bulletin_withdrawn(scene: Scene) -> None:
    bulletin = await scene.supervisor.call("POST", "/bulletins", title="停水通知", text="城东今晚停水")
    await scene.supervisor.call("DELETE", f"/bulletins/{bulletin['bulletin_id']}")


@pytest.fixture
async def scene(still_house: House, clock: VirtualClock) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(still_house.channel())
        owner, colleague, supervisor = [
            await stack.enter_async_context(Agent(still_house.url, name, PASSWORD)) for name in ("zhou", "li", "chen")
        ]
        for agent in (owner, colleague, supervisor):
            await agent.open_desk()
        yield Scene(still_house, channel, owner, colleague, supervisor, clock)


@pytest.mark.parametrize("name", STEPS)
async def test_applied_deltas_equal_a_fresh_snapshot(scene: Scene, name: str) -> None:
    await STEPS[name](scene)
    for viewer in scene.viewers:
        await compare(viewer)


async def compare(viewer: Agent) -> None:
    """Compare what ``viewer`` holds with a snapshot taken now, at the same number."""
    while True:
        number, tables = await fresh(viewer)
        await viewer.until(lambda number=number: viewer.seq >= number)  # type: ignore[misc]
        if viewer.seq == number:
            break
    for table, rows in tables.items():
        if table not in LOADED_APART:
            assert viewer.tables[table] == rows, table


async def fresh(viewer: Agent) -> tuple[int, dict[str, Any]]:
    """Return the number and the tables of a browser that comes now."""
    url = f"{viewer.url}/api/v1/desktop"
    async with viewer.http.ws_connect(
        url, headers={"Origin": viewer.url}, timeout=aiohttp.ClientWSTimeout(ws_close=2)
    ) as socket:
        await socket.send_json({"type": "hello", "epoch": None, "seq": 0})
        frame = json.loads((await socket.receive()).data)
        assert frame["type"] == "snapshot"
        return frame["seq"], frame["tables"]


MOVES = (
    "write", "write_other", "available", "busy", "away", "take", "decline", "say", "note", "draft", "read",
    "to_elder", "to_housing", "end", "wrap_up", "wait", "colleague_available", "colleague_busy",
)  # fmt: skip


async def _move(scene: Scene, move: str) -> None:  # noqa: PLR0912 - one case a move
    """Make one move if it can be made now; what the hub refuses changes nothing."""
    owner, colleague = scene.owner, scene.colleague
    offers = list(owner.tables["offers"])
    conversations = list(owner.tables["conversations"])
    one = conversations[0] if conversations else "none"
    match move:
        case "write":
            await scene.channel.write(CITIZEN, "人工")
        case "write_other":
            await scene.channel.write("webchat:other", "0")
        case "available" | "busy":
            await owner.try_call("PUT", "/me/state", state=move)
        case "away":
            await owner.try_call("PUT", "/me/state", state="away", reason="meal")
        case "colleague_available" | "colleague_busy":
            await colleague.try_call("PUT", "/me/state", state=move.removeprefix("colleague_"))
        case "take" if offers:
            await owner.try_call("POST", f"/offers/{offers[0]}/accept")
        case "decline" if offers:
            await owner.try_call("POST", f"/offers/{offers[0]}/decline", reason="忙")
        case "say":
            await owner.try_call("POST", f"/conversations/{one}/messages", client_id=new_id(), text="您好")
        case "note":
            await owner.try_call("POST", f"/conversations/{one}/notes", client_id=new_id(), text="记下")
        case "draft":
            await owner.try_call("PUT", f"/conversations/{one}/draft", text=new_id())
        case "read" | "end":
            await owner.try_call("POST", f"/conversations/{one}/{move}")
        case "to_elder" | "to_housing":
            queue_id = move.removeprefix("to_")
            await owner.try_call("POST", f"/conversations/{one}/transfer", queue_id=queue_id, note="转")
        case "wrap_up":
            await owner.try_call("POST", f"/conversations/{one}/wrap-up", code="answered")
        case "wait":
            await scene.advance(11)


@pytest.mark.parametrize("seed", range(6))
async def test_the_law_holds_after_any_moves(scene: Scene, seed: int) -> None:
    randomly = random.Random(seed)
    for _ in range(40):
        await _move(scene, randomly.choice(MOVES))
    for viewer in scene.viewers:
        await compare(viewer)


async def test_what_arrives_of_threads_and_contacts_is_what_calls_answer(scene: Scene) -> None:
    conversation_id = await scene.serve()
    await scene.channel.write(CITIZEN, "我家没水")
    await scene.owner.until(lambda: "我家没水" in scene.owner.read("in"))
    entry = await scene.owner.say(conversation_id, "您好")
    await scene.owner.until(lambda: {**entry, "status": "delivered"} in scene.owner.entries)
    contact_id = scene.owner.conversation(conversation_id)["contact_id"]
    await scene.owner.call("PATCH", f"/contacts/{contact_id}", name="王奶奶")
    for viewer in scene.viewers:
        await viewer.until(lambda viewer=viewer: contact_id in viewer.tables["contacts"])  # type: ignore[misc]
        await compare(viewer)
        thread = await viewer.call("GET", f"/conversations/{conversation_id}/entries")
        latest = {one["entry_id"]: one for one in viewer.entries}
        assert {one["entry_id"]: one for one in thread["items"] if one["entry_id"] in latest} == latest
        card = viewer.tables["contacts"][contact_id]
        assert card == await viewer.call("GET", f"/contacts/{contact_id}")


async def test_a_line_cut_at_any_time_resumes_without_a_snapshot(scene: Scene) -> None:
    conversation_id = await scene.serve()
    for number in range(10):
        await scene.owner.cut()
        await scene.owner.say(conversation_id, f"第 {number} 句")
    await compare(scene.owner)
    assert scene.owner.snapshots == 1
