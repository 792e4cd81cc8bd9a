"""Rows that stay in memory between units of work: the hub is the only writer, so they are what the database holds."""

from collections import OrderedDict
from typing import Any, Final

from hub.store.models import Address, Contact, Conversation, Entry

CACHED_ROWS: Final = 3_000  # of each kind, about 2 KB a row: those who are served or in a flow, not all who wait
CACHED_ENTRIES: Final = 4_000  # sent messages, whose statuses come soon


class Rows:
    """Rows of the last units, which conversation is open at an address, and what agents wrote and began to write."""

    def __init__(self) -> None:
        self.conversations: OrderedDict[str, Conversation] = OrderedDict()
        self.contacts: OrderedDict[str, Contact] = OrderedDict()
        self.addresses: OrderedDict[str, Address] = OrderedDict()
        self.current: OrderedDict[tuple[str, str], str | None] = OrderedDict()
        self.sent: OrderedDict[str, Entry] = OrderedDict()
        self.own: OrderedDict[str, dict[str, str]] = OrderedDict()  # conversation → client id → entry, of agents
        self.drafts: OrderedDict[tuple[str, str], bool] = OrderedDict()  # (conversation, agent) → is there one

    def _all(self) -> tuple[tuple[OrderedDict[Any, Any], int], ...]:
        many = (self.conversations, self.contacts, self.addresses, self.current, self.drafts)
        return *((rows, CACHED_ROWS) for rows in many), (self.sent, CACHED_ENTRIES), (self.own, CACHED_ENTRIES)

    def clear(self) -> None:
        """Forget everything: it may not be what the database holds."""
        for rows, _ in self._all():
            rows.clear()

    def trim(self) -> None:
        """Forget the longest unused rows above the bounds."""
        for rows, bound in self._all():
            while len(rows) > bound:
                rows.popitem(last=False)
