"""The flow that waits while an agent has sent the citizen into another one, and the way back."""

import msgspec

from core.flow import Flow, State
from core.flow.steps import AskStep
from hub.calls.live_call import LiveCall
from hub.conversing import timeline
from hub.store.models import Conversation
from hub.units import Unit


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The flow that waits while another one runs."""

    flow_id: str | None = None
    flow_version: int | None = None
    flow_state: dict[str, object] | None = None


def put_aside(live: LiveCall) -> None:
    """Let the conversation's own flow wait: another one is about to begin."""
    conversation = live.conversation
    kept = Kept(
        flow_id=conversation.flow_id, flow_version=conversation.flow_version, flow_state=conversation.flow_state
    )
    live.row.visit, live.row.is_held, live.is_changed = msgspec.to_builtins(kept), False, True


def come_back(unit: Unit, live: LiveCall) -> None:
    """Forget the flow the citizen was in; the one that waited meanwhile is the conversation's again."""
    assert live.row.visit is not None
    kept, live.row.visit, live.is_changed = msgspec.convert(live.row.visit, Kept), None, True
    conversation = live.conversation
    conversation.flow_id, conversation.flow_version = kept.flow_id, kept.flow_version
    conversation.flow_state, conversation.flow_timer_at = kept.flow_state, None
    unit.touch(conversation)


def tell_collected(unit: Unit, conversation: Conversation, flow: Flow, state: State) -> None:
    """Write down what the citizen entered; of secrets only that they were entered."""
    asked = [node for node in flow.nodes.values() if isinstance(node, AskStep) and state.variables.get(node.variable)]
    values = [f"{node.variable}：{'***' if node.is_secret else state.variables[node.variable]}" for node in asked]
    timeline.add_notice(unit, conversation, "flow_visit_ended", values="，".join(values) or "-")
