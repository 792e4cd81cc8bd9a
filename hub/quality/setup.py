"""The score sheets and sampling plans of this hub."""

from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from typing import Any, Protocol

import msgspec

from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import not_found
from hub.quality.sampling import SamplingPlan
from hub.quality.sheets import ScoreSheet
from hub.service_rules.book import RuleBook
from hub.service_rules.rules import Rule
from hub.setup.definitions import Definitions, check_references, refuse, write_sections
from hub.units import Unit, Units


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """A score sheet in force."""

    sheet_id: str
    version: int
    sheet: ScoreSheet


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """A sampling plan in force."""

    plan_id: str
    version: int
    plan: SamplingPlan


class Defined(Protocol):
    """The part of a configuration file that is about quality."""

    @property
    def service_rules(self) -> Mapping[str, Rule]: ...
    @property
    def score_sheets(self) -> Mapping[str, ScoreSheet]: ...
    @property
    def sampling_plans(self) -> Mapping[str, SamplingPlan]: ...


@cache
def default_sheets() -> dict[str, ScoreSheet]:
    """Return the sheets that come with the program, by id."""
    raw = resources.files(__name__.rpartition(".")[0]).joinpath("defaults.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, ScoreSheet])


class QualitySetup:
    """What quality staff decide before anything is scored."""

    def __init__(self, units: Units, audit: Audit, book: RuleBook) -> None:
        self.sheets = Definitions("score_sheet", ScoreSheet, units, audit)
        self.plans = Definitions("sampling_plan", SamplingPlan, units, audit)
        self._book = book

    async def load(self) -> None:
        """Read what was changed."""
        await self.sheets.load()
        await self.plans.load()

    def described(self) -> dict[str, dict[str, Any]]:
        """Return rules, sheets and plans as the configuration file has them."""
        return {
            "service_rules": {one.rule_id: msgspec.to_builtins(one.rule) for one in self._book.in_force()},
            "score_sheets": {view.sheet_id: msgspec.to_builtins(view.sheet) for view in self.all_sheets()},
            "sampling_plans": {view.plan_id: msgspec.to_builtins(view.plan) for view in self.all_plans()},
        }

    async def replace(
        self, unit: Unit, identity: Identity, wanted: Defined, changed: Collection[tuple[str, str]]
    ) -> None:
        """Write what a configuration file changes."""
        sections: dict[str, Definitions[Any]] = {
            "service_rules": self._book.definitions,
            "score_sheets": self.sheets,
            "sampling_plans": self.plans,
        }
        await write_sections(unit, identity, sections, wanted, changed)

    def all_sheets(self) -> list[SheetView]:
        """Return every sheet; version 0 came with the program."""
        versions = {sheet_id: (0, sheet) for sheet_id, sheet in default_sheets().items()} | dict(self.sheets.current)
        return [
            SheetView(sheet_id=sheet_id, version=version, sheet=sheet)
            for sheet_id, (version, sheet) in sorted(versions.items())
        ]

    def all_plans(self) -> list[PlanView]:
        """Return every sampling plan."""
        return [
            PlanView(plan_id=plan_id, version=version, plan=plan)
            for plan_id, (version, plan) in sorted(self.plans.current.items())
        ]

    def sheet_in_force(self, sheet_id: str) -> SheetView:
        """Return a sheet as it is now; 404 when there is none."""
        found = next((view for view in self.all_sheets() if view.sheet_id == sheet_id), None)
        if found is None:
            raise not_found("score sheet")
        return found

    async def sheet(self, sheet_id: str, version: int) -> ScoreSheet:
        """Return a sheet as it was when something was scored by it."""
        if version == 0 and sheet_id in default_sheets():
            return default_sheets()[sheet_id]
        return await self.sheets.version(sheet_id, version)

    async def save_sheet(self, identity: Identity, sheet_id: str, sheet: ScoreSheet, *, remote: str) -> SheetView:
        """Put a sheet in force for what is drawn from now on."""
        rules = {one.rule_id for one in self._book.in_force()}
        faults: dict[str, str] = {}
        for at, section in enumerate(sheet.sections):
            for place, item in enumerate(section.items):
                faults |= check_references(f"sections[{at}].items[{place}].rule_ids", item.rule_ids, rules)
        refuse(faults)
        await self.sheets.save(identity, sheet_id, sheet, remote=remote)
        return self.sheet_in_force(sheet_id)

    async def save_plan(self, identity: Identity, plan_id: str, plan: SamplingPlan, *, remote: str) -> PlanView:
        """Put a sampling plan in force from the next day that is drawn."""
        rules = {one.rule_id for one in self._book.in_force()}
        faults = check_references("rule_ids", plan.rule_ids, rules)
        if plan.sheet_id not in {view.sheet_id for view in self.all_sheets()}:
            faults["sheet_id"] = "unknown"
        refuse(faults)
        version, saved = await self.plans.save(identity, plan_id, plan, remote=remote)
        return PlanView(plan_id=plan_id, version=version, plan=saved)
