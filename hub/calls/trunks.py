"""When trunks came up and went down."""

import logging
from datetime import datetime

from core.events import TrunkChanged
from hub.store.models import TrunkChange

log = logging.getLogger(__name__)


class TrunkLog:
    """Keeps every change of state; ``since`` is how long each is as it is, by instance and trunk."""

    def __init__(self) -> None:
        self.since: dict[str, datetime] = {}
        self._is_up: dict[str, bool] = {}

    async def note(self, instance: str, event: TrunkChanged) -> None:
        """Write down a trunk's state when it is another than before; a trunk's first word is a change, too."""
        key = f"{instance}/{event.trunk}"
        if self._is_up.get(key) == event.is_up:
            return
        rows = TrunkChange.filter(instance=instance, trunk=event.trunk)
        row = await rows.order_by("-at", "-change_id").first()
        if row is None or row.is_up != event.is_up:
            row = await TrunkChange.create(instance=instance, trunk=event.trunk, is_up=event.is_up, at=event.at)
            log.info("trunk %s is %s", key, "up" if event.is_up else "down")
        self._is_up[key], self.since[key] = event.is_up, row.at
