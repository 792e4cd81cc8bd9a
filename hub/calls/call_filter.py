"""What calls and their recordings are found by."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from tortoise.expressions import Q, Subquery
from tortoise.functions import Count

from core.addresses import COUNTRY
from hub.accounts.identity import Identity
from hub.conversing.masking import SHOWN_LAST
from hub.store.fields import ID_LENGTH, NAME_LENGTH
from hub.store.models import Call

Digits = Annotated[str, Meta(pattern=r"^[0-9+]{0,20}\Z")]


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls, newest first, and which page of them.

    ``number`` is any part of the citizen's for who sees numbers whole; for others the whole, or at most its last four.
    ``dialled`` is part of ours. With ``least_calls`` only citizens with so many calls between ``begin`` and ``end``
    in the queues that the asker sees.
    """

    begin: datetime | None = None
    end: datetime | None = None
    direction: Literal["in", "out"] | None = None
    number: Digits = ""
    dialled: Digits = ""
    least_calls: Annotated[int, Meta(ge=1, le=10_000)] = 1
    user_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""
    queue_id: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    offset: Annotated[int, Meta(ge=0, le=100_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50

    def between(self, column: str) -> dict[str, datetime]:
        """Return the conditions that ``column`` is a time from ``begin`` to before ``end``."""
        limits = {f"{column}__gte": self.begin, f"{column}__lt": self.end}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def of_citizen(self, identity: Identity) -> Q:
        """Return the condition on the citizen's ``number``; nobody finds out digits with it that they may not see."""
        condition = Q()
        if self.number and identity.may("address.reveal"):
            condition &= Q(number__contains=self.number)
        elif self.number and len(self.number) <= SHOWN_LAST:
            condition &= Q(number__endswith=self.number)
        elif self.number:
            condition &= Q(number__in=[f"tel:{self.number}", f"tel:+{COUNTRY}{self.number.removeprefix('0')}"])
        if self.least_calls > 1:
            calls = Call.filter(**self.between("arrived_at"))
            if not identity.may("queue.all"):
                calls = calls.filter(conversation__queue_id__in=sorted(identity.queue_ids))
            often = calls.annotate(calls=Count("call_id")).group_by("number").filter(calls__gte=self.least_calls)
            condition &= Q(number__in=Subquery(often.values("number")))
        return condition
