"""What a citizen wrote can be deleted: words, files, and what is found by them."""

import pytest

from core.events import EntryChanged, Mail
from hub.knowledge.search.conversion import removed_documents
from hub.store.models import AuditRecord, Conversation, Entry, Media, MediaUse, Transcript
from hub.store.views import conversation_view, entry_view
from hub.units import Units
from tests.hub.conversing.conftest import Come
from tests.hub.conversing.test_other_channels import MOBILE, WANG, serve, sms
from tests.hub.support.channel import FakeChannel
from tests.hub.support.files import fetch, received
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

__all__ = ["sms"]


@pytest.fixture
async def chen(come: Come) -> Agent:
    """A supervisor, who may delete."""
    return await come("chen")


def deletions(conversation_id: str) -> str:
    """Return where a conversation's messages are deleted."""
    return f"/conversations/{conversation_id}/deletions"


async def test_a_received_short_message_is_viewed_and_deleted(sms: FakeChannel, chen: Agent) -> None:
    conversation = await serve(chen, sms, MOBILE)
    conversation_id = conversation["conversation_id"]
    await sms.write(MOBILE, "我的银行卡号是 6222020200112233445")
    await chen.until(lambda: any("6222" in text for text in chen.read("in")))
    listed = await chen.call("GET", "/conversations?view=all&channel=sms")
    assert [one["conversation_id"] for one in listed["items"]] == [conversation_id]
    entries = (await chen.call("GET", f"/conversations/{conversation_id}/entries"))["items"]
    (entry,) = [one for one in entries if "6222" in one.get("text", "")]
    answer = await chen.call("POST", deletions(conversation_id), entry_ids=[entry["entry_id"]], reason="误发卡号")
    (left,) = answer["items"]
    assert (left.get("text", ""), left["code"], left["params"]) == ("", "deleted", {"by": "陈静"})
    row = await Entry.get(entry_id=entry["entry_id"])
    assert (row.text, row.external_id != "") == ("", True), "a repetition of the far end is still known"
    assert "6222" not in (await Conversation.get()).last_text
    noted = await AuditRecord.get(action="message.delete")
    assert (noted.object_id, noted.detail["reason"]) == (entry["entry_id"], "误发卡号")
    again = await chen.call("POST", deletions(conversation_id), entry_ids=[entry["entry_id"]], reason="再删")
    assert again["items"] == answer["items"]
    assert await AuditRecord.filter(action="message.delete").count() == 1


async def test_a_deleted_message_takes_its_files_along(channel: FakeChannel, chen: Agent) -> None:
    file = await received(channel)
    conversation_id = (await serve(chen, channel))["conversation_id"]
    await channel.write(WANG, "证件照", attachments=(file,))
    await chen.until(lambda: "证件照" in chen.read("in"))
    assert await fetch(chen, file.media_id) == 200
    entry = await Entry.get(text="证件照")
    await chen.call("POST", deletions(conversation_id), entry_ids=[entry.entry_id], reason="隐私")
    assert await fetch(chen, file.media_id) == 404
    assert not await Media.exists(media_id=file.media_id)


async def test_a_file_that_an_answer_passed_on_stays(channel: FakeChannel, still_house: House, chen: Agent) -> None:
    file = await received(channel)
    conversation_id = (await serve(chen, channel))["conversation_id"]
    await channel.write(WANG, "照片", attachments=(file,))
    await chen.until(lambda: "照片" in chen.read("in"))
    answer = {"client_id": "c-1", "text": "退回", "attachments": [file.media_id]}
    await chen.call("POST", f"/conversations/{conversation_id}/messages", **answer)
    entry = await Entry.get(text="照片")
    async with still_house.services.store.work():
        await Transcript.create(
            transcript_id="t-1",
            conversation_id=conversation_id,
            entry_id=entry.entry_id,
            media_id=file.media_id,
            kind="message",
            state="done",
            created_at=still_house.services.clock.now(),
        )
    await chen.call("POST", deletions(conversation_id), entry_ids=[entry.entry_id], reason="隐私")
    assert await fetch(chen, file.media_id) == 200
    assert await Transcript.all().count() == 0, "what was said in it goes with the message"


async def test_a_file_that_moved_to_another_conversation_goes_with_its_message(
    channel: FakeChannel, still_house: House, chen: Agent
) -> None:
    file = await received(channel)
    first = (await serve(chen, channel))["conversation_id"]
    await channel.write(WANG, "证件照", attachments=(file,))
    await chen.until(lambda: "证件照" in chen.read("in"))
    entry = await Entry.get(text="证件照")
    split = await chen.call("POST", f"/conversations/{first}/split", entry_ids=[entry.entry_id])
    second = split["conversation_id"]
    assert await MediaUse.all().values_list("conversation_id", flat=True) == [second]
    await chen.call("POST", f"/conversations/{first}/merge", other_id=second)
    assert await MediaUse.all().values_list("conversation_id", flat=True) == [first]
    stored, _ = await still_house.services.media.find(file.media_id)
    await chen.call("POST", deletions(first), entry_ids=[entry.entry_id], reason="隐私")
    assert await fetch(chen, file.media_id) == 404
    assert not stored.path.exists()


async def test_an_answer_s_file_stays_behind_when_the_message_is_split_off(channel: FakeChannel, chen: Agent) -> None:
    file = await received(channel)
    first = (await serve(chen, channel))["conversation_id"]
    await channel.write(WANG, "照片", attachments=(file,))
    await chen.until(lambda: "照片" in chen.read("in"))
    answer = {"client_id": "c-1", "text": "退回", "attachments": [file.media_id]}
    await chen.call("POST", f"/conversations/{first}/messages", **answer)
    entry = await Entry.get(text="照片")
    split = await chen.call("POST", f"/conversations/{first}/split", entry_ids=[entry.entry_id])
    await chen.call("POST", deletions(split["conversation_id"]), entry_ids=[entry.entry_id], reason="隐私")
    assert await MediaUse.all().values_list("conversation_id", flat=True) == [first]
    assert await fetch(chen, file.media_id) == 200


async def test_a_file_stays_whole_when_its_deletion_is_undone(channel: FakeChannel, still_house: House) -> None:
    file = await received(channel)
    services = still_house.services

    async def fail() -> None:
        async with Units(services.store, services.clock).open() as unit:
            await services.media.remove(unit, file.media_id)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    stored, _ = await services.media.find(file.media_id)
    assert stored.path.exists()


async def test_the_flow_that_still_runs_forgets_the_words(channel: FakeChannel, chen: Agent) -> None:
    conversation_id = (await serve(chen, channel))["conversation_id"]
    before = (await Conversation.get()).flow_state
    assert before is not None
    assert before["variables"].pop("said") == "人工"
    entry = await Entry.get(text="人工")
    await chen.call("POST", deletions(conversation_id), entry_ids=[entry.entry_id], reason="隐私")
    assert (await Conversation.get()).flow_state == before


async def test_of_a_deleted_mail_only_its_place_in_the_thread_is_kept(channel: FakeChannel, chen: Agent) -> None:
    conversation_id = (await serve(chen, channel))["conversation_id"]
    mail = Mail(subject="我的病历", sender="王", message_id="<1@a>", references=("<0@a>",), quoted="诊断")
    await channel.write(WANG, "见附件", mail=mail)
    await chen.until(lambda: "见附件" in chen.read("in"))
    entry = await Entry.get(text="见附件")
    await chen.call("POST", deletions(conversation_id), entry_ids=[entry.entry_id], reason="隐私")
    assert (await Entry.get(entry_id=entry.entry_id)).mail == {"message_id": "<1@a>", "references": ["<0@a>"]}


async def test_a_desk_that_shows_it_and_the_search_forget_the_words(channel: FakeChannel, chen: Agent) -> None:
    conversation_id = (await serve(chen, channel))["conversation_id"]
    await channel.write(WANG, "紫藤花架倒塌")
    await chen.until(lambda: "紫藤花架倒塌" in chen.read("in"))
    entry = await Entry.get(text="紫藤花架倒塌")
    await chen.call("POST", deletions(conversation_id), entry_ids=[entry.entry_id], reason="误报")
    await chen.until(lambda: "紫藤花架倒塌" not in chen.read("in"))
    conversation = conversation_view(await Conversation.get())
    gone = EntryChanged(entry=entry_view(await Entry.get(entry_id=entry.entry_id)), conversation=conversation)
    assert removed_documents(gone) == ("records", [f"entry-{entry.entry_id}"])


async def test_only_received_messages_and_only_by_who_may(channel: FakeChannel, come: Come) -> None:
    zhou, chen = await come("zhou"), await come("chen")
    await channel.write(WANG, "人工")
    await zhou.until(lambda: bool(zhou.tables["offers"]) or bool(chen.tables["offers"]))
    conversation = await Conversation.get()
    path = deletions(conversation.conversation_id)
    asked = await Entry.get(text="人工")
    status, _ = await zhou.try_call("POST", path, entry_ids=[asked.entry_id], reason="x")
    assert status == 403
    said = await Entry.filter(direction="out").first()
    assert said is not None
    status, _ = await chen.try_call("POST", path, entry_ids=[asked.entry_id, said.entry_id], reason="x")
    assert status == 404
    assert (await Entry.get(text="人工")).code == "", "all or none"
    status, _ = await chen.try_call("POST", path, entry_ids=[asked.entry_id], reason="")
    assert status == 422
