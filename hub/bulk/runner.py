"""Sends what was planned: a few messages at each tick, within the instance's rate, outside of quiet hours.

A recipient's step from ``pending`` to ``queued`` and the order to the channel are one transaction, and the order's id
is the recipient's: a hub that is killed at any point goes on without sending anybody a message twice. No more than
``MAX_UNDER_WAY`` orders of an instance are with its channel, so an agent's answer never waits behind thousands.
"""

import asyncio
import logging
from typing import Final

import msgspec

from core.events import MessageStatus
from core.flow.templates import fill
from hub.bulk.audience import Audience, page_of
from hub.bulk.campaigns import add_recipients, order
from hub.bulk.views import UNDER_WAY
from hub.outreach.consent import Consent
from hub.outreach.settings import OutreachSetup
from hub.outreach.templates import known_values
from hub.store.models import Campaign, CampaignRecipient
from hub.units import Unit, Units

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
MAX_UNDER_WAY: Final = 200
AT_ONCE: Final = 100  # orders in one unit of work
PAGES_AT_ONCE: Final = 10  # of the audience, in one tick
# a report never goes back; "failed" after "sent" is a bounce
_RANK: Final = {"queued": 0, "deferred": 1, "unknown": 2, "sent": 3, "failed": 4, "delivered": 5, "read": 6}


class BulkRunner:
    """The one sender of bulk messages."""

    def __init__(self, units: Units, consent: Consent, setup: OutreachSetup) -> None:
        self._units = units
        self._consent = consent
        self._setup = setup
        self._budget: dict[str, float] = {}  # messages that an instance, or a bulk send, may send now
        self._last_s: float | None = None

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(TICK_S)

    async def tick(self) -> None:
        """Begin what is due, prepare what is not, send what the time since the last tick allows."""
        now = self._units.now()
        since_s = TICK_S if self._last_s is None else max(0.0, now.timestamp() - self._last_s)
        self._last_s = now.timestamp()
        due = await Campaign.filter(state="scheduled", start_at__lte=now)
        if due:
            async with self._units.open():
                ids = [row.campaign_id for row in due]
                await Campaign.filter(campaign_id__in=ids, state="scheduled").update(state="running", started_at=now)
        campaigns = await Campaign.filter(state="running").order_by("started_at")
        for instance in {row.instance for row in campaigns}:
            self._grant(instance, self._setup.settings.rate(instance), since_s)
        for row in campaigns:
            if row.per_minute:
                self._grant(row.campaign_id, row.per_minute, since_s)
            try:
                await self._advance(row)
            except Exception:
                log.exception("bulk send %s does not go on", row.campaign_id)

    async def note_status(self, unit: Unit, instance: str, status: MessageStatus) -> bool:
        """Note what became of a bulk message; False when it is none of this instance's."""
        row = await CampaignRecipient.get_or_none(recipient_id=status.message_id)
        if row is None:
            return False
        campaign = await Campaign.get(campaign_id=row.campaign_id)
        if campaign.instance != instance:
            return False
        if _RANK[status.status] > _RANK.get(row.state, 0) or (row.state, status.status) == ("unknown", "failed"):
            values = {"state": status.status, "code": status.code, "changed_at": unit.now}
            if status.external_id:
                values["external_id"] = status.external_id
            await CampaignRecipient.filter(recipient_id=row.recipient_id).update(**values)
        return True

    def _grant(self, key: str, per_minute: int, since_s: float) -> None:
        most = max(1.0, per_minute / 60 * TICK_S * 2)  # no burst after an idle hour
        self._budget[key] = min(self._budget.get(key, 0.0) + per_minute / 60 * since_s, most)

    async def _advance(self, row: Campaign) -> None:
        if not row.is_prepared:
            for _ in range(PAGES_AT_ONCE):
                if await self._prepare(row.campaign_id):
                    break
            return
        if self._setup.settings.quiet_until(self._units.now()) is not None:
            return
        budgets = [row.instance, row.campaign_id] if row.per_minute else [row.instance]
        count = int(min(*(self._budget[key] for key in budgets), await self._room(row.instance)))
        while count > 0 and (sent := await self._send(row.campaign_id, min(count, AT_ONCE))):
            count -= sent
            for key in budgets:
                self._budget[key] -= sent
        await self._end(row.campaign_id)

    async def _prepare(self, campaign_id: str) -> bool:
        """Write down the next page of the audience; return whether there is nothing more to write."""
        row = await Campaign.get(campaign_id=campaign_id)
        people, cursor = await page_of(msgspec.convert(row.audience, Audience), row.channel, row.cursor)
        async with self._units.open() as unit:
            current = await Campaign.get(campaign_id=campaign_id)
            if current.state != "running" or current.is_prepared:
                return True
            position = await CampaignRecipient.filter(campaign_id=row.campaign_id).count()
            await add_recipients(unit, row, people, position)
            current.cursor = cursor or current.cursor
            current.is_prepared = cursor is None
            await current.save()
            return cursor is None

    async def _room(self, instance: str) -> int:
        """Return how many more orders may be with the instance's channel."""
        campaigns = await Campaign.filter(instance=instance, state__in=("running", "paused", "cancelled")).values_list(
            "campaign_id", flat=True
        )
        under_way = await CampaignRecipient.filter(campaign_id__in=list(campaigns), state__in=UNDER_WAY).count()
        return MAX_UNDER_WAY - under_way

    async def _send(self, campaign_id: str, count: int) -> int:
        """Order the next messages; return how many recipients were dealt with."""
        async with self._units.open() as unit:
            row = await Campaign.get(campaign_id=campaign_id)
            if row.state != "running":
                return 0  # paused since
            waiting = CampaignRecipient.filter(campaign_id=campaign_id, state="pending").order_by("position")
            people = await waiting.limit(count)
            refused = await self._consent.refused([one.uri for one in people])
            known = known_values(unit.now)
            for one in people:
                if one.uri in refused:
                    one.state, one.code = "skipped", "do_not_contact"
                else:
                    one.state, one.ordered_at = "queued", unit.now
                    values = {**known, **one.params}
                    words = fill(row.text, values)
                    subject = fill(row.subject, values)
                    unit.record(order(one.recipient_id, one.uri, words, subject, unit.now), row.instance)
                one.changed_at = unit.now
                unit.touch(one)
            return len(people)

    async def _end(self, campaign_id: str) -> None:
        """A bulk send is done when nobody waits and the channel has said what became of every message."""
        open_rows = CampaignRecipient.filter(campaign_id=campaign_id, state__in=("pending", *UNDER_WAY))
        if await open_rows.exists():
            return
        async with self._units.open() as unit:
            rows = Campaign.filter(campaign_id=campaign_id, state="running")
            if await rows.update(state="done", ended_at=unit.now):
                log.info("bulk send %s is done", campaign_id)
