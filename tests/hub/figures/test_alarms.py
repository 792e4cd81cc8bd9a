"""Alarms: raised once, seen by somebody, over by themselves."""

from datetime import UTC, datetime

import pytest

from hub.figures.alarms import AgentNow, Alarms, ChannelNow, QueueNow, Situation, crossed_limits
from hub.figures.settings import AlarmRule

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def queue(waiting: int = 0, longest_s: float = 0, level: float | None = None, offered: int = 0) -> Situation:
    return Situation(queues=(QueueNow("tax", waiting, longest_s, {30: (level, offered)}),))


CASES = {
    "more wait than may": (AlarmRule(rule_id="r", kind="waiting_more", limit=10), queue(waiting=11), queue(waiting=10)),
    "somebody waits too long": (
        AlarmRule(rule_id="r", kind="wait_longer", limit=120),
        queue(longest_s=121),
        queue(longest_s=120),
    ),
    "the service level is low": (
        AlarmRule(rule_id="r", kind="service_below", limit=85),
        queue(level=0.84, offered=5),
        queue(level=0.85, offered=5),
    ),
    "too few came to say so": (
        AlarmRule(rule_id="r", kind="service_below", limit=85),
        queue(level=0.2, offered=5),
        queue(level=0.2, offered=4),
    ),
    "an agent is away too long": (
        AlarmRule(rule_id="r", kind="away_longer", limit=900, queue_ids=("tax",)),
        Situation(away=(AgentNow("zhou", ("tax",), 901),)),
        Situation(away=(AgentNow("zhou", ("heat",), 901),)),
    ),
    "a channel is down": (
        AlarmRule(rule_id="r", kind="channel_down", limit=30),
        Situation(down=(ChannelNow("sms-main", 30),)),
        Situation(down=(ChannelNow("sms-main", 29),)),
    ),
    "another queue is meant": (
        AlarmRule(rule_id="r", kind="waiting_more", limit=10, queue_ids=("tax",)),
        queue(waiting=11),
        Situation(queues=(QueueNow("heat", 11, 0, {}),)),
    ),
}


@pytest.mark.parametrize(("rule", "crossed", "kept"), CASES.values(), ids=CASES.keys())
def test_a_limit_is_crossed_or_kept(rule: AlarmRule, crossed: Situation, kept: Situation) -> None:
    assert len(crossed_limits([rule], crossed)) == 1
    assert crossed_limits([rule], kept) == []


def test_an_alarm_is_raised_once_and_ends_by_itself() -> None:
    rule = AlarmRule(rule_id="r", kind="waiting_more", limit=10)
    alarms = Alarms()
    raised, ended = alarms.look(crossed_limits([rule], queue(waiting=11)), NOW)
    assert [one.value for one in raised] == [11]
    assert ended == []
    assert alarms.look(crossed_limits([rule], queue(waiting=14)), NOW) == ([], [])
    assert [one.value for one in alarms.lasting.values()] == [14]
    raised, ended = alarms.look(crossed_limits([rule], queue(waiting=3)), NOW)
    assert (raised, [one.rule_id for one in ended], alarms.lasting) == ([], ["r"], {})


def test_who_acknowledges_first_stays_written() -> None:
    alarms = Alarms()
    (alarm,), _ = alarms.look(crossed_limits([AlarmRule(rule_id="r", kind="waiting_more")], queue(waiting=1)), NOW)
    _, is_first = alarms.acknowledge(alarm.alarm_id, "陈静", NOW)
    again, is_second_first = alarms.acknowledge(alarm.alarm_id, "周敏", NOW)
    assert (is_first, is_second_first) == (True, False)
    assert again is not None
    assert again.acknowledged_by == "陈静"
    assert alarms.acknowledge("gone", "周敏", NOW) == (None, False)


def test_a_rule_that_is_switched_off_raises_nothing() -> None:
    assert crossed_limits([AlarmRule(rule_id="r", kind="waiting_more", is_active=False)], queue(waiting=99)) == []
