"""Keeps what is defined for everybody, every version of it: forms, tags, departments, service rules, score sheets …"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec

from core.config import Settings
from core.errors import ConfigInvalid
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import not_found
from hub.setup.slugs import check_slug
from hub.store.models import Definition
from hub.units import Unit, Units

Kind = Literal[
    "service_rule", "score_sheet", "sampling_plan", "department", "skill", "agent_group", "form", "tag",
    "named_number",
]  # fmt: skip
DefinitionT = TypeVar("DefinitionT", bound=Settings)

MOST_VERSIONS: Final = 200  # listed


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """One version: who made it when."""

    version: int
    author: str
    changed_at: datetime
    definition: dict[str, Any]


class Definitions(Generic[DefinitionT]):
    """All objects of one kind, those in force in memory; a version that something was measured by stays readable."""

    def __init__(self, kind: Kind, struct: type[DefinitionT], units: Units, audit: Audit) -> None:
        self._kind: Kind = kind
        self._struct = struct
        self._units = units
        self._audit = audit
        self._current: dict[str, tuple[int, DefinitionT]] = {}

    async def load(self) -> None:
        """Read what is in force."""
        rows = await Definition.filter(kind=self._kind).order_by("version")
        self._current = {row.object_id: (row.version, self._read(row)) for row in rows}

    @property
    def current(self) -> Mapping[str, tuple[int, DefinitionT]]:
        """What is in force by id, each with its version."""
        return self._current

    async def version(self, object_id: str, version: int) -> DefinitionT:
        """Return one version; 404 when there is none."""
        row = await Definition.get_or_none(kind=self._kind, object_id=object_id, version=version)
        if row is None:
            raise not_found(self._kind)
        return self._read(row)

    async def versions(self, object_id: str) -> list[VersionView]:
        """Return the versions of one object, the newest first."""
        rows = Definition.filter(kind=self._kind, object_id=object_id).order_by("-version")
        return [
            VersionView(version=row.version, author=row.author, changed_at=row.changed_at, definition=row.definition)
            for row in await rows.limit(MOST_VERSIONS)
        ]

    async def save(
        self, identity: Identity, object_id: str, definition: DefinitionT, *, remote: str = ""
    ) -> tuple[int, DefinitionT]:
        """Put a new version in force, unless it says the same; ConfigInvalid when the id is none."""
        check_slug("id", object_id)
        async with self._units.open() as unit:
            changed = await self.write(unit, identity, {object_id: definition})
            for one in changed:
                await self._audit.record(
                    identity, f"{self._kind}.save", self._kind, one, remote=remote, version=changed[one][0]
                )
            return self._current[object_id]

    async def write(
        self, unit: Unit, identity: Identity, wanted: Mapping[str, DefinitionT]
    ) -> dict[str, tuple[int, DefinitionT]]:
        """Put a new version of each that differs in force, unless ``unit`` is undone; return these."""
        changed = {}
        for object_id, definition in wanted.items():
            version, known = self._current.get(object_id, (0, None))
            if known == definition:
                continue
            unit.add(
                Definition(
                    definition_id=new_id(),
                    kind=self._kind,
                    object_id=object_id,
                    version=version + 1,
                    definition=msgspec.to_builtins(definition),
                    author=identity.username,
                    changed_at=unit.now,
                )
            )
            changed[object_id] = (version + 1, definition)
        if changed:
            unit.if_undone(partial(self._set_current, self._current))
            self._set_current({**self._current, **changed})
        return changed

    def _set_current(self, current: dict[str, tuple[int, DefinitionT]]) -> None:
        self._current = current

    def _read(self, row: Definition) -> DefinitionT:
        return msgspec.convert(row.definition, self._struct)


async def write_sections(
    unit: Unit,
    identity: Identity,
    sections: Mapping[str, Definitions[Any]],
    wanted: object,
    changed: Collection[tuple[str, str]],
) -> None:
    """Write what a configuration file changes."""
    for section, definitions in sections.items():
        parts = {name: part for name, part in getattr(wanted, section).items() if (section, name) in changed}
        await definitions.write(unit, identity, parts)


def check_references(path: str, names: tuple[str, ...], known: object) -> dict[str, str]:
    """Return a fault for each of ``names`` that is not among ``known``."""
    return {f"{path}[{at}]": "unknown" for at, name in enumerate(names) if name not in known}  # type: ignore[operator]


def refuse(faults: Mapping[str, str]) -> None:
    """Raise ConfigInvalid when there are ``faults``."""
    if faults:
        raise ConfigInvalid(dict(faults))
