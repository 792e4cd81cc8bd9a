"""How the house writes first: how fast, when not, and the words by which people opt out."""

from datetime import datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta

from core.config import Settings
from core.errors import ConfigInvalid
from core.flow.matching import plain
from hub.audit import Audit
from hub.setup.kept import Kept, check_timezone
from hub.units import Units

KEY: Final = "outreach"
MAX_WORD: Final = 20

Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Word = Annotated[str, Meta(min_length=1, max_length=MAX_WORD)]
PerMinute = Annotated[int, Meta(ge=1, le=60_000)]


class OutreachSettings(Settings, frozen=True, kw_only=True):
    """What an administrator sets; between ``quiet_from`` and ``quiet_to`` nothing is sent (equal: always)."""

    per_minute: PerMinute = 600  # of one instance
    per_minute_of: dict[str, PerMinute] = {}  # instance → its own rate
    quiet_from: Clock = "21:00"
    quiet_to: Clock = "08:00"
    timezone: str = "Asia/Shanghai"
    opt_out_words: tuple[Word, ...] = ("TD", "退订", "取消订阅", "STOP", "unsubscribe")

    def rate(self, instance: str) -> int:
        """Return how many messages a minute ``instance`` may send."""
        return self.per_minute_of.get(instance, self.per_minute)

    def quiet_until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end that ``now`` lies in; None outside of them."""
        begins, ends = time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to)
        if begins == ends:
            return None
        local = now.astimezone(ZoneInfo(self.timezone))
        at = local.time()
        is_quiet = begins <= at < ends if begins < ends else at >= begins or at < ends
        if not is_quiet:
            return None
        end = local.replace(hour=ends.hour, minute=ends.minute, second=0, microsecond=0)
        return (end if end > local else end + timedelta(days=1)).astimezone(now.tzinfo)

    def means_opt_out(self, text: str) -> bool:
        """Whether the whole of ``text`` is a word to opt out."""
        return len(text) <= MAX_WORD * 2 and plain(text) in {plain(word) for word in self.opt_out_words}


class OutreachSetup(Kept[OutreachSettings]):
    """The settings in force."""

    def __init__(self, units: Units, audit: Audit) -> None:
        super().__init__(KEY, OutreachSettings(), units, audit, action="outreach.settings")

    def checked(self, settings: OutreachSettings) -> OutreachSettings:
        if faults := check_timezone(settings.timezone):
            raise ConfigInvalid(faults)
        return settings
