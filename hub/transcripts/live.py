"""What is being said in calls in progress: to desks, to whoever listens on the bus, and kept while the call lasts."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

import msgspec

from core.bus import Bus
from core.events import Envelope, Event, SpeechRecognized, TapRecognized, Word
from core.subjects import PATTERNS
from hub.accounts.identity import Identity
from hub.calls.spoken_menus import SpokenMenus
from hub.conversing.access import visible
from hub.desktop.desk import Desk
from hub.texts import clean
from hub.transcripts.masking import mask
from hub.transcripts.taps import Tap, Taps
from hub.units import Units

MAX_CALLS: Final = 500
MAX_LINES: Final = 500  # of one call: three quarters of an hour of talk


class SpokenLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An utterance of a call in progress; one that is not final is what is understood so far."""

    n: int
    speaker: str
    start_s: float
    end_s: float
    text: str
    is_final: bool = False


class SpokenLines(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said so far in the last call of a conversation; ``is_heard`` while somebody listens."""

    call_id: str = ""
    is_heard: bool = False
    lines: list[SpokenLine] = []


class _Talk:
    """The lines of one call, by number, and which utterance of which tap each is."""

    def __init__(self, conversation_id: str) -> None:
        self.conversation_id = conversation_id
        self.lines: OrderedDict[int, SpokenLine] = OrderedDict()
        self._numbers: dict[tuple[str, datetime, int], int] = {}
        self._next = 0

    def number(self, event: TapRecognized) -> int:
        """Return the number of the line that an utterance is."""
        key = (event.tap_id, event.begun_at, event.n)
        if key not in self._numbers:
            self._numbers[key] = self._next
            self._next += 1
        return self._numbers.pop(key) if event.is_final else self._numbers[key]

    def keep(self, line: SpokenLine) -> None:
        """Keep a line as it is now."""
        self.lines[line.n] = line
        if len(self.lines) > MAX_LINES:
            self.lines.popitem(last=False)


class LiveTranscripts:
    """Takes what transcribers hear in taps."""

    def __init__(self, units: Units, bus: Bus, desk: Desk, taps: Taps, menus: SpokenMenus) -> None:
        self._units = units
        self._bus = bus
        self._desk = desk
        self._taps = taps
        self._menus = menus
        self._talks: OrderedDict[str, _Talk] = OrderedDict()  # by call
        self.listeners: list[Callable[[SpeechRecognized], None]] = []

    async def run(self) -> None:
        """Listen until cancelled."""
        subscription = await self._bus.subscribe(PATTERNS[TapRecognized], self._take, concurrency=1)
        try:
            await asyncio.Event().wait()
        finally:
            await subscription.close()

    async def of_conversation(self, identity: Identity, conversation_id: str) -> SpokenLines:
        """Return what was said so far; 404 when the user may not read the conversation."""
        async with self._units.open() as unit:
            await visible(unit, identity, conversation_id)
        found = next(
            ((key, one) for key, one in reversed(self._talks.items()) if one.conversation_id == conversation_id), None
        )
        if found is None:
            return SpokenLines(is_heard=self._taps.hear(conversation_id))
        call_id, talk = found
        hides = not identity.may("transcript.numbers")
        lines = [_hidden(line) if hides else line for line in talk.lines.values()]
        return SpokenLines(call_id=call_id, is_heard=self._taps.hear(conversation_id), lines=lines)

    def last_said(self, conversation_id: str) -> tuple[str, ...]:
        """Return what the citizen has said in the conversation's call in progress, the last first."""
        if not self._taps.hear(conversation_id):
            return ()
        for talk in reversed(self._talks.values()):
            if talk.conversation_id == conversation_id:
                return tuple(line.text for line in reversed(talk.lines.values()) if line.speaker == "contact")
        return ()

    async def _take(self, _envelope: Envelope, event: Event, instance: str) -> None:
        assert isinstance(event, TapRecognized)
        tap = self._taps.find(event.tap_id)
        if tap is None or tap.ear != instance:
            return
        if tap.side.phrases:
            if event.is_final:
                await self._menus.hear(tap.side.call_id, event.utterance.recognized or event.utterance.text)
            return
        talk = self._talks.setdefault(tap.side.call_id, _Talk(tap.side.conversation_id))
        if len(self._talks) > MAX_CALLS:
            self._talks.popitem(last=False)
        said = _said(tap, event, talk.number(event))
        line = msgspec.convert(said, SpokenLine, from_attributes=True)
        talk.keep(line)
        for listener in self.listeners:
            listener(said)
        await self._bus.signal(said, said.call_id)
        self._show(said.call_id, said.conversation_id, line)

    def _show(self, call_id: str, conversation_id: str, line: SpokenLine) -> None:
        """Show a line to the staff who are in the call."""
        users = self._taps.staff(call_id)
        for shown, sees_numbers in ((line, True), (_hidden(line), False)):
            frame: dict[str, object] = msgspec.to_builtins(shown)
            frame |= {"type": "signal", "name": "speech", "conversation_id": conversation_id, "call_id": call_id}
            self._desk.announce(frame, _seen_by(users, sees_numbers=sees_numbers))


def _seen_by(users: Collection[str], *, sees_numbers: bool) -> Callable[[Identity], bool]:
    return lambda one: one.user_id in users and one.may("transcript.numbers") == sees_numbers


def _said(tap: Tap, event: TapRecognized, n: int) -> SpeechRecognized:
    side, utterance = tap.side, event.utterance
    begins_ms = max(0, round((event.begun_at - side.arrived_at).total_seconds() * 1_000))
    return SpeechRecognized(
        conversation_id=side.conversation_id,
        call_id=side.call_id,
        speaker="contact" if side.is_contact else "agent",
        n=n,
        is_final=event.is_final,
        start_s=(begins_ms + utterance.start_ms) / 1_000,
        end_s=(begins_ms + utterance.end_ms) / 1_000,
        text=clean(utterance.text),
        words=tuple(
            Word(word.text, begins_ms + word.start_ms, begins_ms + word.end_ms, word.confidence)
            for word in utterance.words
        ),
        user_id=side.user_id,
    )


def _hidden(line: SpokenLine) -> SpokenLine:
    return msgspec.structs.replace(line, text=mask(line.text))
