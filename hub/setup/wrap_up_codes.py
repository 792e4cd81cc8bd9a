"""How conversations may end: a tree of codes, each for every queue or for some."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from core.errors import ConfigInvalid
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.queues import Queues, Title
from hub.setup.slugs import check_slug
from hub.store.fields import SLUG_LENGTH
from hub.store.models import WrapUpCode
from hub.units import Units

Slug = Annotated[str, Meta(min_length=1, max_length=SLUG_LENGTH)]


class CodeEdit(Settings, frozen=True, kw_only=True):
    """A code's name by language and its place; without ``queue_ids`` every queue offers it."""

    title: Title
    parent: Slug | None = None
    queue_ids: tuple[Slug, ...] = ()
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    is_active: bool = True


class CodeView(msgspec.Struct, frozen=True, kw_only=True):
    """A code as administrators see it."""

    code: str
    title: dict[str, str]
    parent: str | None
    queue_ids: list[str]
    position: int
    is_active: bool


class WrapUpCodes:
    """What administrators do to the codes; none is deleted, for conversations have ended with it."""

    def __init__(self, units: Units, audit: Audit, queues: Queues) -> None:
        self._units = units
        self._audit = audit
        self._queues = queues

    async def all(self) -> list[CodeView]:
        """Return every code in its order, retired ones too."""
        return [_view(row) for row in await WrapUpCode.all().order_by("position", "code")]

    async def save(self, identity: Identity, code: str, edit: CodeEdit, *, remote: str = "") -> CodeView:
        """Make or change a code; ConfigInvalid names what is wrong."""
        check_slug("code", code)
        async with self._units.open():
            if faults := await self._faults(code, edit):
                raise ConfigInvalid(faults)
            values = {**msgspec.to_builtins(edit), "title": dict[str, str](edit.title.items())}
            row, _ = await WrapUpCode.update_or_create(values, code=code)
            await self._audit.record(identity, "wrap_up_code.save", "wrap_up_code", code, remote=remote)
        return _view(row)

    async def _faults(self, code: str, edit: CodeEdit) -> dict[str, str]:
        faults = {
            f"queue_ids[{at}]": "unknown" for at, queue_id in enumerate(edit.queue_ids) if queue_id not in self._queues
        }
        parents = {row.code: row.parent for row in await WrapUpCode.all()} | {code: edit.parent}
        if edit.parent is not None and edit.parent not in parents:
            faults["parent"] = "unknown"
        above, passed = edit.parent, set[str]()
        while above is not None and above not in passed:
            passed.add(above)
            above = parents.get(above)
        if code in passed:
            faults["parent"] = "below itself"
        return faults


async def may_end_with(queue_id: str | None, code: str) -> bool:
    """Whether a conversation of this queue may end with ``code``: it is in use, offered there, and no heading."""
    row = await WrapUpCode.get_or_none(code=code, is_active=True)
    if row is None or (row.queue_ids and queue_id not in row.queue_ids):
        return False
    return not await WrapUpCode.filter(parent=code, is_active=True).exists()


def _view(row: WrapUpCode) -> CodeView:
    return CodeView(**{name: getattr(row, name) for name in CodeView.__struct_fields__})
