"""The rules of good service: looked at, changed, tried, put back."""

import msgspec

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.service_rules.book import Hit, RuleView, Trial
from hub.service_rules.rules import Rule
from hub.services import Services
from hub.setup.definitions import VersionView

api = Endpoints()
ALL = "/api/v1/service-rules"
ONE = f"{ALL}/{{rule_id}}"


class RuleList(msgspec.Struct, frozen=True):
    """Every rule in its place."""

    items: list[RuleView]


class RuleVersions(msgspec.Struct, frozen=True):
    """A rule's versions, the newest first; what came with the program is none of them."""

    items: list[VersionView]


class HitList(msgspec.Struct, frozen=True):
    """What was found, in the order of the sentences."""

    items: list[Hit]


@api.add("GET", ALL, "quality.rules", answer=RuleList)
async def list_rules(services: Services, call: Call[NoBody]) -> RuleList:
    """List every service rule."""
    return RuleList(services.rule_book.all())


@api.add("PUT", ONE, "quality.rules", body=Rule, answer=RuleView)
async def save_rule(services: Services, call: Call[Rule]) -> RuleView:
    """Make or change a service rule; one that gets its own samples wrong is refused."""
    return await services.rule_book.save(call.identity, call.path["rule_id"], call.body, remote=call.remote)


@api.add("POST", f"{ONE}/restore", "quality.rules", answer=RuleView, problems=(404,))
async def restore_rule(services: Services, call: Call[NoBody]) -> RuleView:
    """Put a rule back as it came with the program."""
    return await services.rule_book.restore(call.identity, call.path["rule_id"], remote=call.remote)


@api.add("GET", f"{ONE}/versions", "quality.rules", answer=RuleVersions)
async def list_versions(services: Services, call: Call[NoBody]) -> RuleVersions:
    """List how a rule was changed, and by whom."""
    return RuleVersions(await services.rule_book.versions(call.path["rule_id"]))


@api.add("POST", "/api/v1/service-rule-trials", "quality.rules", body=Trial, answer=HitList)
async def try_rules(services: Services, call: Call[Trial]) -> HitList:
    """Try the rules, or one that is not saved yet, on a text."""
    return HitList(services.rule_book.try_on(call.body))
