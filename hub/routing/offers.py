"""Offers, and the memory of who declined what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """Work shown to one agent until accepted, declined or expired."""

    offer_id: str
    work_id: str
    agent_id: str
    queue_id: str
    made_at: float
    expires_at: float


class Declines:
    """Until when each agent is not asked again about one piece of work."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until: dict[str, float] = {}

    def add(self, agent_id: str, until: float) -> None:
        """Leave ``agent_id`` alone before ``until``."""
        self.until[agent_id] = until

    def blocks(self, agent_id: str, now: float) -> bool:
        """Say whether ``agent_id`` is still left alone."""
        until = self.until
        return bool(until) and until.get(agent_id, now) > now

    def forget(self, agent_id: str) -> None:
        """Let ``agent_id`` be asked again."""
        self.until.pop(agent_id, None)
