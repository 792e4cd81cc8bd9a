"""Agents are told while they serve: of their words at once, of a wait once it lasts too long, of each once."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from core.events import CallView, ConversationChanged, ConversationView, SpeechRecognized
from core.testing.clock import VirtualClock
from hub.service_rules.book import RuleBook
from hub.service_rules.coach import Coach

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ZHOU = "zhou-id"


class Desk:
    """Keeps what agents are signalled."""

    def __init__(self) -> None:
        self.agents = {ZHOU: SimpleNamespace(work_number="3021")}
        self.told: list[tuple[str, str]] = []

    def signal(self, user_id: str, frame: dict[str, Any]) -> None:
        assert (user_id, frame["name"], frame["conversation_id"]) == (ZHOU, "hint", "c1")
        self.told.append((frame["rule_id"], frame["quote"]))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def coach(desk: Desk, clock: VirtualClock) -> Coach:
    book = RuleBook(None, None, None)  # type: ignore[arg-type] # nothing is read or changed
    return Coach(clock, desk, book)  # type: ignore[arg-type]


def changed(state: str = "active", **more: Any) -> ConversationChanged:
    view = ConversationView(
        conversation_id="c1", contact_id="p", instance="voice-main", channel=more.pop("channel", "tel"),
        address="tel:+86", state=state, agent_id=ZHOU, opened_at=NOW, **more,
    )  # type: ignore[arg-type] # fmt: skip
    return ConversationChanged(conversation=view, change="updated")


def said(text: str, *, speaker: Any = "agent", length_s: float = 2.0, is_final: bool = True) -> SpeechRecognized:
    return SpeechRecognized(
        conversation_id="c1", call_id="k", speaker=speaker, n=1, is_final=is_final, start_s=0, end_s=length_s, text=text
    )


CALL = CallView(call_id="k", arrived_at=NOW)


def test_a_forbidden_phrase_is_hinted_at_once_it_is_said(coach: Coach, desk: Desk) -> None:
    coach.on_commit([changed(call=CALL)])
    coach.hear(said("你急什么", is_final=False))
    assert desk.told == [], "what is not final may still become something else"
    coach.hear(said("你急什么"))
    coach.hear(said("你急什么", speaker="contact"))
    coach.hear(said("我要投诉你们", speaker="contact"))
    assert desk.told == [("whats-the-hurry", "你急什么"), ("complaint-about-us", "我要投诉你们")]


def test_silence_is_hinted_at_once_until_somebody_speaks(coach: Coach, desk: Desk, clock: VirtualClock) -> None:
    coach.on_commit([changed(call=CALL)])
    coach.hear(said("请稍等，我查一下"))
    for _ in range(20):
        clock.advance(2)
        coach.tick()
        if clock.monotonic() == 20:
            coach.hear(said("嗯", speaker="contact", length_s=0.4))
    assert desk.told == [("dead-air", ""), ("dead-air", ""), ("silent-search", "")]
    coach.hear(said("让您久等了"))
    clock.advance(4)
    coach.tick()
    assert len(desk.told) == 3
    coach.on_commit([changed(call=CallView(call_id="k", arrived_at=NOW, ended_at=NOW))])
    clock.advance(100)
    coach.tick()
    assert len(desk.told) == 3, "nobody waits for words once the call is over"


def test_who_writes_and_waits_is_hinted_at_until_answered(coach: Coach, desk: Desk, clock: VirtualClock) -> None:
    coach.on_commit([changed(channel="web", waiting_since=NOW)])
    for _ in range(4):
        clock.advance(100)
        coach.tick()
    assert desk.told == [("response-time", "")]
    coach.on_commit([changed(channel="web")])
    clock.advance(400)
    coach.tick()
    assert len(desk.told) == 1


def test_a_long_wrap_up_is_hinted_at_once(coach: Coach, desk: Desk, clock: VirtualClock) -> None:
    coach.on_commit([changed("wrap_up")])
    clock.advance(29)
    coach.tick()
    assert desk.told == []
    clock.advance(2)
    coach.tick()
    coach.tick()
    assert desk.told == [("wrap-up-in-30-s", "")]
    coach.on_commit([changed("closed")])
    coach.tick()
    assert len(desk.told) == 1
