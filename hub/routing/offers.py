"""Offers."""

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
