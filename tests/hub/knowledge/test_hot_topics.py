"""What citizens bring up: counted by conversation, compared with the time before, with what they complain about."""

from datetime import timedelta
from typing import Any

from core.ids import new_id
from hub.knowledge.hot_topics import USES, TopicsQuery, hot_topics
from hub.store.models import Contact, Conversation, Entry, Transcript, Utterance, WrapUpCode
from tests.hub.knowledge.conftest import published
from tests.hub.support.house import House


async def talk(house: House, days_ago: float, text: str, *, is_spoken: bool = False, **columns: Any) -> None:
    """Let a citizen have written or said ``text`` some days ago."""
    at = house.services.clock.now() - timedelta(days=days_ago)
    contact_id, conversation_id = new_id(), new_id()
    async with house.services.store.work():
        await Contact.create(contact_id=contact_id, created_at=at)
        await Conversation.create(
            conversation_id=conversation_id, contact_id=contact_id, instance="web", channel="web",
            address=f"web:{contact_id}", state="closed", opened_at=at, created_at=at, **columns,
        )  # fmt: skip
        entry_id = new_id()
        kind = "call" if is_spoken else "message"
        await Entry.create(
            entry_id=entry_id, conversation_id=conversation_id, kind=kind, author_kind="contact",
            text="" if is_spoken else text, created_at=at,
        )  # fmt: skip
        if is_spoken:
            transcript_id = new_id()
            await Transcript.create(
                transcript_id=transcript_id, conversation_id=conversation_id, entry_id=entry_id, media_id=new_id(),
                kind="recording", state="done", created_at=at,
            )  # fmt: skip
            for channel, said in enumerate((text, "请您稍等供电恢复")):
                await Utterance.create(
                    utterance_id=new_id(), transcript_id=transcript_id, channel=channel, start_ms=0, end_ms=9, text=said
                )


async def test_leaders_see_what_has_become_hot_and_what_is_complained_about(still_house: House) -> None:
    house = still_house
    async with house.services.store.work():
        await WrapUpCode.create(code="complaint", title={"zh": "投诉"}, queue_ids=[])
        await WrapUpCode.create(code="heat", title={"zh": "供暖"}, parent="complaint", queue_ids=[])
        await WrapUpCode.create(code="ask", title={"zh": "咨询"}, queue_ids=[])
    for _ in range(3):
        await talk(house, 1, "暖气不热，张三丰家", wrap_up_code="heat", rating=1)
    await talk(house, 2, "家里暖气漏水", is_spoken=True, wrap_up_code="ask", rating=5)
    await talk(house, 2, "乱收费", tags=["投诉"])
    await talk(house, 9, "暖气还没来", wrap_up_code="heat")
    article = await published(house.services.knowledge, "供暖温度标准")
    used = await Conversation.get(rating=5)
    for action in USES[:3]:
        await house.services.knowledge.feedback.note_use(
            house.services.clock.now(), article.row.article_id, action, conversation_id=used.conversation_id
        )
    await house.services.knowledge.feedback.report_unanswered("暖气费补贴几号到账")
    now = house.services.clock.now()
    week = TopicsQuery(begin=now - timedelta(days=7), end=now + timedelta(seconds=1))
    found = await hot_topics(week, "Asia/Shanghai")
    assert [(one.conversations, one.complaints, one.rated, one.low) for one in found.periods] == [
        (2, 1, 1, 0),
        (3, 3, 3, 3),
    ]
    assert (found.before.conversations, found.before.complaints) == (1, 1)
    assert [(one.key, one.count, one.before) for one in found.codes] == [("heat", 3, 1), ("ask", 1, 0)]
    assert [(one.key, one.count) for one in found.complaint_codes] == [("heat", 3)]
    words = {one.key: (one.count, one.before) for one in found.words}
    assert words["暖气"] == (4, 1), "written and said, once for each conversation, by citizens alone"
    assert "漏水" not in words, "what one of them says is nobody's topic"
    assert [(one.title, one.count) for one in found.articles] == [("供暖温度标准", 1)]
    assert [one.question for one in found.unanswered] == ["暖气费补贴几号到账"]
