"""Puts an engine's candidates in order: what was meant exactly comes first, whichever engine proposed it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from hub.knowledge.search.documents import Candidate, Hit, Stored
from hub.knowledge.search.plain import has_han, squeezed

CODE_BONUS: Final = 4.0
KEY_BONUS: Final = 1.5
TITLE_BONUS: Final = 0.3  # and as much again for the share of the title that was typed
PINYIN_BONUS: Final = 0.5


def ranked(text: str, terms: Sequence[str], candidates: Sequence[Candidate]) -> list[Hit]:
    """Return ``candidates`` as hits for what was typed, best first; the best engine score counts as 1."""
    if not candidates:
        return []
    best = max(candidate.score for candidate in candidates) or 1.0
    typed = squeezed(text)
    hits = []
    for candidate in candidates:
        bonus, matched = _bonus(typed, terms, candidate.stored)
        hits.append(
            Hit(
                document_id=candidate.document_id,
                score=round(candidate.score / best + bonus, 6),
                matched=matched,
                group=candidate.stored.group,
            )
        )
    return sorted(hits, key=lambda hit: -hit.score)


def best_of_each(hits: Iterable[Hit]) -> list[Hit]:
    """Return the first one of each group: an article and what stands in its files are one."""
    kept: dict[str, Hit] = {}
    for hit in hits:
        kept.setdefault(hit.group or hit.document_id, hit)
    return list(kept.values())


def counted(names: Iterable[str], candidates: Iterable[Candidate]) -> dict[str, dict[str, int]]:
    """Return how many candidates have each tag of each of ``names``; those of one group count once."""
    wanted: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in names}
    for candidate in candidates:
        for tag in candidate.stored.tags:
            name, _, value = tag.partition(":")
            if name in wanted:
                wanted[name][value].add(candidate.stored.group or candidate.document_id)
    return {name: {value: len(found) for value, found in values.items()} for name, values in wanted.items()}


def _bonus(typed: str, terms: Sequence[str], candidate: Stored) -> tuple[float, str]:
    """Return what being meant exactly adds, and by what the candidate was found ("" when only its body says)."""
    if not typed:
        return 0.0, ""
    if typed == squeezed(candidate.code):
        return CODE_BONUS, "code"
    if any(typed == squeezed(key) for key in candidate.keys):
        return KEY_BONUS, "key"
    title = squeezed(candidate.title)
    if typed in title:
        return TITLE_BONUS + TITLE_BONUS * len(typed) / len(title), "title"
    if len(typed) > 1 and not has_han(typed) and any(typed in one for one in candidate.spelt):
        return PINYIN_BONUS, "pinyin"
    is_titled = any(term in title for term in terms)
    is_keyed = any(term in squeezed(key) for key in candidate.keys for term in terms)
    return 0.0, "title" if is_titled else "key" if is_keyed else ""
