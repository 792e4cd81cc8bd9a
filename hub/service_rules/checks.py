"""Checks conversations that are over against the service rules, and keeps what is found."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.ids import new_id
from hub.accounts.identity import Identity
from hub.conversing.access import visible
from hub.service_rules.book import RuleBook
from hub.service_rules.evaluating import evaluate
from hub.service_rules.facts import Finding
from hub.service_rules.reading import read_facts
from hub.store.models import Conversation, RuleCheck, RuleFinding
from hub.transcripts.masking import mask
from hub.units import Units

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
AT_ONCE: Final = 20
AFTER_FAILURE: Final = timedelta(hours=1)


class FindingView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found; ``offset_s`` is where in the sound of its entry."""

    finding_id: str
    conversation_id: str
    rule_id: str
    version: int
    title: dict[str, str]
    measure: str
    severity: str
    speaker: str
    agent_id: str = ""
    at: datetime
    entry_id: str = ""
    utterance_id: str = ""
    offset_s: float | None = None
    quote: str = ""
    value: float | None = None
    limit: float | None = None


class Checks:
    """Works off what ``order_check`` ordered."""

    def __init__(self, units: Units, book: RuleBook) -> None:
        self._units = units
        self._book = book

    async def run(self) -> None:
        """Check what is due, once a second, until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(EVERY_S)

    async def tick(self) -> None:
        """Check what is due now."""
        due = RuleCheck.filter(due_at__lte=self._units.now()).order_by("due_at").limit(AT_ONCE)
        for row in await due:
            try:
                await self._check(row)
            except Exception:
                log.exception("conversation %s cannot be checked", row.conversation_id)
                async with self._units.open() as unit:
                    waiting = RuleCheck.filter(conversation_id=row.conversation_id)
                    await waiting.update(due_at=unit.now + AFTER_FAILURE)

    async def of_conversation(self, identity: Identity, conversation_id: str) -> list[FindingView]:
        """Return what was found in a conversation, by time; 404 when the user may not read it."""
        async with self._units.open() as unit:
            await visible(unit, identity, conversation_id)
        rows = await RuleFinding.filter(conversation_id=conversation_id).order_by("at", "finding_id")
        return self.views(rows, identity)

    def views(self, rows: Sequence[RuleFinding], identity: Identity) -> list[FindingView]:
        """Return findings as ``identity`` may see them."""
        hides = not identity.may("transcript.numbers")
        return [
            FindingView(
                title=self._book.title(row.rule_id),
                quote=mask(row.quote) if hides else row.quote,
                **{
                    name: getattr(row, name) for name in FindingView.__struct_fields__ if name not in ("title", "quote")
                },
            )
            for row in rows
        ]

    async def _check(self, row: RuleCheck) -> None:
        conversation = await Conversation.get(conversation_id=row.conversation_id)
        facts = await read_facts(conversation)
        found = await asyncio.to_thread(evaluate, self._book.in_force(), facts)
        async with self._units.open() as unit:
            checking = RuleCheck.filter(conversation_id=row.conversation_id, due_at=row.due_at)
            if conversation.merged_into is not None:
                await checking.delete()
                found = []
            elif not await checking.update(due_at=None):
                return  # ordered again meanwhile
            await RuleFinding.filter(conversation_id=row.conversation_id).delete()
            for one in found:
                unit.add(_row(row.conversation_id, one))


def _row(conversation_id: str, found: Finding) -> RuleFinding:
    values = {name: getattr(found, name) for name in Finding.__slots__}
    return RuleFinding(finding_id=new_id(), conversation_id=conversation_id, **values)
