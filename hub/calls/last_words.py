"""Voice messages whose author has hung up: the flow waits for the file, and a late one is taken all the same."""

from datetime import timedelta
from typing import Final

import msgspec

from hub.calls.live_call import LiveCall
from hub.conversing import timeline
from hub.units import Unit

MESSAGE_WAIT: Final = timedelta(minutes=2)  # after that the conversation closes; the hub or the bus may be away longer


def wait_for_file(unit: Unit, live: LiveCall) -> None:
    """Let the flow wait for what its caller said; how it stands is kept for a week in case the file comes too late."""
    conversation = live.conversation
    conversation.flow_timer_at = unit.now + MESSAGE_WAIT
    unit.touch(conversation)
    if live.utterance is not None:
        live.utterance = msgspec.structs.replace(live.utterance, flow_state=conversation.flow_state)
        live.is_changed = True


def take_up_late(unit: Unit, live: LiveCall, flow_state: dict[str, object] | None) -> None:
    """Let the flow of a closed conversation go on where it waited: the file has come."""
    conversation = live.conversation
    is_over = conversation.state == "closed" and conversation.flow_state is None and conversation.merged_into is None
    if flow_state is None or not is_over:
        return
    conversation.state, conversation.closed_at, conversation.flow_state = "flow", None, flow_state
    unit.touch(conversation)
    timeline.record_change(unit, conversation, "reopened")
