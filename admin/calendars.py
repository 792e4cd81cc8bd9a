"""Business calendars: weekly hours, holidays, own dates, and a trial before they count."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.dispatch.queues import Title
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.setup.calendar_editor import CalendarView, Trial

api = Endpoints()


class CalendarList(msgspec.Struct, frozen=True):
    """Every calendar."""

    items: list[CalendarView]


class NewCalendar(Settings, frozen=True, kw_only=True):
    """A calendar's name by language and its rules (CalendarSettings)."""

    title: Title
    rules: dict[str, Any]


class TrialRequest(Settings, frozen=True, kw_only=True):
    """Rules, saved or not, and the moment in question."""

    rules: dict[str, Any]
    at: Annotated[datetime, Meta(tz=True)]


@api.add("GET", "/api/v1/calendars", "admin.queues", answer=CalendarList)
async def list_calendars(services: Services, call: Call[NoBody]) -> CalendarList:
    """List every calendar."""
    return CalendarList(await services.calendar_editor.all())


@api.add("PUT", "/api/v1/calendars/{calendar_id}", "admin.queues", body=NewCalendar, answer=CalendarView)
async def save_calendar(services: Services, call: Call[NewCalendar]) -> CalendarView:
    """Make or change a calendar; flows go by it at once."""
    title = dict[str, str](call.body.title.items())
    return await services.calendar_editor.save(
        call.identity, call.path["calendar_id"], title, call.body.rules, remote=call.remote
    )


@api.add("POST", "/api/v1/calendar-trials", "admin.queues", body=TrialRequest, answer=Trial)
async def try_calendar(services: Services, call: Call[TrialRequest]) -> Trial:
    """Say whether it is open at a moment, by rules that need not be saved."""
    return services.calendar_editor.try_out(call.body.rules, call.body.at)
