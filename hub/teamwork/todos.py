"""What agents mean to do, and reminds them of it."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.config import Settings
from core.events import TodoChanged, TodoView
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.conversing.access import visible
from hub.errors import not_found
from hub.store.fields import ID_LENGTH
from hub.store.models import Todo
from hub.store.views import view
from hub.teamwork.notifications import notify
from hub.texts import clean
from hub.units import Unit, Units

Text = Annotated[str, Meta(min_length=1, max_length=500)]
Moment = Annotated[datetime, Meta(tz=True)]


class NewTodo(Settings, frozen=True, kw_only=True):
    """What is to be done, about which conversation, and when to be reminded."""

    text: Text
    conversation_id: Annotated[str, Meta(max_length=ID_LENGTH)] | None = None
    due_at: Moment | None = None


class TodoEdit(Settings, frozen=True, kw_only=True):
    """What is left out stays."""

    text: Text | None = None
    due_at: Moment | UnsetType | None = UNSET  # null: no reminder
    is_done: bool | None = None


class Todos:
    """Each agent's own list."""

    def __init__(self, units: Units) -> None:
        self._units = units

    async def add(self, identity: Identity, new: NewTodo) -> TodoView:
        """Note one."""
        async with self._units.open() as unit:
            if new.conversation_id is not None:
                await visible(unit, identity, new.conversation_id)
            row = Todo(
                todo_id=new_id(),
                user_id=identity.user_id,
                text=clean(new.text),
                conversation_id=new.conversation_id,
                due_at=new.due_at,
                remind_at=new.due_at,
                created_at=unit.now,
            )
            unit.add(row)
            return _record(unit, row)

    async def edit(self, identity: Identity, todo_id: str, edit: TodoEdit) -> TodoView:
        """Change one's own; a new time reminds again."""
        async with self._units.open() as unit:
            row = await Todo.get_or_none(todo_id=todo_id, user_id=identity.user_id)
            if row is None:
                raise not_found("to-do")
            if edit.text is not None:
                row.text = clean(edit.text)
            if edit.due_at is not UNSET:
                row.due_at = row.remind_at = edit.due_at
            if edit.is_done is not None:
                row.done_at = unit.now if edit.is_done else None
                row.remind_at = None if edit.is_done else row.due_at
            unit.touch(row)
            return _record(unit, row)

    async def tick(self) -> None:
        """Remind of what has become due."""
        if not await Todo.filter(remind_at__lte=self._units.now()).exists():
            return
        async with self._units.open() as unit:
            for row in await Todo.filter(remind_at__lte=unit.now).order_by("remind_at").limit(100):
                row.remind_at = None
                unit.touch(row)
                notify(unit, row.user_id, "reminder", row.conversation_id, text=row.text)


async def undone(user_id: str) -> list[TodoView]:
    """Return what a user has still to do."""
    return [view(TodoView, row) for row in await Todo.filter(user_id=user_id, done_at=None)]


def _record(unit: Unit, row: Todo) -> TodoView:
    shown = view(TodoView, row)
    unit.record(TodoChanged(todo=shown), row.user_id)
    return shown
