"""Score sheets: what reviewers judge, with which weight; and the score that follows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.config import Settings
from core.errors import ConfigInvalid
from hub.dispatch.queues import Title
from hub.store.fields import SLUG_LENGTH

Slug = Annotated[str, Meta(pattern=rf"^[a-z0-9_-]{{1,{SLUG_LENGTH}}}\Z")]


class SheetItem(Settings, frozen=True, kw_only=True):
    """One thing to judge, worth ``points``; failing one that ``is_fatal`` makes the whole score nothing.

    What was found by the rules ``rule_ids`` is shown beside it.
    """

    item_id: Slug
    title: Title
    guide: dict[str, Annotated[str, Meta(max_length=1_000)]] = {}
    points: Annotated[float, Meta(gt=0, le=100)] = 10.0
    is_fatal: bool = False
    may_not_apply: bool = False
    rule_ids: Annotated[tuple[Slug, ...], Meta(max_length=50)] = ()


class SheetSection(Settings, frozen=True, kw_only=True):
    """Items that belong together."""

    title: Title
    items: Annotated[tuple[SheetItem, ...], Meta(min_length=1, max_length=50)]


class ScoreSheet(Settings, frozen=True, kw_only=True):
    """A sheet; who reaches ``pass_mark`` of 100 has passed."""

    title: Title
    sections: Annotated[tuple[SheetSection, ...], Meta(min_length=1, max_length=20)]
    pass_mark: Annotated[float, Meta(ge=0, le=100)] = 80.0
    is_active: bool = True

    def __post_init__(self) -> None:
        seen: set[str] = set()
        faults = {}
        for at, section in enumerate(self.sections):
            for place, item in enumerate(section.items):
                if item.item_id in seen:
                    faults[f"sections[{at}].items[{place}].item_id"] = "duplicate"
                seen.add(item.item_id)
        if faults:
            raise ConfigInvalid(faults)

    @property
    def items(self) -> tuple[SheetItem, ...]:
        """All items in their order."""
        return tuple(item for section in self.sections for item in section.items)


class Answer(Settings, frozen=True, kw_only=True):
    """How much of an item's points is given, from 0 to 1; None when it does not apply. ``note`` says why."""

    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    note: Annotated[str, Meta(max_length=1_000)] = ""


Answers = dict[Slug, Answer]


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What a filled sheet comes to, of 100; by section None where nothing applied."""

    total: float
    is_fatal: bool
    is_passed: bool
    sections: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """An item that two reviewers judged differently."""

    item_id: str
    shares: tuple[float | None, float | None]


def faults_of(sheet: ScoreSheet, answers: Mapping[str, Answer], *, is_whole: bool) -> dict[str, str]:
    """Return what is wrong with ``answers``; with ``is_whole`` also what is not answered yet."""
    items = {item.item_id: item for item in sheet.items}
    faults = {f"answers.{item_id}": "unknown" for item_id in answers if item_id not in items}
    for item_id, item in items.items():
        if item_id not in answers:
            if is_whole:
                faults[f"answers.{item_id}"] = "missing"
        elif answers[item_id].share is None and not item.may_not_apply:
            faults[f"answers.{item_id}"] = "must_apply"
    return faults


def score(sheet: ScoreSheet, answers: Mapping[str, Answer]) -> Score:
    """Return the score of whole ``answers``: the share of all points that could be had; 0 once a fatal item failed."""
    is_fatal = any(item.is_fatal and answers[item.item_id].share == 0 for item in sheet.items)
    total = _share(sheet.items, answers)
    value = 0.0 if is_fatal or total is None else round(total * 100, 1)
    return Score(
        total=value,
        is_fatal=is_fatal,
        is_passed=value >= sheet.pass_mark and not is_fatal,
        sections=tuple(
            None if (share := _share(section.items, answers)) is None else round(share * 100, 1)
            for section in sheet.sections
        ),
    )


def differences(one: Mapping[str, Answer], other: Mapping[str, Answer]) -> list[Difference]:
    """Return what two reviewers judged differently."""
    return [
        Difference(item_id, (one[item_id].share, other[item_id].share))
        for item_id in one
        if item_id in other and one[item_id].share != other[item_id].share
    ]


def middle(one: Mapping[str, Answer], other: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return what lies between two reviewers: where one says that an item does not apply, the other's judgement."""
    agreed = {}
    for item_id in one:
        shares = [answer.share for answer in (one[item_id], other[item_id]) if answer.share is not None]
        notes = dict.fromkeys(answer.note for answer in (one[item_id], other[item_id]) if answer.note)
        share = sum(shares) / len(shares) if shares else None
        agreed[item_id] = Answer(share=share, note="\n".join(notes)[:1_000])
    return agreed


def read_answers(stored: dict[str, Any]) -> Answers:
    """Return stored answers as structs."""
    return msgspec.convert(stored, Answers)


def _share(items: tuple[SheetItem, ...], answers: Mapping[str, Answer]) -> float | None:
    given = possible = 0.0
    for item in items:
        share = answers[item.item_id].share
        if share is not None:
            given += item.points * share
            possible += item.points
    return given / possible if possible else None
