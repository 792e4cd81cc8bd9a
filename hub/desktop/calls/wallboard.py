"""The wallboard: its figures, alarms, and what supervisors do to agents."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import AgentView, ConversationView
from hub.desktop.screens import ScreenView
from hub.figures.alarm_log import AlarmRecord
from hub.figures.alarms import Alarm
from hub.figures.report_sums import ReportQuery
from hub.figures.reports import Report
from hub.figures.settings import WallboardSettings
from hub.figures.trunk_reports import TrunkQuery, TrunkReport
from hub.figures.views import Board, Day
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class DayQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of one queue or part of the floor, ``site:east``; empty: of all the caller sees."""

    view: Annotated[str, Meta(pattern=r"^((queue|site|group|department):[a-z0-9_-]{1,64})?\Z")] = ""


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Older than the record of this number."""

    before: int | None = None


class AlarmLog(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to alarms, newest first."""

    items: list[AlarmRecord]


class AgentScreens(msgspec.Struct, frozen=True, kw_only=True):
    """The browsers of an agent that are connected."""

    items: list[ScreenView]


class ForcedState(Settings, frozen=True, kw_only=True):
    """The state another agent is given; ``away`` needs one of the reasons set up."""

    state: Literal["available", "busy", "away", "offline"]
    reason: Annotated[str, Meta(max_length=64)] = ""


class Assignment(Settings, frozen=True, kw_only=True):
    """Who gets a waiting conversation, and why."""

    agent_id: Annotated[str, Meta(max_length=64)]
    reason: Annotated[str, Meta(max_length=200)] = ""


@api.add("GET", "/api/v1/wallboard", "wallboard.view", answer=Board)
async def show_board(services: Services, call: Call[NoBody]) -> Board:
    """Return the figures as they are now, over the queues the caller sees."""
    return services.wallboard.board(call.identity)


@api.add("GET", "/api/v1/wallboard/day", "wallboard.view", query=DayQuery, answer=Day, problems=(404,))
async def show_day(services: Services, call: Call[NoBody]) -> Day:
    """Return today by quarter hours."""
    return await services.wallboard.day(call.identity, call.query.view)


@api.add("GET", "/api/v1/reports", "wallboard.view", query=ReportQuery, answer=Report)
async def show_report(services: Services, call: Call[NoBody]) -> Report:
    """Return what came in a time, by group and period, over the queues the caller sees."""
    return await services.reports.report(call.identity, call.query)


@api.add("GET", "/api/v1/reports/trunks", "wallboard.view", query=TrunkQuery, answer=TrunkReport)
async def show_trunk_report(services: Services, call: Call[NoBody]) -> TrunkReport:
    """Return what each trunk carried in some days, how full it was, and when it was down."""
    return await services.trunk_reports.report(call.query)


@api.add("GET", "/api/v1/alarms", "wallboard.view", query=LogQuery, answer=AlarmLog)
async def show_alarm_log(services: Services, call: Call[NoBody]) -> AlarmLog:
    """Return what happened to the alarms of the last 30 days."""
    return AlarmLog(items=await services.wallboard.alarm_log(call.identity, before=call.query.before))


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


@api.add("GET", "/api/v1/agents/{user_id}/screens", "agent.control", answer=AgentScreens)
async def view_screens(services: Services, call: Call[NoBody]) -> AgentScreens:
    """Return what an agent's browsers show; the agent is told who looks."""
    agent_id = call.path["user_id"]
    may_know = services.wallboard.may_know("agent", agent_id)
    return AgentScreens(items=await services.screens.view(call.identity, agent_id, may_know, remote=call.remote))


@api.add("POST", "/api/v1/agents/{user_id}/release", "agent.control", answer=AgentView)
async def release_agent(services: Services, call: Call[NoBody]) -> AgentView:
    """Let everything an agent has in hand wait again."""
    return await services.agent_control.release(call.identity, call.path["user_id"], remote=call.remote)


@api.add("POST", "/api/v1/agents/{user_id}/log-out", "agent.control", answer=AgentView)
async def log_agent_out(services: Services, call: Call[NoBody]) -> AgentView:
    """Take an agent's work and end their sessions: they have to log in again."""
    return await services.agent_control.log_out(call.identity, call.path["user_id"], remote=call.remote)


@api.add("PUT", "/api/v1/agents/{user_id}/lock", "agent.control", answer=AgentView, problems=(409,))
async def lock_agent(services: Services, call: Call[NoBody]) -> AgentView:
    """Take an agent's work and let them take no other until somebody unlocks them."""
    return await services.agent_control.lock(call.identity, call.path["user_id"], remote=call.remote)


@api.add("DELETE", "/api/v1/agents/{user_id}/lock", "agent.control", answer=AgentView, problems=(409,))
async def unlock_agent(services: Services, call: Call[NoBody]) -> AgentView:
    """Let a locked agent choose their state again."""
    return await services.agent_control.unlock(call.identity, call.path["user_id"], remote=call.remote)


@api.add(
    "POST",
    "/api/v1/conversations/{conversation_id}/assign",
    "agent.control",
    body=Assignment,
    answer=ConversationView,
    problems=(409,),
)
async def assign_conversation(services: Services, call: Call[Assignment]) -> ConversationView:
    """Give a waiting conversation that is no call to an agent."""
    return await services.agent_control.assign(
        call.identity, call.path["conversation_id"], call.body.agent_id, call.body.reason, remote=call.remote
    )
