"""Numbers in a call's view, for who may not see them whole."""

from datetime import UTC, datetime

import pytest

from core.events import CallLegView, CallView, ConversationView
from hub.accounts.identity import Identity
from hub.conversing.masking import mask_numbers, masked


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("138.0013.8000", "138.****8000"),
        ("(010)6512.3456", "(010)****3456"),
        ("\uff08010\uff096512\uff0d3456", "\uff08010\uff09****3456"),
        ("010\u2014\u201465123456", "010\u2014****3456"),
        ("+86 (138) 0013-8000", "+86 ****8000"),
        ("13800138000 / 13900139000", "1380****8000 / 1390****9000"),
        ("2026.11.23, 138 0013 8000", "2026.11.23, 138 ****8000"),
        ("2026-11-23", "2026-11-23"),
        ("100000.00元", "100000.00元"),
        ("12345", "12345"),
    ],
)
def test_numbers_are_masked_however_they_are_written_but_no_days_and_amounts(text: str, shown: str) -> None:
    assert mask_numbers(text) == shown
