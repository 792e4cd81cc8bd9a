"""The agent's own state, and offers."""

from typing import Annotated, Literal

from msgspec import Meta

from core.config import Settings
from core.events import AgentView, ConversationView
from core.events.routing import WorkMode
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class NewState(Settings, frozen=True, kw_only=True):
    """Whether the agent takes work, and of which kind; what is left out stays. ``away`` needs a reason set up."""

    state: Literal["available", "busy", "away", "offline"] | None = None
    reason: Annotated[str, Meta(max_length=64)] = ""
    work_mode: WorkMode | None = None


class Decline(Settings, frozen=True, kw_only=True):
    """Why the agent does not take what was offered."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


@api.add("PUT", "/api/v1/me/state", "desk.use", body=NewState, answer=AgentView)
async def set_my_state(services: Services, call: Call[NewState]) -> AgentView:
    """Say whether one takes work, and of which kind."""
    body = call.body
    if body.work_mode == "leader":
        call.identity.require("wallboard.view")
    return await services.presence.set_state(call.identity.user_id, body.state, body.reason, work_mode=body.work_mode)


@api.add("POST", "/api/v1/offers/{offer_id}/accept", "desk.use", answer=ConversationView, problems=(409,))
async def accept_offer(services: Services, call: Call[NoBody]) -> ConversationView:
    """Take what was offered."""
    return await services.conversations.accept(call.identity, call.path["offer_id"])


@api.add("POST", "/api/v1/offers/{offer_id}/decline", "desk.use", body=Decline, problems=(409,))
async def decline_offer(services: Services, call: Call[Decline]) -> None:
    """Refuse what was offered; it goes to the next agent."""
    await services.conversations.decline(call.identity, call.path["offer_id"], call.body.reason)
