"""What an administrator decides about the wallboard: the time zone of its day, its sites, the rules of its alarms."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.addresses import MAX_CHARS, normalize
from core.config import Settings
from core.errors import ConfigInvalid
from hub.audit import Audit
from hub.setup.kept import Kept, check_timezone
from hub.units import Units

KEY: Final = "wallboard"

RuleKind = Literal["away_longer", "waiting_more", "wait_longer", "service_below", "channel_down"]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,64}\Z")]
SlugList = Annotated[tuple[Slug, ...], Meta(max_length=200)]


class Site(Settings, frozen=True, kw_only=True):
    """A place whose figures are looked at together: its queues, and without ``work_numbers`` all who serve them."""

    site_id: Slug
    title: dict[str, Annotated[str, Meta(max_length=64)]] = {}
    queue_ids: Annotated[tuple[Slug, ...], Meta(min_length=1, max_length=200)]
    work_numbers: Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=1_000)] = ()


class AlarmRule(Settings, frozen=True, kw_only=True):
    """When to raise an alarm; ``limit`` in seconds, people or per cent as ``kind`` says.

    Without ``queue_ids`` each queue is looked at; ``least`` is how many must have come in the period before a share
    means anything. Users of ``notify_roles`` find a notice, ``notify_addresses`` get a message. An agent who is away
    too long is told with ``notify_agent``, and logged out when it lasts ``log_out_after_s`` longer still.
    """

    rule_id: Slug
    kind: RuleKind
    limit: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    queue_ids: SlugList = ()
    minutes: Literal[15, 30, 60] = 30
    least: Annotated[int, Meta(ge=1, le=10_000)] = 5
    is_urgent: bool = False
    is_active: bool = True
    notify_roles: SlugList = ("supervisor",)
    notify_addresses: Annotated[tuple[Annotated[str, Meta(max_length=MAX_CHARS)], ...], Meta(max_length=20)] = ()
    notify_agent: bool = True
    log_out_after_s: Annotated[float, Meta(ge=0, le=86_400)] | None = None


class WallboardSettings(Settings, frozen=True, kw_only=True):
    """The wallboard's own set-up."""

    timezone: Annotated[str, Meta(max_length=64)] = "Asia/Shanghai"
    notice_language: Literal["zh", "en"] = "zh"
    sites: Annotated[tuple[Site, ...], Meta(max_length=100)] = ()
    rules: Annotated[tuple[AlarmRule, ...], Meta(max_length=50)] = (
        AlarmRule(rule_id="away-long", kind="away_longer", limit=900),
        AlarmRule(rule_id="many-waiting", kind="waiting_more", limit=10),
        AlarmRule(rule_id="long-wait", kind="wait_longer", limit=120, is_urgent=True),
        AlarmRule(rule_id="service-level", kind="service_below", limit=85),
        AlarmRule(rule_id="channel-down", kind="channel_down", limit=30, is_urgent=True),
    )


class WallboardSetup(Kept[WallboardSettings]):
    """The settings in force; rules hold at once, another time zone from the next start."""

    def __init__(self, units: Units, audit: Audit) -> None:
        super().__init__(KEY, WallboardSettings(), units, audit, action="wallboard.settings")

    def checked(self, settings: WallboardSettings) -> WallboardSettings:
        faults = check_timezone(settings.timezone)
        for field, ids in (
            ("rules", [rule.rule_id for rule in settings.rules]),
            ("sites", [site.site_id for site in settings.sites]),
        ):
            if len(set(ids)) < len(ids):
                faults[field] = "duplicate"
        rules = _with_addresses(settings.rules, faults)
        if faults:
            raise ConfigInvalid(faults)
        return msgspec.structs.replace(settings, rules=rules)


def _with_addresses(rules: tuple[AlarmRule, ...], faults: dict[str, str]) -> tuple[AlarmRule, ...]:
    """Return the rules with their addresses in the form they are stored in; what is none is put among ``faults``."""
    found = []
    for at, rule in enumerate(rules):
        addresses = []
        for number, text in enumerate(rule.notify_addresses):
            try:
                addresses.append(normalize(text))
            except ValueError as error:
                faults[f"rules[{at}].notify_addresses[{number}]"] = str(error)
        found.append(msgspec.structs.replace(rule, notify_addresses=tuple(addresses)))
    return tuple(found)
