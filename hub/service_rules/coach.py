"""Hints to agents while they serve: gentle, in time, and kept nowhere."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from core.clock import Clock
from core.events import ConversationChanged, ConversationView, EntryAdded, Event, SpeechRecognized
from hub.accounts.identity import Identity
from hub.conversing.access import may_open
from hub.desktop.desk import Desk
from hub.errors import not_found
from hub.service_rules.book import Hit, RuleBook, hit
from hub.service_rules.rules import Measure, NumberedRule
from hub.service_rules.speech import SHORT_WORD_S
from hub.store.engine import Store
from hub.store.models import Conversation
from hub.store.views import conversation_view

EVERY_S: Final = 1.0
MAX_TALKS: Final = 1_000


@dataclass(slots=True)
class _Waiting:
    """Something that becomes worth a hint once it has lasted too long; ``told`` are the rules that were hinted at."""

    conversation: ConversationView
    since: float
    told: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Talk:
    """A call in progress of which something was heard: when last anybody spoke, and when last more than a word."""

    agent_id: str
    quiet: _Waiting
    search: _Waiting


class Coach:
    """Looks at what is about to be sent, at what is said, and at how long somebody waits."""

    def __init__(self, clock: Clock, desk: Desk, book: RuleBook) -> None:
        self._clock = clock
        self._desk = desk
        self._book = book
        self._served: dict[str, ConversationView] = {}  # conversations that an agent has, by id
        self._talks: dict[str, _Talk] = {}
        self._unanswered: dict[str, _Waiting] = {}
        self._wrapping: dict[str, _Waiting] = {}

    async def load(self, store: Store) -> None:
        """Take up what is served now, and hear of what is committed from now on."""
        for row in await Conversation.filter(state__in=("active", "wrap_up")):
            self._note(conversation_view(row))
        store.on_commit(lambda recorded: self.on_commit(event for _, _, event in recorded))

    async def on_draft(self, identity: Identity, conversation_id: str, text: str) -> list[Hit]:
        """Return what speaks against sending ``text``; 404 when the user may not read the conversation."""
        conversation = await Conversation.get_or_none(conversation_id=conversation_id)
        if conversation is None or not await may_open(identity, conversation):
            raise not_found("conversation")
        rules = self._hinted("forbidden_phrase", conversation.queue_id, conversation.channel)
        return [
            hit(one, quote)
            for one in rules
            if one.rule.speaker == "agent" and one.rule.medium != "speech"
            if (quote := one.rule.says(text, identity.work_number))
        ]

    def on_commit(self, events: Iterable[Event]) -> None:
        """Note who waits for whom."""
        for event in events:
            if isinstance(event, ConversationChanged | EntryAdded):
                self._note(event.conversation)

    def hear(self, said: SpeechRecognized) -> None:
        """Take what is said in a call in progress, also while it is not final."""
        conversation = self._served.get(said.conversation_id)
        if conversation is None or conversation.agent_id is None:
            return
        now = self._clock.monotonic()
        talk = self._talks.get(said.conversation_id)
        if talk is None or talk.agent_id != conversation.agent_id:
            if len(self._talks) >= MAX_TALKS:
                return
            waits = (_Waiting(conversation, now), _Waiting(conversation, now))
            talk = self._talks[said.conversation_id] = _Talk(conversation.agent_id, *waits)
        talk.quiet = _Waiting(conversation, now)
        if said.speaker == "agent" or said.end_s - said.start_s > SHORT_WORD_S:
            talk.search = _Waiting(conversation, now)
        if said.is_final:
            self._hint_on_words(conversation, said)

    async def run(self) -> None:
        """Look once a second at who waits too long, until cancelled."""
        while True:
            self.tick()
            await asyncio.sleep(EVERY_S)

    def tick(self) -> None:
        """Hint at what has lasted too long by now."""
        for talk in self._talks.values():
            self._hint_on_wait(talk.quiet, "dead_air")
            self._hint_on_wait(talk.search, "silent_search")
        for waiting in self._unanswered.values():
            self._hint_on_wait(waiting, "response_time")
        for waiting in self._wrapping.values():
            self._hint_on_wait(waiting, "wrap_up_time")

    def _note(self, conversation: ConversationView) -> None:
        key, now = conversation.conversation_id, self._clock.monotonic()
        is_served = conversation.agent_id is not None and conversation.state == "active"
        is_talking = is_served and conversation.call is not None and conversation.call.ended_at is None
        if is_served:
            self._served[key] = conversation
        else:
            self._served.pop(key, None)
        if not is_talking:
            self._talks.pop(key, None)
        if is_served and conversation.waiting_since is not None:
            self._unanswered.setdefault(key, _Waiting(conversation, now)).conversation = conversation
        else:
            self._unanswered.pop(key, None)
        if conversation.agent_id is not None and conversation.state == "wrap_up":
            self._wrapping.setdefault(key, _Waiting(conversation, now))
        else:
            self._wrapping.pop(key, None)

    def _hint_on_words(self, conversation: ConversationView, said: SpeechRecognized) -> None:
        agent = self._desk.agents.get(conversation.agent_id or "")
        work_number = "" if agent is None else agent.work_number
        for one in self._hinted("forbidden_phrase", conversation.queue_id, conversation.channel):
            is_meant = one.rule.medium != "text" and one.rule.speaker == said.speaker
            if is_meant and (quote := one.rule.says(said.text, work_number)):
                self._tell(conversation, one, quote)

    def _hint_on_wait(self, waiting: _Waiting, measure: Measure) -> None:
        lasted_s = self._clock.monotonic() - waiting.since
        conversation = waiting.conversation
        for one in self._hinted(measure, conversation.queue_id, conversation.channel):
            if lasted_s > one.rule.limit and one.rule_id not in waiting.told:
                waiting.told.add(one.rule_id)
                self._tell(conversation, one, "")

    def _hinted(self, measure: Measure, queue_id: str | None, channel: str) -> list[NumberedRule]:
        return [
            one
            for one in self._book.in_force()
            if one.rule.measure == measure and one.rule.is_hinted and one.rule.holds(queue_id, channel, "any")
        ]

    def _tell(self, conversation: ConversationView, one: NumberedRule, quote: str) -> None:
        frame: dict[str, object] = msgspec.to_builtins(hit(one, quote))
        frame |= {"type": "signal", "name": "hint", "conversation_id": conversation.conversation_id}
        self._desk.signal(conversation.agent_id or "", frame)
