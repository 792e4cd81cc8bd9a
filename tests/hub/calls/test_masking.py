"""Numbers in a call's view, for who may not see them whole."""

from datetime import UTC, datetime

from core.events import CallLegView, CallView, ConversationView
from hub.accounts.identity import Identity
from hub.conversing.masking import masked


def test_a_number_that_was_asked_outside_is_masked() -> None:
    legs = (
        CallLegView(leg_id="a", role="agent", name="周一"),
        CallLegView(leg_id="o", role="outside", name="13800001234"),
    )
    at = datetime.now(UTC)
    view = ConversationView(
        conversation_id="c",
        contact_id="p",
        contact_name="王",
        instance="voice-main",
        channel="phone",
        address="tel:+8613900000001",
        state="active",
        opened_at=at,
        call=CallView(call_id="k", legs=legs, arrived_at=at),
    )
    shown = masked(view, Identity(username="zhou", permissions=frozenset()))
    assert shown.address == "tel:+861****0001"
    assert shown.call is not None
    assert [leg.name for leg in shown.call.legs] == ["周一", "1380****1234"]
