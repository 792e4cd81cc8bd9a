"""What can be measured on messages: for how long citizens waited for an answer. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.service_rules.facts import Taken, Written


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody waited ``value_s`` for ``answer``; ``is_first`` when it was its agent's first word."""

    answer: Written
    value_s: float
    is_first: bool


def response_times(taken: Sequence[Taken], written: Sequence[Written]) -> Iterator[Wait]:
    """Yield how long each answer of an agent took, from when somebody had the conversation and the citizen had asked.

    A wait begins with the first unanswered message, no earlier than the agent took the conversation. An agent's first
    words are waited for even by a citizen who wrote nothing since.
    """
    asked_at = None
    greeted: set[str] = set()
    for one in sorted(written, key=lambda one: one.at):
        if one.speaker == "contact":
            asked_at = asked_at or one.at
            continue
        took_at = max((step.at for step in taken if step.agent_id == one.agent_id and step.at <= one.at), default=None)
        if one.agent_id not in greeted:
            greeted.add(one.agent_id)
            if took_at is not None:
                begin = max(took_at, asked_at or took_at)
                yield Wait(one, (one.at - begin).total_seconds(), is_first=True)
        elif asked_at is not None:
            begin = max(asked_at, took_at or asked_at)
            yield Wait(one, (one.at - begin).total_seconds(), is_first=False)
        asked_at = None
