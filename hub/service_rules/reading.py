"""Reads from the store what rules are measured on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.service_rules.facts import Facts, Measured, Spoken, Taken, Talk, Written
from hub.store.models import (
    Call,
    CallLeg,
    Conversation,
    Entry,
    Offer,
    Recording,
    Transcript,
    User,
    Utterance,
    WorkItem,
)
from hub.transcripts.reading import text_of

VOICE_MESSAGE: Final = "voice_message"


async def read_facts(conversation: Conversation) -> Facts:
    """Return all of ``conversation`` that rules look at."""
    conversation_id = conversation.conversation_id
    entries = await Entry.filter(conversation_id=conversation_id).order_by("entry_id")
    calls = await Call.filter(conversation_id=conversation_id).order_by("arrived_at")
    transcripts = await Transcript.filter(conversation_id=conversation_id, state="done").order_by("transcript_id")
    talks, notes = await _said(transcripts, entries)
    taken = await _taken(conversation)
    written = [*_written(entries), *notes]
    measured = [*(await _of_calls(conversation, calls)), *_of_voice_messages(conversation, entries, calls)]
    if (wrap_up := _wrap_up(conversation, entries)) is not None:
        measured.append(wrap_up)
    first = await WorkItem.filter(conversation_id=conversation_id).order_by("work_id").first()
    is_begun = first is not None and first.is_begun
    agent_ids = {one.agent_id for one in talks} | {one.agent_id for one in written}
    numbers = await User.filter(user_id__in=agent_ids).values_list("user_id", "work_number")
    return Facts(
        queue_id=conversation.queue_id,
        channel=conversation.channel,
        direction="out" if is_begun or any(call.direction == "out" for call in calls) else "in",
        work_numbers=dict(numbers),
        taken=tuple(taken),
        talks=tuple(talks),
        written=tuple(sorted(written, key=lambda one: one.at)),
        measured=tuple(measured),
    )


def _written(entries: Sequence[Entry]) -> list[Written]:
    return [
        Written(
            entry_id=row.entry_id,
            speaker="agent" if row.author_kind == "agent" else "contact",
            agent_id=row.author_id or "" if row.author_kind == "agent" else "",
            at=row.created_at,
            text=row.text,
        )
        for row in entries
        if row.kind == "message" and row.author_kind in ("agent", "contact")
    ]


async def _said(transcripts: Sequence[Transcript], entries: Sequence[Entry]) -> tuple[list[Talk], list[Written]]:
    """Return what was said in talks, and what citizens left or sent as sounds, which counts as written."""
    utterances: dict[str, list[Utterance]] = {row.transcript_id: [] for row in transcripts}
    if utterances:
        rows = Utterance.filter(transcript_id__in=list(utterances))
        for one in await rows.order_by("start_ms", "utterance_id"):
            utterances[one.transcript_id].append(one)
    media_ids = [row.media_id for row in transcripts if row.kind == "recording"]
    begins: dict[str, datetime] = {}
    if media_ids:
        begins = dict(await Recording.filter(media_id__in=media_ids).values_list("media_id", "started_at"))
    made_at = {row.entry_id: row.created_at for row in entries}
    talks: list[Talk] = []
    notes: list[Written] = []
    for row in transcripts:
        said, at = utterances[row.transcript_id], made_at.get(row.entry_id, row.created_at)
        if row.kind == "recording":
            spoken = tuple(_spoken(one) for one in said)
            talks.append(Talk(row.entry_id, row.user_id or "", begins.get(row.media_id, at), row.length_s, spoken))
        else:
            notes.append(Written(row.entry_id, "contact", "", at, "\n".join(text_of(one) for one in said)))
    return sorted(talks, key=lambda talk: talk.began_at), notes


def _spoken(row: Utterance) -> Spoken:
    speaker = "agent" if row.channel else "contact"
    return Spoken(row.utterance_id, speaker, row.start_ms / 1_000, row.end_ms / 1_000, text_of(row))  # type: ignore[arg-type]


async def _taken(conversation: Conversation) -> list[Taken]:
    offers = Offer.filter(conversation_id=conversation.conversation_id, outcome="accepted").order_by("made_at")
    taken = [Taken(row.agent_id, row.ended_at or row.made_at) for row in await offers]
    if conversation.agent_id is not None and conversation.assigned_at is not None:
        last = Taken(conversation.agent_id, conversation.assigned_at)
        if not any(one.agent_id == last.agent_id for one in taken):  # picked or begun by themselves
            taken.append(last)
    return taken


async def _of_calls(conversation: Conversation, calls: Sequence[Call]) -> list[Measured]:
    measured = []
    legs = await CallLeg.filter(call_id__in=[call.call_id for call in calls]).order_by("leg_id") if calls else []
    for call in calls:
        own = [leg for leg in legs if leg.call_id == call.call_id and leg.answered_at is not None]
        agents = sorted((leg for leg in own if leg.role == "agent"), key=_answered_at)
        if call.direction == "in":
            measured += [
                Measured(
                    "answer_time",
                    leg.user_id or "",
                    _answered_at(leg),
                    (_answered_at(leg) - (leg.rung_at or leg.started_at)).total_seconds(),
                )
                for leg in agents
            ]
        if agents and _hung_up_first(conversation, agents[-1], own):
            last = agents[-1]
            assert last.ended_at is not None
            measured.append(Measured("hung_up_first", last.user_id or "", last.ended_at, 0.0))
    return measured


def _hung_up_first(conversation: Conversation, agent: CallLeg, legs: Sequence[CallLeg]) -> bool:
    """Whether the agent ended the call while the citizen was there and nobody else went on with them."""
    citizen = next((leg for leg in legs if leg.role == "caller"), None)
    if citizen is None or citizen.ended_at is None or agent.ended_at is None or "lost" in (agent.cause, citizen.cause):
        return False
    if agent.user_id != conversation.agent_id:
        return False  # passed on
    if any(leg.role == "outside" and leg.ended_at and leg.ended_at > agent.ended_at for leg in legs):
        return False
    return not citizen.by_far_end or agent.ended_at < citizen.ended_at


def _of_voice_messages(conversation: Conversation, entries: Sequence[Entry], calls: Sequence[Call]) -> list[Measured]:
    """Return how long each voice message waited: for a message, a call back, or at least the end of the matter."""
    answers = [row.created_at for row in entries if row.kind == "message" and row.author_kind == "agent"]
    answers += [call.arrived_at for call in calls if call.direction == "out"]
    if conversation.closed_at is not None:
        answers.append(conversation.closed_at)
    measured = []
    for row in entries:
        if row.code == VOICE_MESSAGE:
            answered_at = min((at for at in answers if at >= row.created_at), default=None)
            if answered_at is not None:
                waited_s = (answered_at - row.created_at).total_seconds()
                agent_id = conversation.agent_id or ""
                measured.append(Measured("voice_message_time", agent_id, answered_at, waited_s, row.entry_id))
    return measured


def _wrap_up(conversation: Conversation, entries: Sequence[Entry]) -> Measured | None:
    ended_at = max((row.created_at for row in entries if row.kind == "notice" and row.code == "ended"), default=None)
    if ended_at is None or conversation.closed_at is None or conversation.wrap_up_code is None:
        return None
    seconds = max(0.0, (conversation.closed_at - ended_at).total_seconds())
    return Measured("wrap_up_time", conversation.agent_id or "", conversation.closed_at, seconds)


def _answered_at(leg: CallLeg) -> datetime:
    assert leg.answered_at is not None
    return leg.answered_at
