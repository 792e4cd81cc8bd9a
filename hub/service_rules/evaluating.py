"""Measures rules on the facts of a conversation that is over. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from hub.service_rules.facts import Facts, Finding, Measured, Spoken, Talk, Written
from hub.service_rules.rules import NumberedRule
from hub.service_rules.speech import dead_air, fillers_a_minute, silent_searches, syllables_a_minute, talk_overs
from hub.service_rules.writing import response_times

MOST_EACH: Final = 20  # findings of one rule: who looks at a conversation has seen enough then
QUOTE_CHARS: Final = 300
OPENING: Final = {"speech": 2, "text": 1}  # the agent's first utterances or messages
CLOSING: Final = {"speech": 3, "text": 2}


def evaluate(rules: Iterable[NumberedRule], facts: Facts) -> list[Finding]:
    """Return what was found by each rule that holds, in the order of the rules and of time."""
    found = []
    for one in rules:
        if one.rule.holds(facts.queue_id, facts.channel, facts.direction):
            found += sorted(_findings(one, facts), key=lambda finding: finding.at)[:MOST_EACH]
    return found


def _findings(one: NumberedRule, facts: Facts) -> Iterator[Finding]:
    match one.rule.measure:
        case "forbidden_phrase":
            yield from _forbidden(one, facts)
        case "expected_phrase":
            yield from _missing(one, facts)
        case "dead_air" | "silent_search" | "talk_over" | "speaking_rate" | "filler_rate":
            for talk in facts.talks:
                yield from _of_talk(one, talk)
        case "first_response" | "response_time":
            yield from _late(one, facts)
        case _:
            yield from _measured(one, facts)


def _late(one: NumberedRule, facts: Facts) -> Iterator[Finding]:
    is_first = one.rule.measure == "first_response"
    for wait in response_times(facts.taken, facts.written):
        if wait.is_first == is_first and wait.value_s > one.rule.limit:
            answer = wait.answer
            yield _found(one, agent_id=answer.agent_id, at=answer.at, entry_id=answer.entry_id, value=wait.value_s)


def _measured(one: NumberedRule, facts: Facts) -> Iterator[Finding]:
    for measured in facts.measured:
        if measured.measure != one.rule.measure:
            continue
        if measured.measure != "hung_up_first":
            if measured.value > one.rule.limit:
                yield _of(one, measured, measured.value)
        elif (silent_s := _citizen_was_silent_s(facts, measured)) is None or silent_s < one.rule.limit:
            yield _of(one, measured, None)


def _of(one: NumberedRule, measured: Measured, value: float | None) -> Finding:
    return _found(one, agent_id=measured.agent_id, at=measured.at, entry_id=measured.entry_id, value=value)


def _forbidden(one: NumberedRule, facts: Facts) -> Iterator[Finding]:
    rule = one.rule
    if rule.medium != "text":
        for talk in facts.talks:
            for spoken in talk.spoken:
                work_number = facts.work_numbers.get(talk.agent_id, "")
                if spoken.speaker == rule.speaker and (quote := rule.says(spoken.text, work_number)):
                    yield _spoken(one, talk, spoken, quote=quote)
    if rule.medium != "speech":
        for written in facts.written:
            work_number = facts.work_numbers.get(written.agent_id, "")
            if written.speaker == rule.speaker and (quote := rule.says(written.text, work_number)):
                yield _found(one, agent_id=written.agent_id, at=written.at, entry_id=written.entry_id, quote=quote)


def _missing(one: NumberedRule, facts: Facts) -> Iterator[Finding]:
    rule = one.rule
    if rule.medium != "text":
        talks = [(talk, [spoken for spoken in talk.spoken if spoken.speaker == "agent"]) for talk in facts.talks]
        talks = [(talk, own) for talk, own in talks if own]
        for talk, own, begin_s in _spoken_moments(one, talks):
            text = "\n".join(spoken.text for spoken in own)
            if not rule.says(text, facts.work_numbers.get(talk.agent_id, "")):
                yield _spoken(one, talk, own[0] if own else None, quote=own[0].text if own else "", begin_s=begin_s)
    if rule.medium != "speech":
        for some in _written_moments(one, facts):
            text = "\n".join(written.text for written in some)
            if not rule.says(text, facts.work_numbers.get(some[0].agent_id, "")):
                first = some[0]
                yield _found(one, agent_id=first.agent_id, at=first.at, entry_id=first.entry_id, quote=first.text)


def _spoken_moments(
    one: NumberedRule, talks: list[tuple[Talk, list[Spoken]]]
) -> Iterator[tuple[Talk, list[Spoken], float]]:
    """Yield where a phrase is expected: the talk, the agent's utterances it may be in, and the moment's second."""
    if not talks:
        return
    match one.rule.moment:
        case "opening":
            talk, own = talks[0]
            yield talk, own[: OPENING["speech"]], own[0].begin_s
        case "closing":
            talk, own = talks[-1]
            yield talk, own[-CLOSING["speech"] :], own[-1].begin_s
        case "anywhere":
            talk = talks[0][0]
            yield talk, [spoken for _, own in talks for spoken in own], talks[0][1][0].begin_s
        case "after_wait":
            for talk, own in talks:
                for gap in silent_searches(talk, one.rule.limit):
                    after = [spoken for spoken in own if spoken.begin_s >= gap.end_s][:2]
                    if after:
                        yield talk, after, gap.end_s


def _written_moments(one: NumberedRule, facts: Facts) -> Iterator[list[Written]]:
    own = [written for written in facts.written if written.speaker == "agent"]
    if not own:
        return
    match one.rule.moment:
        case "opening":
            yield own[: OPENING["text"]]
        case "closing":
            yield own[-CLOSING["text"] :]
        case "anywhere":
            yield own
        case "after_wait":
            for wait in response_times(facts.taken, facts.written):
                if wait.value_s > one.rule.limit:
                    yield [wait.answer]


def _of_talk(one: NumberedRule, talk: Talk) -> Iterator[Finding]:
    rule = one.rule
    match rule.measure:
        case "dead_air":
            for gap in dead_air(talk, rule.limit):
                yield _spoken(one, talk, None, begin_s=gap.begin_s, value=gap.length_s)
        case "silent_search":
            for gap in silent_searches(talk, rule.limit):
                yield _spoken(one, talk, None, begin_s=gap.begin_s, value=gap.length_s)
        case "talk_over":
            for spoken, overlap_s in talk_overs(talk, rule.limit):
                yield _spoken(one, talk, spoken, quote=spoken.text, value=overlap_s)
        case _:
            by_rate = rule.measure == "speaking_rate"
            value = syllables_a_minute(talk) if by_rate else fillers_a_minute(talk, rule.phrases)
            if value is not None and (value > rule.limit > 0 or value < rule.least):
                yield _spoken(one, talk, None, begin_s=0.0, value=value)


def _citizen_was_silent_s(facts: Facts, end: Measured) -> float | None:
    """Return for how long the agent had waited in vain for a word when they ended the call; None when they had not."""
    said = [spoken for talk in facts.talks[-1:] for spoken in talk.spoken]
    if not said or said[-1].speaker == "contact":
        return None
    talk = facts.talks[-1]
    over_s = min(talk.length_s, (end.at - talk.began_at).total_seconds())
    return max(0.0, over_s - max(spoken.end_s for spoken in said))


def _spoken(
    one: NumberedRule,
    talk: Talk,
    spoken: Spoken | None,
    *,
    quote: str = "",
    begin_s: float | None = None,
    value: float | None = None,
) -> Finding:
    at_s = begin_s if begin_s is not None else spoken.begin_s if spoken is not None else 0.0
    return _found(
        one,
        agent_id=talk.agent_id,
        at=talk.began_at + timedelta(seconds=at_s),
        entry_id=talk.entry_id,
        utterance_id=spoken.utterance_id if spoken is not None else "",
        offset_s=round(at_s, 3),
        quote=quote,
        value=value,
    )


def _found(
    one: NumberedRule, *, agent_id: str, at: datetime, quote: str = "", value: float | None = None, **where: Any
) -> Finding:
    rule = one.rule
    return Finding(
        rule_id=one.rule_id,
        version=one.version,
        measure=rule.measure,
        severity=rule.severity,
        speaker=rule.speaker,
        agent_id=agent_id,
        at=at,
        quote=quote[:QUOTE_CHARS],
        value=None if value is None else round(value, 1),
        limit=None if value is None else (rule.limit if not rule.least or value > rule.limit else rule.least),
        **where,
    )
