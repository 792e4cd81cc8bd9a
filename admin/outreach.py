"""Templates and their kinds, topics, the do-not-contact list, and how fast and when the house writes first."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.outreach.consent import DoNotContactView, ImportResult, TopicView
from hub.outreach.settings import OutreachSettings
from hub.outreach.templates import Approval, KindView, NewTemplate, TemplateView
from hub.services import Services

api = Endpoints()


class KindList(msgspec.Struct, frozen=True):
    """Every kind in its place."""

    items: list[KindView]


class TemplateList(msgspec.Struct, frozen=True):
    """Every template by kind and title."""

    items: list[TemplateView]


class TopicList(msgspec.Struct, frozen=True):
    """Every topic."""

    items: list[TopicView]


class RefusalPage(msgspec.Struct, frozen=True):
    """Addresses by name; ``next_cursor`` is where the next page begins."""

    items: list[DoNotContactView]
    next_cursor: str | None


class RefusalQuery(msgspec.Struct, frozen=True):
    """Part of the list."""

    q: Annotated[str, Meta(max_length=100)] = ""
    cursor: Annotated[str, Meta(max_length=12)] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class Judgement(Settings, frozen=True, kw_only=True):
    """How far an approval is, and why."""

    approval: Approval
    note: Annotated[str, Meta(max_length=1_000)] = ""


class RefusalImport(Settings, frozen=True, kw_only=True):
    """CSV: an address in each line, a reason behind it if there is one."""

    text: Annotated[str, Meta(max_length=1_000_000)]
    reason: Annotated[str, Meta(max_length=200)] = ""


class RefusedAddress(Settings, frozen=True, kw_only=True):
    """An address of the list."""

    text: Annotated[str, Meta(min_length=1, max_length=512)]


@api.add("GET", "/api/v1/template-kinds", "outreach.templates", answer=KindList)
async def list_kinds(services: Services, call: Call[NoBody]) -> KindList:
    """List the kinds of templates."""
    return KindList(await services.templates.kinds())


@api.add("PUT", "/api/v1/template-kinds", "outreach.templates", body=KindView, answer=KindView)
async def save_kind(services: Services, call: Call[KindView]) -> KindView:
    """Make or change a kind of templates."""
    return await services.templates.save_kind(call.identity, call.body, remote=call.remote)


@api.add("GET", "/api/v1/templates", "outreach.templates", answer=TemplateList)
async def list_templates(services: Services, call: Call[NoBody]) -> TemplateList:
    """List every template."""
    return TemplateList(await services.templates.all())


@api.add("PUT", "/api/v1/templates", "outreach.templates", body=NewTemplate, answer=TemplateView)
async def save_template(services: Services, call: Call[NewTemplate]) -> TemplateView:
    """Make or change a template."""
    return await services.templates.save(call.identity, call.body, remote=call.remote)


@api.add("PUT", "/api/v1/templates/{template_id}/approval", "outreach.templates", body=Judgement, answer=TemplateView)
async def judge_template(services: Services, call: Call[Judgement]) -> TemplateView:
    """Say how far the approval of a template is."""
    return await services.templates.judge(
        call.identity, call.path["template_id"], call.body.approval, call.body.note, remote=call.remote
    )


@api.add("GET", "/api/v1/topics", "desk.use", answer=TopicList)
async def list_topics(services: Services, call: Call[NoBody]) -> TopicList:
    """List what people can subscribe to."""
    return TopicList(await services.consent.topics())


@api.add("PUT", "/api/v1/topics", "outreach.templates", body=TopicView, answer=TopicView)
async def save_topic(services: Services, call: Call[TopicView]) -> TopicView:
    """Make or change a topic."""
    return await services.consent.save_topic(call.identity, call.body, remote=call.remote)


@api.add("GET", "/api/v1/do-not-contact", "outreach.send", query=RefusalQuery, answer=RefusalPage)
async def list_refusals(services: Services, call: Call[NoBody]) -> RefusalPage:
    """List addresses that nothing is sent to first."""
    query: RefusalQuery = call.query
    items, cursor = await services.consent.page(call.identity, words=query.q, after=query.cursor, limit=query.limit)
    return RefusalPage(items, cursor)


@api.add("POST", "/api/v1/do-not-contact/import", "outreach.send", body=RefusalImport, answer=ImportResult)
async def import_refusals(services: Services, call: Call[RefusalImport]) -> ImportResult:
    """Put many addresses on the do-not-contact list."""
    return await services.consent.load_list(call.identity, call.body.text, call.body.reason, remote=call.remote)


@api.add("POST", "/api/v1/do-not-contact/remove", "outreach.send", body=RefusedAddress)
async def allow_address(services: Services, call: Call[RefusedAddress]) -> None:
    """Take an address off the do-not-contact list."""
    await services.consent.remove(call.identity, call.body.text, remote=call.remote)


@api.add("GET", "/api/v1/outreach/settings", "outreach.send", answer=OutreachSettings)
async def get_settings(services: Services, call: Call[NoBody]) -> OutreachSettings:
    """Return rates, quiet hours and words to opt out."""
    return services.outreach_setup.settings


@api.add("PUT", "/api/v1/outreach/settings", "outreach.send", body=OutreachSettings, answer=OutreachSettings)
async def save_settings(services: Services, call: Call[OutreachSettings]) -> OutreachSettings:
    """Change rates, quiet hours and words to opt out."""
    return await services.outreach_setup.save(call.identity, call.body, remote=call.remote)
