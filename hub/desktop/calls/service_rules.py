"""Service rules as agents meet them: a hint before they send, and what was found in a conversation afterwards."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.service_rules.book import Hit
from hub.service_rules.checks import FindingView
from hub.services import Services

api = Endpoints()


class UnsentText(Settings, frozen=True, kw_only=True):
    """What an agent is about to send."""

    text: Annotated[str, Meta(max_length=20_000)]


class HintList(msgspec.Struct, frozen=True):
    """What to think over, in the order of the rules."""

    items: list[Hit]


class FindingList(msgspec.Struct, frozen=True):
    """By time."""

    items: list[FindingView]


@api.add("POST", "/api/v1/conversations/{conversation_id}/hints", "desk.use", body=UnsentText, answer=HintList)
async def hint(services: Services, call: Call[UnsentText]) -> HintList:
    """Return what speaks against sending a text as it is; nothing is kept of it."""
    return HintList(await services.coach.on_draft(call.identity, call.path["conversation_id"], call.body.text))


@api.add("GET", "/api/v1/conversations/{conversation_id}/findings", "desk.use", answer=FindingList)
async def list_findings(services: Services, call: Call[NoBody]) -> FindingList:
    """Return what was found by the service rules in a conversation that is over."""
    return FindingList(await services.rule_checks.of_conversation(call.identity, call.path["conversation_id"]))
