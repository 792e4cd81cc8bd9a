"""What a caller is being told, and what follows when it has been said."""

from typing import Literal

import msgspec

Then = Literal["rest", "timer", "record", "transfer", "hang_up", "back"]


class Piece(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Words to be spoken; ``prompt`` names a recording that is played in their place when there is one."""

    text: str
    language: str
    prompt: str = ""


class Utterance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``pieces`` in order, then: a flow's timer or recording of ``seconds``, a transfer to ``number``, or the end.

    ``rest`` is whatever the conversation's state implies, ``back`` the way back from a flow to the agent. ``turn`` is
    the flow's, told with the answer. One that has not begun waits for its sounds. ``flow_state`` is how the flow stood
    that waits for the recording of somebody who has hung up.
    """

    activity_id: str
    pieces: tuple[Piece, ...] = ()
    can_interrupt: bool = False
    then: Then = "rest"
    seconds: float = 0.0
    number: str = ""
    turn: int = 0
    has_begun: bool = False
    flow_state: dict[str, object] | None = None

    @property
    def message_id(self) -> str:
        """Return the activity by which the message is recorded that follows it."""
        return f"{self.activity_id}-r"
