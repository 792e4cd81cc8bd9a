"""Hints to agents while they serve: gentle, in time, and kept nowhere."""

from hub.accounts.identity import Identity
from hub.conversing.access import may_open
from hub.errors import not_found
from hub.service_rules.book import Hit, RuleBook, hit
from hub.store.models import Conversation


class Coach:
    """Looks at what is about to be said."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book

    async def on_draft(self, identity: Identity, conversation_id: str, text: str) -> list[Hit]:
        """Return what speaks against sending ``text``; 404 when the user may not read the conversation."""
        conversation = await Conversation.get_or_none(conversation_id=conversation_id)
        if conversation is None or not await may_open(identity, conversation):
            raise not_found("conversation")
        return [
            hit(one, quote)
            for one in self._book.in_force()
            if one.rule.measure == "forbidden_phrase" and one.rule.speaker == "agent" and one.rule.is_hinted
            if one.rule.medium != "speech" and one.rule.holds(conversation.queue_id, conversation.channel, "any")
            if (quote := one.rule.says(text, identity.work_number))
        ]
