"""What an administrator decides about the wallboard: the time zone of its day, and the rules of its alarms."""

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError
from hub.store.models import Setting
from hub.units import Units

KEY: Final = "wallboard"

RuleKind = Literal["away_longer", "waiting_more", "wait_longer", "service_below", "channel_down"]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]


class AlarmRule(Settings, frozen=True, kw_only=True):
    """When to raise an alarm; ``limit`` in seconds, people or per cent as ``kind`` says.

    Without ``queue_ids`` each queue is looked at; ``least`` is how many must have come in the period before a share
    means anything.
    """

    rule_id: Slug
    kind: RuleKind
    limit: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    queue_ids: Annotated[tuple[Slug, ...], Meta(max_length=200)] = ()
    minutes: Literal[15, 30, 60] = 30
    least: Annotated[int, Meta(ge=1, le=10_000)] = 5
    is_urgent: bool = False
    is_active: bool = True


class WallboardSettings(Settings, frozen=True, kw_only=True):
    """The wallboard's own set-up."""

    timezone: Annotated[str, Meta(max_length=64)] = "Asia/Shanghai"
    rules: Annotated[tuple[AlarmRule, ...], Meta(max_length=50)] = (
        AlarmRule(rule_id="away-long", kind="away_longer", limit=900),
        AlarmRule(rule_id="many-waiting", kind="waiting_more", limit=10),
        AlarmRule(rule_id="long-wait", kind="wait_longer", limit=120, is_urgent=True),
        AlarmRule(rule_id="service-level", kind="service_below", limit=85),
        AlarmRule(rule_id="channel-down", kind="channel_down", limit=30, is_urgent=True),
    )


class WallboardSetup:
    """Keeps the settings at hand."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._audit = audit
        self.settings = WallboardSettings()

    async def load(self) -> None:
        """Read what is stored."""
        row = await Setting.get_or_none(key=KEY)
        if row is not None:
            self.settings = msgspec.convert(row.value, WallboardSettings)

    async def save(self, identity: Identity, settings: WallboardSettings, *, remote: str) -> WallboardSettings:
        """Store other settings; the rules hold at once, another time zone from the next start."""
        try:
            ZoneInfo(settings.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ApiError(422, "invalid", "no such time zone", fields={"timezone": "unknown"}) from error
        ids = [rule.rule_id for rule in settings.rules]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ApiError(422, "invalid", f"twice: {', '.join(twice)}", fields={"rules": "duplicate"})
        async with self._units.open():
            await Setting.update_or_create({"value": msgspec.to_builtins(settings)}, key=KEY)
            await self._audit.record(identity, "wallboard.settings", "setting", KEY, remote=remote)
        self.settings = settings
        return settings
