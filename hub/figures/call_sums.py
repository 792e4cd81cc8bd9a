"""Sums of phone calls: how many came and went, who was reached, how long they talked."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from hub.figures.cases import mean, seconds, share


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """What the figures need of a call; ``queue_id`` and ``agent_id`` are those it had last."""

    queue_id: str
    agent_id: str
    channel: str
    is_out: bool
    arrived_at: datetime
    talked_at: datetime | None
    ended_at: datetime | None


class CallTallyView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Calls of one period; ``incoming`` = ``answered`` + ``lost`` + those nobody has answered yet.

    ``connection`` is the share of the calls in that are decided in which somebody talked with an agent, ``lost`` are
    those that ended before, in a menu or in a queue. Talk time is counted of calls that are over, in and out.
    """

    incoming: int = 0
    answered: int = 0
    lost: int = 0
    connection: float | None = None
    outgoing: int = 0
    reached: int = 0
    talked: int = 0
    talk_s: float | None = None
    longest_talk_s: float = 0.0
    total_talk_s: float = 0.0


@dataclass(slots=True)
class CallTally:
    """Sums of calls."""

    incoming: int = 0
    answered: int = 0
    lost: int = 0
    outgoing: int = 0
    reached: int = 0
    talked: int = 0
    talk_s: float = 0.0
    longest_talk_s: float = 0.0

    def count(self, call: PhoneCall) -> None:
        """Put ``call`` in."""
        has_talked = call.talked_at is not None
        if call.is_out:
            self.outgoing += 1
            self.reached += has_talked
        else:
            self.incoming += 1
            self.answered += has_talked
            self.lost += call.ended_at is not None and not has_talked
        if call.talked_at is not None and call.ended_at is not None:
            talk_s = seconds(call.talked_at, call.ended_at)
            self.talked += 1
            self.talk_s += talk_s
            self.longest_talk_s = max(self.longest_talk_s, talk_s)

    def view(self) -> CallTallyView:
        """Return the sums for people."""
        return CallTallyView(
            incoming=self.incoming,
            answered=self.answered,
            lost=self.lost,
            connection=share(self.answered, self.answered + self.lost),
            outgoing=self.outgoing,
            reached=self.reached,
            talked=self.talked,
            talk_s=mean(self.talk_s, self.talked),
            longest_talk_s=round(self.longest_talk_s, 1),
            total_talk_s=round(self.talk_s, 1),
        )
