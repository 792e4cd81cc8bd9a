"""Reminds editors of articles that soon hold no more: those of the department that owns one, else all."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from tortoise.expressions import F, Q

from hub.accounts.identities import identities_of
from hub.knowledge.articles import EXPIRING_DAYS, may_read
from hub.setup.organization import Organization
from hub.store.models import Article, User
from hub.teamwork.notifications import notify
from hub.units import Units

EVERY_S: Final = 3_600.0
AT_ONCE: Final = 500


class ExpiryReminders:
    """Tells of each article once for the day it expires on, however many there are in one notice."""

    def __init__(self, units: Units, organization: Organization) -> None:
        self._units = units
        self._organization = organization

    async def run(self) -> None:
        """Remind until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(EVERY_S)

    async def tick(self) -> None:
        """Remind of what has come close."""
        until = self._units.now().date() + timedelta(days=EXPIRING_DAYS)
        due = Article.filter(
            Q(expiry_told__isnull=True) | ~Q(expiry_told=F("valid_to")),
            valid_to__lte=until,
            published_version__not_isnull=True,
        )
        if not await due.exists():
            return
        editors = [one for one in await identities_of(await User.filter(is_active=True)) if one.may("knowledge.edit")]
        async with self._units.open() as unit:
            rows = await due.order_by("valid_to", "article_id").limit(AT_ONCE)
            told: dict[str, list[Article]] = {}
            for row in rows:
                able = [one for one in editors if may_read(one, row.level)]
                own = self._departments(row.owner)
                for one in [one for one in able if one.department_id in own] or able:
                    told.setdefault(one.user_id, []).append(row)
                row.expiry_told = row.valid_to
                unit.touch(row)
            for user_id, articles in told.items():
                first = articles[0]
                notify(unit, user_id, "expiring", title=first.title, count=str(len(articles)), day=str(first.valid_to))

    def _departments(self, owner: str) -> Collection[str]:
        """Return the departments that are called ``owner`` in any language."""
        return {
            one.department_id
            for one in self._organization.all_departments()
            if owner and owner in (one.department_id, *one.department.title.values())
        }
