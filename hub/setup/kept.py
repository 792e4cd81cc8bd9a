"""What operators decide for the whole hub, one value each: kept in the store, in force at once."""

from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from core.config import Settings
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.store.models import Setting
from hub.units import Unit, Units

SettingsT = TypeVar("SettingsT", bound=Settings)


class Kept(Generic[SettingsT]):
    """One value at hand; ``settings`` is what holds until another one is stored under ``key``."""

    def __init__(self, key: str, settings: SettingsT, units: Units, audit: Audit, *, action: str) -> None:
        self.settings = settings
        self._key = key
        self._units = units
        self._audit = audit
        self._action = action

    async def load(self) -> None:
        """Read what is stored."""
        row = await Setting.get_or_none(key=self._key)
        if row is not None:
            self.settings = msgspec.convert(row.value, type(self.settings))

    def checked(self, settings: SettingsT) -> SettingsT:
        """Return ``settings`` as they are stored; ConfigInvalid names every fault that their type does not."""
        return settings

    async def save(self, identity: Identity, settings: SettingsT, *, remote: str) -> SettingsT:
        """Put other settings in force; ConfigInvalid when they are wrong."""
        settings = self.checked(settings)
        before: dict[str, Any] = msgspec.to_builtins(self.settings)
        after: dict[str, Any] = msgspec.to_builtins(settings)
        fields = [name for name in after if after[name] != before[name]]
        async with self._units.open() as unit:
            await self.write(unit, settings)
            await self._audit.record(identity, self._action, "setting", self._key, remote=remote, fields=fields)
        return settings

    async def write(self, unit: Unit, settings: SettingsT) -> None:
        """Put ``settings``, which are checked, in force unless ``unit`` is undone."""
        before = self.settings
        unit.if_undone(lambda: self._take(before))
        await Setting.update_or_create({"value": msgspec.to_builtins(settings)}, key=self._key)
        self._take(settings)

    def _take(self, settings: SettingsT) -> None:
        self.settings = settings


def check_timezone(name: str) -> dict[str, str]:
    """Return the fault of a time zone that nobody knows, if it is one."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return {"timezone": "unknown"}
    return {}
