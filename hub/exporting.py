"""What tables to take away have in common: their words, who and what is named in them, all pages of a search."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, Self, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from hub.errors import ApiError
from hub.i18n import text
from hub.store.models import Queue, User
from hub.tables import CSV, XLSX, Download, FileFormat, Table, csv_file, workbook

PAGE: Final = 200  # rows asked for at once
Words = Mapping[Any, str]  # by language


class Paged(Protocol):
    """A search of which one page is asked for."""

    @property
    def offset(self) -> int: ...
    @property
    def limit(self) -> int: ...


FoundT = TypeVar("FoundT")
QueryT = TypeVar("QueryT", bound=Paged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Writes tables in one language and one time zone; ``group`` is that of the catalogue's words."""

    group: str
    language: str
    zone: ZoneInfo
    people: Mapping[str, str]
    queues: Mapping[str, Words]

    @classmethod
    async def load(cls, group: str, language: str, timezone: str, **more: Any) -> Self:
        """Return one that knows everybody's name and number and every queue's title."""
        return cls(
            group=group,
            language=language,
            zone=ZoneInfo(timezone),
            people={row.user_id: f"{row.work_number} {row.display_name or row.username}" async for row in User.all()},
            queues={row.queue_id: row.title async for row in Queue.all()},
            **more,
        )

    def word(self, key: str) -> str:
        """Return the catalogue's word."""
        return text(f"{self.group}.{key}", self.language)

    def yes(self, value: bool) -> str:
        """Return the word for yes or no."""
        return self.word("yes" if value else "no")

    def at(self, at: datetime | None) -> datetime | None:
        """Return ``at`` as the clock on the wall shows it."""
        return None if at is None else at.astimezone(self.zone)

    def agent(self, user_id: str) -> str:
        """Return an agent's number and name."""
        return self.people.get(user_id, user_id)

    def queue(self, queue_id: str | None) -> str:
        """Return a queue's title."""
        return self.named(self.queues.get(queue_id or "", {})) or queue_id or ""

    def named(self, title: Words) -> str:
        """Return a title in this language, else in any."""
        return title.get(self.language) or next(iter(title.values()), "")


async def every_page(
    find: Callable[[QueryT], Awaitable[Sequence[FoundT]]], query: QueryT, *, most: int, what: str
) -> list[FoundT]:
    """Return all that ``find`` finds, page by page; 422 ``too_many`` of ``what`` when it is more than ``most``."""
    found: list[FoundT] = []
    while page := await find(msgspec.structs.replace(query, offset=len(found), limit=PAGE)):  # type: ignore[type-var]
        found += page
        if len(found) > most:
            raise ApiError(422, "too_many", f"more than {most} {what}; ask for a shorter time")
    return found


async def as_file(tables: Sequence[Table], form: FileFormat, name: str) -> Download:
    """Return ``tables`` as a workbook, or the first of them as CSV; ``name`` is the file's, without its ending."""
    if form == "csv":
        return Download(await asyncio.to_thread(csv_file, tables[0]), CSV, f"{name}.csv")
    return Download(await asyncio.to_thread(workbook, tables), XLSX, f"{name}.xlsx")
