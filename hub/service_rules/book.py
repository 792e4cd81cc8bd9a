"""The rules of this hub: those that come with the program until somebody changes them, every version kept."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.queues import Queues
from hub.errors import not_found
from hub.service_rules.phrases import sentences
from hub.service_rules.rules import OF_WORDS, NumberedRule, Rule
from hub.setup.definitions import Definitions, VersionView, check_references, refuse
from hub.units import Units

MAX_RULES: Final = 300


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in force; ``is_default`` when it is as it came with the program, ``has_default`` when it came with it."""

    rule_id: str
    version: int
    rule: Rule
    is_default: bool
    has_default: bool


class Trial(Settings, frozen=True, kw_only=True):
    """A text to try rules on, one utterance or message a line; with ``rule`` that one alone, saved or not."""

    text: Annotated[str, Meta(min_length=1, max_length=4_000)]
    work_number: Annotated[str, Meta(max_length=32)] = ""
    rule: Rule | None = None


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's phrase in a sentence."""

    rule_id: str
    title: dict[str, str]
    severity: str
    is_expected: bool
    quote: str
    hint: dict[str, str]


@cache
def default_rules() -> dict[str, Rule]:
    """Return the rules that come with the program, by id."""
    raw = resources.files(__name__.rpartition(".")[0]).joinpath("defaults.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, Rule])


class RuleBook:
    """Everything known about rules; version 0 is the program's own."""

    def __init__(self, units: Units, audit: Audit, queues: Queues) -> None:
        self.definitions = Definitions("service_rule", Rule, units, audit)
        self._queues = queues
        self._in_force: tuple[NumberedRule, ...] = ()
        self._made_of: Mapping[str, tuple[int, Rule]] | None = None

    async def load(self) -> None:
        """Read what was changed."""
        await self.definitions.load()

    def in_force(self) -> tuple[NumberedRule, ...]:
        """Return every rule in its place, those that are switched off too."""
        if self._made_of is not self.definitions.current:
            self._made_of = self.definitions.current
            self._in_force = self._all_in_force()
        return self._in_force

    def _all_in_force(self) -> tuple[NumberedRule, ...]:
        versions = {rule_id: (0, rule) for rule_id, rule in default_rules().items()} | dict(self.definitions.current)
        rules = [
            NumberedRule(rule_id=rule_id, version=version, rule=rule) for rule_id, (version, rule) in versions.items()
        ]
        return tuple(sorted(rules, key=lambda one: (one.rule.position, one.rule_id)))

    def title(self, rule_id: str) -> dict[str, str]:
        """Return a rule's name by language; its id when it is not there any more."""
        found = next((one.rule.title for one in self.in_force() if one.rule_id == rule_id), None)
        return {"zh": rule_id} if found is None else dict[str, str](found.items())

    def all(self) -> list[RuleView]:
        """Return every rule as administrators see it."""
        return [_view(one) for one in self.in_force()]

    async def versions(self, rule_id: str) -> list[VersionView]:
        """Return a rule's versions, the newest first."""
        return await self.definitions.versions(rule_id)

    async def save(self, identity: Identity, rule_id: str, rule: Rule, *, remote: str = "") -> RuleView:
        """Put a rule in force, for conversations that are checked from now on; ConfigInvalid names what is wrong."""
        faults = check_references("queue_ids", rule.queue_ids, self._queues)
        if rule_id not in {one.rule_id for one in self.in_force()} and len(self.in_force()) >= MAX_RULES:
            faults["id"] = "too_many"
        refuse(faults)
        if rule_id in self.definitions.current or rule != default_rules().get(rule_id):
            await self.definitions.save(identity, rule_id, rule, remote=remote)
        return next(view for view in self.all() if view.rule_id == rule_id)

    async def restore(self, identity: Identity, rule_id: str, *, remote: str = "") -> RuleView:
        """Put a rule in force as it came with the program; 404 when it did not."""
        rule = default_rules().get(rule_id)
        if rule is None:
            raise not_found("default rule")
        return await self.save(identity, rule_id, rule, remote=remote)

    def try_on(self, trial: Trial) -> list[Hit]:
        """Return which phrases are found in which sentences of a text."""
        rules = self.in_force()
        if trial.rule is not None:
            rules = (NumberedRule(rule_id="", version=0, rule=trial.rule),)
        return [
            hit(one, sentence.said)
            for sentence in sentences(trial.text)
            for one in rules
            if one.rule.measure in OF_WORDS and (trial.rule is not None or one.rule.is_active)
            if one.rule.says(sentence.said, trial.work_number)
        ]


def _view(one: NumberedRule) -> RuleView:
    default: Any = default_rules().get(one.rule_id)
    return RuleView(
        rule_id=one.rule_id,
        version=one.version,
        rule=one.rule,
        is_default=one.rule == default,
        has_default=default is not None,
    )


def hit(one: NumberedRule, quote: str) -> Hit:
    """Return that a phrase of the rule is in ``quote``."""
    rule = one.rule
    return Hit(
        rule_id=one.rule_id,
        title=dict[str, str](rule.title.items()),
        severity=rule.severity,
        is_expected=rule.measure == "expected_phrase",
        quote=quote,
        hint=dict[str, str](rule.hint.items()),
    )
