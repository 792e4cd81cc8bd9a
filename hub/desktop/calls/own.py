"""What is the user's own: to-dos, preferences, figures of the day."""

from typing import Any

import msgspec

from core.config import Settings
from core.events import TodoView
from hub.figures.own import OwnFigures, own_figures
from hub.http.endpoints import SESSION, Call, Endpoints, NoBody
from hub.services import Services
from hub.teamwork.todos import NewTodo, TodoEdit

api = Endpoints()


class NewPreferences(Settings, frozen=True, kw_only=True):
    """Replaces what was there."""

    settings: dict[str, Any]


class PreferencesView(msgspec.Struct, frozen=True):
    """What the desk keeps for this user; empty at first."""

    settings: dict[str, Any]


@api.add("POST", "/api/v1/todos", "desk.use", body=NewTodo, answer=TodoView, problems=(404,))
async def add_todo(services: Services, call: Call[NewTodo]) -> TodoView:
    """Note something to do."""
    return await services.todos.add(call.identity, call.body)


@api.add("PATCH", "/api/v1/todos/{todo_id}", "desk.use", body=TodoEdit, answer=TodoView)
async def edit_todo(services: Services, call: Call[TodoEdit]) -> TodoView:
    """Change a to-do, or say that it is done."""
    return await services.todos.edit(call.identity, call.path["todo_id"], call.body)


@api.add("GET", "/api/v1/me/preferences", SESSION, answer=PreferencesView)
async def get_preferences(services: Services, call: Call[NoBody]) -> PreferencesView:
    """Return how the user likes the desk."""
    return PreferencesView(await services.preferences.of(call.identity))


@api.add("PUT", "/api/v1/me/preferences", SESSION, body=NewPreferences)
async def save_preferences(services: Services, call: Call[NewPreferences]) -> None:
    """Keep how the user likes the desk."""
    await services.preferences.save(call.identity, call.body.settings)


@api.add("GET", "/api/v1/me/figures", "desk.use", answer=OwnFigures)
async def get_own_figures(services: Services, call: Call[NoBody]) -> OwnFigures:
    """Return what the user did today."""
    return await own_figures(call.identity, services.clock.now(), services.wallboard.setup.settings.timezone)
