"""Orders that a conversation be checked against the service rules; ``Checks`` does it soon after. Forgets quotes."""

from typing import Final

from core.events.conversations import Change
from hub.store.models import Conversation, RuleCheck, RuleFinding
from hub.units import Unit

OCCASIONS: Final[frozenset[Change]] = frozenset({"ended", "closed", "merged", "split"})


def order_check(unit: Unit, conversation: Conversation, change: Change) -> None:
    """Have a conversation that an agent served checked, or checked again."""
    if change not in OCCASIONS or conversation.agent_id is None or conversation.state not in ("wrap_up", "closed"):
        return
    row = unit.kept.setdefault(("rule_check", conversation.conversation_id), RuleCheck())
    assert isinstance(row, RuleCheck)
    row.conversation_id = conversation.conversation_id
    row.agent_id = conversation.agent_id
    row.queue_id = conversation.queue_id
    row.channel = conversation.channel
    row.ended_at = conversation.closed_at or unit.now
    row.due_at = unit.now
    unit.touch(row)


async def order_check_again(unit: Unit, conversation_id: str) -> None:
    """Have a conversation checked again because what was said in it stands written now, or was corrected."""
    await RuleCheck.filter(conversation_id=conversation_id).update(due_at=unit.now)


async def forget_quotes(entry_id: str) -> None:
    """Forget what was quoted from an entry that is deleted; that a rule was not kept stays known."""
    await RuleFinding.filter(entry_id=entry_id).update(quote="")
