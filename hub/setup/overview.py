"""What desks need to know of the set-up: queues, codes, reasons, tags, forms, departments, numbers outside, limits …"""

from typing import Any

import msgspec

from hub.audit import Audit
from hub.calls.engines import PLUGIN as PHONE_PLUGIN
from hub.dispatch.queues import Queues
from hub.settings import LimitSettings
from hub.setup.definitions import Definitions
from hub.setup.forms import Forms
from hub.setup.named_numbers import NamedNumbers
from hub.setup.organization import Organization
from hub.setup.tags import Tags
from hub.store.models import AwayReason, PluginInstance, Queue, WrapUpCode
from hub.units import Units


class Setup:
    """What is defined for everybody, and the table ``setup`` of every desk."""

    def __init__(self, units: Units, audit: Audit, queues: Queues, limits: LimitSettings) -> None:
        self._limits = limits
        self.forms = Forms(units, audit, queues)
        self.tags = Tags(units, audit)
        self.named_numbers = NamedNumbers(units, audit)
        self.organization = Organization(units, audit)

    async def load(self) -> None:
        """Read what is defined."""
        for definitions in self.sections.values():
            await definitions.load()

    @property
    def sections(self) -> dict[str, Definitions[Any]]:
        """What is defined, by the section of the configuration file."""
        return {
            "tags": self.tags.definitions,
            "forms": self.forms.definitions,
            "departments": self.organization.departments,
            "skills": self.organization.skills,
            "agent_groups": self.organization.groups,
            "named_numbers": self.named_numbers.definitions,
        }

    async def table(self) -> dict[str, Any]:
        """Return the table's rows by key."""
        codes = await WrapUpCode.filter(is_active=True).order_by("position")
        reasons = await AwayReason.filter(is_active=True).order_by("position")
        queues = await Queue.all().order_by("queue_id")
        has_phones = await PluginInstance.filter(plugin=PHONE_PLUGIN, is_enabled=True).exists()
        return {
            "queues": {row.queue_id: {"title": row.title, "is_active": row.is_active} for row in queues},
            "wrap_up_codes": {
                row.code: {"title": row.title, "parent": row.parent, "queue_ids": row.queue_ids} for row in codes
            },
            "away_reasons": {row.reason: {"title": row.title} for row in reasons},
            "tags": {view.tag_id: msgspec.to_builtins(view.tag) for view in self.tags.all()},
            "forms": {view.form_id: msgspec.to_builtins(view.form) for view in self.forms.all()},
            "departments": {
                one: {"title": department.title, "parent": department.parent, "is_active": department.is_active}
                for one, (_, department) in sorted(self.organization.departments.current.items())
            },
            "agent_groups": {one: {"title": group.title} for one, group in self.organization.current_groups.items()},
            "named_numbers": [
                {"title": view.number.title, "number": view.number.number}
                for view in self.named_numbers.all()
                if view.number.is_active
            ],
            "limits": {"attachment_bytes": self._limits.attachment_bytes, "text_chars": self._limits.text_chars},
            "phone": {"is_available": has_phones},
        }
