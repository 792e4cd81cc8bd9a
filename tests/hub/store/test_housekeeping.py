"""Old marks and sessions go, everything else stays."""

from datetime import UTC, datetime, timedelta

import pytest

from core.ids import new_id
from hub.store.engine import Store
from hub.store.housekeeping import KEEP_STRETCHES, forget_utterances, prune_inbox, prune_sessions, prune_stretches
from hub.store.models import AgentStretch, AuditRecord, Call, Contact, Conversation, Inbox, Session, Setting, User

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


async def test_marks_older_than_thirty_days_go_in_several_units(store: Store) -> None:
    units: list[object] = []
    store.on_commit(units.append)
    async with store.work() as work:
        old = [{"envelope_id": f"old-{n}", "received_at": NOW - timedelta(days=30, seconds=1)} for n in range(1500)]
        await work.insert(Inbox, [*old, {"envelope_id": "new", "received_at": NOW - timedelta(days=30)}])
    assert await prune_inbox(store, NOW) == 1500
    assert await Inbox.all().values_list("envelope_id", flat=True) == ["new"]
    assert await prune_inbox(store, NOW) == 0


async def test_sessions_that_ended_go(store: Store) -> None:
    async with store.work():
        user = await User.create(user_id=new_id(), username="u", work_number="1", created_at=NOW)
        for name, expires_at in [("over", NOW - timedelta(seconds=1)), ("live", NOW + timedelta(hours=1))]:
            await Session.create(
                token_hash=name, user=user, created_at=NOW, expires_at=expires_at, last_seen_at=NOW, csrf="c"
            )
    assert await prune_sessions(store, NOW) == 1
    assert await Session.all().values_list("token_hash", flat=True) == ["live"]


async def test_what_agents_did_is_forgotten_when_no_report_reaches_it(store: Store) -> None:
    async with store.work():
        for name, ended_at in [
            ("old", NOW - KEEP_STRETCHES - timedelta(seconds=1)),
            ("late", NOW - KEEP_STRETCHES),
            ("open", None),
        ]:
            begun_at = NOW - 2 * KEEP_STRETCHES
            await AgentStretch.create(
                stretch_id=name, agent_id="zhou", activity="serving", begun_at=begun_at, seen_at=NOW, ended_at=ended_at
            )
    assert await prune_stretches(store, NOW) == 1
    assert set(await AgentStretch.all().values_list("stretch_id", flat=True)) == {"late", "open"}


async def test_what_calls_were_told_is_forgotten_a_week_after_their_end(store: Store) -> None:
    week = timedelta(days=7)
    async with store.work():
        contact = await Contact.create(contact_id=new_id(), created_at=NOW)
        conversation = await Conversation.create(
            conversation_id=new_id(),
            contact=contact,
            instance="voice",
            channel="voice",
            address="tel:1",
            state="closed",
            opened_at=NOW,
            created_at=NOW,
        )
        for name, ended_at in [("old", NOW - week - timedelta(seconds=1)), ("late", NOW - week), ("open", None)]:
            await Call.create(
                call_id=name,
                conversation=conversation,
                instance="voice",
                number="tel:1",
                utterance={"activity_id": "a"},
                arrived_at=NOW,
                ended_at=ended_at,
            )
    assert await forget_utterances(store, NOW) == 1
    assert [call.call_id async for call in Call.filter(utterance=None)] == ["old"]
    assert await forget_utterances(store, NOW) == 0


async def test_audit_records_are_only_ever_added(store: Store) -> None:
    async with store.work():
        record = await AuditRecord.create(at=NOW, actor="admin", action="user_created", detail={"user": "u"})
    record.actor = "somebody else"
    with pytest.raises(TypeError, match="never changed"):
        await record.save()
    with pytest.raises(TypeError, match="never deleted"):
        await record.delete()


async def test_settings_hold_objects_and_arrays(store: Store) -> None:
    async with store.work():
        await Setting.create(key="a", value={"名": [1, None, 0.5]})
        await Setting.create(key="b", value=["x"])
    assert await Setting.all().order_by("key").values_list("value", flat=True) == [{"名": [1, None, 0.5]}, ["x"]]
