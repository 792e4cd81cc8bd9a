"""What a desk needs to know of the set-up: queues to pass work on to, codes, away reasons, limits, telephony."""

from typing import Any

from hub.calls.phones import PLUGIN as PHONE_PLUGIN
from hub.settings import LimitSettings
from hub.store.models import AwayReason, PluginInstance, Queue, WrapUpCode


class Setup:
    """Reads the table ``setup`` of every desk."""

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits

    async def table(self) -> dict[str, Any]:
        """Return the table's rows by key."""
        codes = await WrapUpCode.filter(is_active=True).order_by("position")
        reasons = await AwayReason.filter(is_active=True).order_by("position")
        queues = await Queue.filter(is_active=True).order_by("queue_id")
        has_phones = await PluginInstance.filter(plugin=PHONE_PLUGIN, is_enabled=True).exists()
        return {
            "queues": {row.queue_id: {"title": row.title} for row in queues},
            "wrap_up_codes": {
                row.code: {"title": row.title, "parent": row.parent, "queue_ids": row.queue_ids} for row in codes
            },
            "away_reasons": {row.reason: {"title": row.title} for row in reasons},
            "limits": {"attachment_bytes": self._limits.attachment_bytes, "text_chars": self._limits.text_chars},
            "phone": {"is_available": has_phones},
        }
