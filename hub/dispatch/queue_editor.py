"""Changes queues: stored, audited, and known to the routing core in the same unit of work."""

import msgspec

from core.errors import ConfigInvalid
from core.ids import check_token
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queues import QueueSettings, QueueSetup
from hub.store.models import Calendar, Queue
from hub.units import Units


class QueueEditor:
    """What administrators do to queues."""

    def __init__(self, units: Units, audit: Audit, dispatcher: Dispatcher) -> None:
        self._units = units
        self._audit = audit
        self._dispatcher = dispatcher

    async def save(
        self, identity: Identity, queue_id: str, title: dict[str, str], rules: QueueSettings, *, remote: str = ""
    ) -> QueueSetup:
        """Make or change a queue; waiting work follows the new rules at once."""
        try:
            check_token(queue_id)
        except ValueError as error:
            raise ConfigInvalid({"queue_id": str(error)}) from error
        if rules.opening_calendar and not await Calendar.exists(calendar_id=rules.opening_calendar):
            raise ConfigInvalid({"opening_calendar": "unknown"})
        async with self._units.open() as unit, self._dispatcher.deciding(unit):
            values = {"title": title, "rules": msgspec.to_builtins(rules), "is_active": True}
            await Queue.update_or_create(values, queue_id=queue_id)
            await self._dispatcher.know_queue(unit, queue_id)
            await self._audit.record(identity, "queue.save", "queue", queue_id, remote=remote)
        return QueueSetup(queue_id=queue_id, title=title, rules=rules)
