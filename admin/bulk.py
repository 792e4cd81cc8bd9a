"""Bulk sends: plan, preview, test, start, pause, cancel, results."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from core.config import Settings
from hub.bulk.campaigns import Preview
from hub.bulk.views import CampaignView, NewCampaign, RecipientView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.outreach.outbound import SenderView
from hub.services import Services

api = Endpoints()
ONE = "/api/v1/bulk/{campaign_id}"


class CampaignList(msgspec.Struct, frozen=True):
    """Newest first, and the instances that can send."""

    items: list[CampaignView]
    senders: list[SenderView]


class RecipientPage(msgspec.Struct, frozen=True):
    """In their order; ``next_cursor`` is where the next page begins."""

    items: list[RecipientView]
    next_cursor: int | None


class RecipientQuery(msgspec.Struct, frozen=True):
    """Part of the recipients; ``cursor`` is the last answer's ``next_cursor``."""

    state: Annotated[str, Meta(max_length=16)] = ""
    cursor: int = -1
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class BulkTest(Settings, frozen=True, kw_only=True):
    """What to try, and at which address."""

    plan: NewCampaign
    to: Annotated[str, Meta(min_length=1, max_length=512)]


class FileChoice(Settings, frozen=True, kw_only=True):
    """An uploaded file."""

    media_id: Annotated[str, Meta(max_length=36)]


class Headings(msgspec.Struct, frozen=True):
    """The first line of a file."""

    items: list[str]


class Start(Settings, frozen=True, kw_only=True):
    """When; at once unless a time is given."""

    at: Annotated[datetime, Meta(tz=True)] | None = None


@api.add("GET", "/api/v1/bulk", "outreach.send", answer=CampaignList)
async def list_campaigns(services: Services, call: Call[NoBody]) -> CampaignList:
    """List the latest bulk sends."""
    return CampaignList(await services.campaigns.all(), await services.outbound.senders())


@api.add("POST", "/api/v1/bulk", "outreach.send", body=NewCampaign, answer=CampaignView, problems=(404,))
async def plan_campaign(services: Services, call: Call[NewCampaign]) -> CampaignView:
    """Plan a bulk send."""
    return await services.campaigns.save(call.identity, call.body, remote=call.remote)


@api.add("POST", "/api/v1/bulk/preview", "outreach.send", body=NewCampaign, answer=Preview, problems=(404,))
async def preview_campaign(services: Services, call: Call[NewCampaign]) -> Preview:
    """Show what would be sent to whom."""
    return await services.campaigns.preview(call.identity, call.body)


@api.add("POST", "/api/v1/bulk/test", "outreach.send", body=BulkTest, problems=(404,))
async def test_campaign(services: Services, call: Call[BulkTest]) -> None:
    """Send the text once to an address of one's own."""
    await services.campaigns.test(call.identity, call.body.plan, call.body.to, remote=call.remote)


@api.add("POST", "/api/v1/bulk/headings", "outreach.send", body=FileChoice, answer=Headings, problems=(404,))
async def read_headings(services: Services, call: Call[FileChoice]) -> Headings:
    """Return the headings of an uploaded file."""
    return Headings(await services.campaigns.headings(call.body.media_id))


@api.add("GET", ONE, "outreach.send", answer=CampaignView)
async def get_campaign(services: Services, call: Call[NoBody]) -> CampaignView:
    """Return one bulk send and how far it is."""
    return await services.campaigns.view(call.path["campaign_id"])


@api.add("PUT", ONE, "outreach.send", body=NewCampaign, answer=CampaignView, problems=(409,))
async def change_campaign(services: Services, call: Call[NewCampaign]) -> CampaignView:
    """Change a plan that was not started."""
    return await services.campaigns.save(call.identity, call.body, call.path["campaign_id"], remote=call.remote)


@api.add("POST", f"{ONE}/start", "outreach.send", body=Start, answer=CampaignView, problems=(409,))
async def start_campaign(services: Services, call: Call[Start]) -> CampaignView:
    """Start a bulk send, or let a paused one go on."""
    return await services.campaigns.start(call.identity, call.path["campaign_id"], call.body.at, remote=call.remote)


@api.add("POST", f"{ONE}/pause", "outreach.send", answer=CampaignView, problems=(409,))
async def pause_campaign(services: Services, call: Call[NoBody]) -> CampaignView:
    """Send nothing more for now."""
    return await services.campaigns.pause(call.identity, call.path["campaign_id"], remote=call.remote)


@api.add("POST", f"{ONE}/cancel", "outreach.send", answer=CampaignView, problems=(409,))
async def cancel_campaign(services: Services, call: Call[NoBody]) -> CampaignView:
    """Send nothing more at all."""
    return await services.campaigns.cancel(call.identity, call.path["campaign_id"], remote=call.remote)


@api.add("GET", f"{ONE}/recipients", "outreach.send", query=RecipientQuery, answer=RecipientPage)
async def list_recipients(services: Services, call: Call[NoBody]) -> RecipientPage:
    """List what became of each recipient."""
    query: RecipientQuery = call.query
    items, cursor = await services.campaigns.recipients(
        call.identity, call.path["campaign_id"], state=query.state, after=query.cursor, limit=query.limit
    )
    return RecipientPage(items, cursor)
