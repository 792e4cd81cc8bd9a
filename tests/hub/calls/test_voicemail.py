"""Messages left by voice: when nobody can take the call, and for a person of one's own who answers them."""

from typing import Any

import pytest

from core.events import Attachment
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.accounts.users import UserEdit
from hub.dispatch.queues import QueueSettings
from hub.store.models import Calendar, Entry, User, WorkItem, WorkOrder
from tests.hub.calls.conftest import VOICE, Advance, Come
from tests.hub.calls.test_calls import eventually
from tests.hub.calls.test_numbers import lead
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House

OPERATOR = Identity(username="operator")
NUMBER, MAILBOX = "12345", "12399"
FLOW: dict[str, Any] = {
    "languages": ["zh"],
    "start": "people",
    "human": "people",
    "nodes": {
        "people": {
            "step": "queue",
            "queue_id": "general",
            "on": {"full": "message", "closed": "message", "timed_out": "message"},
        },
        "message": {
            "step": "take_message",
            "text": {"zh": "请留言。"},
            "queue_id": "elder",
            "timeout_s": 60,
            "on_timeout": "thanks",
            "goto": "thanks",
        },
        "thanks": {"step": "end", "text": {"zh": "感谢来电。"}},
    },
}


async def leave_message(engine: FakeEngine, house: House, call_id: str) -> Attachment:
    """Have the caller speak after the words; return the file."""
    file = await house.services.media.keep(b"RIFFwords", mime="audio/wav", name="words.wav", instance=VOICE)
    await engine.hears(call_id, "请留言")
    await engine.finish(call_id)
    await engine.records(call_id)
    await engine.finish(call_id, file=file, length_s=9.0)
    await engine.hears(call_id, "感谢来电")
    return file


@pytest.mark.parametrize(
    "rules",
    [{"max_waiting": 0}, {"max_wait_s": 60}, {"opening_calendar": "never"}],
    ids=["busy", "unattended", "closed"],
)
async def test_who_reaches_nobody_leaves_a_message_that_waits_for_an_agent(
    engine: FakeEngine, still_house: House, come: Come, advance: Advance, rules: dict[str, Any]
) -> None:
    async with still_house.services.store.work():
        await Calendar.create(calendar_id="never", title={"zh": "从不"}, rules={"weekly": {}})
    title = {"zh": "综合", "en": "General"}
    await still_house.services.queue_editor.save(OPERATOR, "general", title, QueueSettings(**rules))
    await lead(still_house, NUMBER, "night", FLOW)
    if "max_waiting" in rules:
        zhou = await come("zhou")
        await zhou.call("PUT", "/me/state", state="busy")
    call_id = await engine.arrive(dialled=NUMBER)
    if "max_wait_s" in rules:
        await engine.queues(call_id)
        await advance(61)
    file = await leave_message(engine, still_house, call_id)
    await eventually(WorkItem.filter(channel_class="mail", state="waiting", queue_id="elder"))
    (entry,) = await Entry.filter(code="voice_message")
    assert file.media_id in str(entry.attachments)


async def test_messages_for_a_leader_are_heard_registered_and_answered_by_the_one_in_charge(
    engine: FakeEngine, still_house: House, come: Come
) -> None:
    services = still_house.services
    await services.queue_editor.save(OPERATOR, "mailbox", {"zh": "领导信箱", "en": "Leader"}, QueueSettings())
    for username, queue_ids in (("chen", ("mailbox",)), ("zhou", ("general",))):
        user = await User.get(username=username)
        await services.users.edit(OPERATOR, user.user_id, UserEdit(queue_ids=queue_ids))
    message = {**FLOW["nodes"]["message"], "queue_id": "mailbox"}
    await lead(
        still_house, MAILBOX, "mailbox", {**FLOW, "start": "message", "nodes": {**FLOW["nodes"], "message": message}}
    )
    zhou, chen = await come("zhou"), await come("chen")
    call_id = await engine.arrive(dialled=MAILBOX)
    file = await leave_message(engine, still_house, call_id)
    await engine.finish(call_id)
    await engine.is_over(call_id)
    conversation_id = await chen.take_offer()
    assert not zhou.tables["offers"]
    async with chen.http.get(f"{chen.url}/media/{file.media_id}/{file.name}") as heard:
        assert (heard.status, await heard.read()) == (200, b"RIFFwords")
    await chen.call(
        "POST",
        "/work-orders",
        client_id=new_id(),
        conversation_id=conversation_id,
        kind="suggestion",
        name="王芳",
        address="和平路 1 号",
        content="建议延长夜间服务",
    )
    assert (await WorkOrder.get()).conversation_id == conversation_id
    await chen.call("POST", f"/conversations/{conversation_id}/end")
    answer = await chen.call("POST", "/calls", client_id=new_id(), to="13900000001")
    leg = await engine.rings(answer["call"]["call_id"])
    await engine.change(answer["call"]["call_id"], leg.leg_id, "answered")
    await engine.until(lambda: len(engine.plans[answer["call"]["call_id"]].legs) == 2)
    assert engine.caller(answer["call"]["call_id"]).dial is not None
