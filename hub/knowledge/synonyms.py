"""Words that mean the same to those who ask: 公积金 and 住房公积金, 医保 and 医疗保险."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.knowledge.search.plain import normalized
from hub.store.models import Setting
from hub.units import Units

SYNONYMS_KEY: Final = "knowledge_synonyms"  # the setting [[word, word, …], …]
MAX_ADDED: Final = 12  # to one search

Group = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...], Meta(min_length=2, max_length=20)]


class SynonymGroups(Settings, frozen=True, kw_only=True):
    """Every group of words that stand for each other."""

    groups: Annotated[tuple[Group, ...], Meta(max_length=1_000)] = ()


class Synonyms:
    """Knows the groups, and which of their words to add to a search."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._audit = audit
        self._groups: tuple[tuple[str, ...], ...] = ()

    async def load(self) -> None:
        """Read the groups."""
        setting = await Setting.get_or_none(key=SYNONYMS_KEY)
        self._groups = msgspec.convert(setting.value, tuple[tuple[str, ...], ...]) if setting else ()

    def all(self) -> SynonymGroups:
        """Return every group."""
        return SynonymGroups(groups=self._groups)

    async def save(self, identity: Identity, groups: SynonymGroups, *, remote: str) -> SynonymGroups:
        """Keep these groups in place of the earlier ones."""
        async with self._units.open():
            await Setting.update_or_create({"value": [list(group) for group in groups.groups]}, key=SYNONYMS_KEY)
            await self._audit.record(identity, "synonyms.save", "setting", SYNONYMS_KEY, remote=remote)
        self._groups = groups.groups
        return groups

    def of(self, text: str) -> tuple[str, ...]:
        """Return the words that stand for parts of ``text`` and are not in it."""
        plain = normalized(text)
        found = [
            word
            for group in self._groups
            if any(normalized(one) in plain for one in group)
            for word in group
            if normalized(word) not in plain
        ]
        return tuple(dict.fromkeys(found))[:MAX_ADDED]
