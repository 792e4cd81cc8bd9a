"""The wallboard: its figures, alarms, and what supervisors do to agents."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import AgentView
from hub.figures.alarms import Alarm
from hub.figures.settings import WallboardSettings
from hub.figures.views import Board, Day
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class DayQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of one queue, or of all the caller sees."""

    queue_id: Annotated[str, Meta(max_length=64)] = ""


class ForcedState(Settings, frozen=True, kw_only=True):
    """The state another agent is given; ``away`` needs one of the reasons set up."""

    state: Literal["available", "busy", "away", "offline"]
    reason: Annotated[str, Meta(max_length=64)] = ""


@api.add("GET", "/api/v1/wallboard", "wallboard.view", answer=Board)
async def show_board(services: Services, call: Call[NoBody]) -> Board:
    """Return the figures as they are now, over the queues the caller sees."""
    return services.wallboard.board(call.identity)


@api.add("GET", "/api/v1/wallboard/day", "wallboard.view", query=DayQuery, answer=Day, problems=(404,))
async def show_day(services: Services, call: Call[NoBody]) -> Day:
    """Return today by quarter hours."""
    return services.wallboard.day(call.identity, call.query.queue_id)


@api.add("POST", "/api/v1/alarms/{alarm_id}/acknowledge", "wallboard.view", answer=Alarm)
async def acknowledge_alarm(services: Services, call: Call[NoBody]) -> Alarm:
    """Say that one has seen an alarm; who was first stays written."""
    return await services.wallboard.acknowledge(call.identity, call.path["alarm_id"], remote=call.remote)


@api.add("GET", "/api/v1/wallboard/settings", "wallboard.edit", answer=WallboardSettings)
async def show_settings(services: Services, call: Call[NoBody]) -> WallboardSettings:
    """Return the rules of the alarms and the wallboard's time zone."""
    return services.wallboard.setup.settings


@api.add("PUT", "/api/v1/wallboard/settings", "wallboard.edit", body=WallboardSettings, answer=WallboardSettings)
async def save_settings(services: Services, call: Call[WallboardSettings]) -> WallboardSettings:
    """Change them; rules hold at once."""
    return await services.wallboard.setup.save(call.identity, call.body, remote=call.remote)


@api.add("PUT", "/api/v1/agents/{user_id}/state", "agent.control", body=ForcedState, answer=AgentView)
async def force_state(services: Services, call: Call[ForcedState]) -> AgentView:
    """Set another agent's state."""
    body = call.body
    return await services.agent_control.set_state(
        call.identity, call.path["user_id"], body.state, body.reason, remote=call.remote
    )


@api.add("POST", "/api/v1/agents/{user_id}/release", "agent.control", answer=AgentView)
async def release_agent(services: Services, call: Call[NoBody]) -> AgentView:
    """Let everything an agent has in hand wait again."""
    return await services.agent_control.release(call.identity, call.path["user_id"], remote=call.remote)
