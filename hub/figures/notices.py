"""Tells people of alarms: a notice on the desks of whoever should know, a message to addresses that a rule names.

Messages go over the instance that reaches the address, like any other message that nobody asked for, and not to who is
on the do-not-contact list. What was ordered and what became of it stands in the audit log, without the address.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.addresses import scheme_of
from core.events import MessageStatus, NotificationKind
from core.ids import new_id
from hub.accounts.identities import identity_of
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.bulk.campaigns import order
from hub.contacts.reach import Reach
from hub.desktop.desk import Desk
from hub.dispatch.queues import Queues
from hub.figures.alarms import Alarm
from hub.figures.settings import AlarmRule, WallboardSetup
from hub.i18n import text
from hub.outreach.consent import Consent
from hub.store.models import AuditRecord, Notification, User
from hub.teamwork.notifications import notify
from hub.units import Unit

log = logging.getLogger(__name__)

HUB: Final = Identity(username="hub")
AGAIN_AFTER: Final = timedelta(minutes=10)  # a limit that is crossed again and again sends no message each time
TIMES: Final = ("away_longer", "wait_longer", "channel_down")

MayKnow = Callable[[Identity], bool]


class AlarmNotices:
    """Writes within the unit of work that raises the alarm."""

    def __init__(
        self, audit: Audit, setup: WallboardSetup, *, reach: Reach, consent: Consent, queues: Queues, desk: Desk
    ) -> None:
        self._audit = audit
        self._setup = setup
        self._reach = reach
        self._consent = consent
        self._queues = queues
        self._desk = desk
        self._sent: dict[tuple[str, str], datetime] = {}  # when messages about a rule and a subject last went out

    async def tell(self, unit: Unit, alarm: Alarm, may_know: MayKnow) -> None:
        """Tell everybody whom the alarm's rule names."""
        rule = next((one for one in self._setup.settings.rules if one.rule_id == alarm.rule_id), None)
        if rule is None:
            return
        if rule.notify_roles:
            await self._notify_roles(unit, alarm, rule, may_know)
        if rule.notify_agent and alarm.kind == "away_longer":
            await _notify_once(unit, alarm.subject_id, "away_long", alarm)
        key = (alarm.rule_id, alarm.subject_id)
        if rule.notify_addresses and unit.now - self._sent.get(key, unit.now - AGAIN_AFTER) >= AGAIN_AFTER:
            self._sent = {one: at for one, at in self._sent.items() if unit.now - at < AGAIN_AFTER} | {key: unit.now}
            for uri in rule.notify_addresses:
                await self._send(unit, alarm, uri)

    async def note_status(self, unit: Unit, instance: str, status: MessageStatus) -> bool:
        """Write down what became of a message about an alarm; False when it is none of this instance's."""
        sent = await AuditRecord.filter(object_kind="notice", object_id=status.message_id).first()
        if sent is None or sent.detail["instance"] != instance:
            return False
        await self._audit.record(
            HUB,
            "alarm.message",
            "notice",
            status.message_id,
            instance=instance,
            status=status.status,
            code=status.code,
            rule=sent.detail["rule"],
        )
        return True

    async def _notify_roles(self, unit: Unit, alarm: Alarm, rule: AlarmRule, may_know: MayKnow) -> None:
        for user in await User.filter(is_active=True):
            if not set(user.role_ids).isdisjoint(rule.notify_roles) and may_know(await identity_of(user)):
                await _notify_once(unit, user.user_id, "alarm", alarm)

    async def _send(self, unit: Unit, alarm: Alarm, uri: str) -> None:
        message_id = new_id()
        sender = await self._reach.best(scheme_of(uri), uri=uri)
        fault = ""
        if sender is None or not sender.reaches(scheme_of(uri)):
            fault = "no_channel"
        elif await self._consent.is_refused(uri):
            fault = "do_not_contact"
        instance = sender.instance if sender else ""
        if fault:
            log.warning("alarm %s cannot be sent over %s: %s", alarm.rule_id, scheme_of(uri), fault)
        else:
            subject, words = self._words(alarm)
            unit.record(order(message_id, uri, words, subject if uri.startswith("mailto:") else "", unit.now), instance)
        await self._audit.record(
            HUB,
            "alarm.message",
            "notice",
            message_id,
            instance=instance,
            status="failed" if fault else "queued",
            code=fault,
            rule=alarm.rule_id,
        )

    def _words(self, alarm: Alarm) -> tuple[str, str]:
        """Return the subject and the sentence about an alarm."""
        language = self._setup.settings.notice_language
        name = alarm.subject_id
        if alarm.subject_kind == "queue":
            name = self._queues.title(alarm.subject_id, language)
        elif alarm.subject_kind == "agent" and (agent := self._desk.agents.get(alarm.subject_id)):
            name = agent.display_name
        value, limit = (_length(one) if alarm.kind in TIMES else f"{one:g}" for one in (alarm.value, alarm.limit))
        sentence = text(f"alarm.{alarm.kind}", language, name=name, value=value, limit=limit)
        return text("alarm.subject", language), sentence


async def _notify_once(unit: Unit, user_id: str, kind: NotificationKind, alarm: Alarm) -> None:
    """Tell a user, unless they have not yet seen that they were told the same."""
    about = {"rule_id": alarm.rule_id, "subject_id": alarm.subject_id}
    unseen = Notification.filter(user_id=user_id, kind=kind, seen_at=None)
    if any(about.items() <= one.params.items() for one in await unseen):
        return
    params: dict[str, str] = about | {
        "alarm_kind": alarm.kind,
        "subject_kind": alarm.subject_kind,
        "value": f"{alarm.value:g}",
        "limit": f"{alarm.limit:g}",
    }
    notify(unit, user_id, kind, None, **params)


def _length(seconds: float) -> str:
    """Return a length of time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
