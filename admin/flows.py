"""Flows: read, save versions, publish."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.config import Settings
from core.flow import FlowFault
from hub.flow_library import FlowView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class FlowList(msgspec.Struct, frozen=True):
    """Every flow."""

    items: list[FlowView]


class NewVersion(Settings, frozen=True, kw_only=True):
    """A graph to keep, in the language of docs/flows.md."""

    graph: dict[str, Any]
    note: Annotated[str, Meta(max_length=500)] = ""


class SavedVersion(msgspec.Struct, frozen=True):
    """The version's number, and what keeps it from being published."""

    version: int
    faults: tuple[FlowFault, ...]


class Publish(Settings, frozen=True, kw_only=True):
    """Which version new conversations run."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]


@api.add("GET", "/api/v1/flows", "admin.flows", answer=FlowList)
async def list_flows(services: Services, call: Call[NoBody]) -> FlowList:
    """List every flow."""
    return FlowList(await services.flow_library.all())


@api.add("GET", "/api/v1/flows/{flow_id}", "admin.flows", answer=FlowView)
async def get_flow(services: Services, call: Call[NoBody]) -> FlowView:
    """Return a flow with its versions."""
    return await services.flow_library.view(call.path["flow_id"])


@api.add("POST", "/api/v1/flows/{flow_id}/versions", "admin.flows", body=NewVersion, answer=SavedVersion, status=201)
async def save_flow_version(services: Services, call: Call[NewVersion]) -> SavedVersion:
    """Keep a new version; running conversations and published versions are not touched."""
    version, faults = await services.flow_library.add_version(
        call.identity, call.path["flow_id"], call.body.graph, note=call.body.note, remote=call.remote
    )
    return SavedVersion(version, faults)


@api.add("POST", "/api/v1/flows/{flow_id}/publish", "admin.flows", body=Publish, answer=FlowView)
async def publish_flow(services: Services, call: Call[Publish]) -> FlowView:
    """Let new conversations run a version; 422 carries what lint finds."""
    return await services.flow_library.publish(
        call.identity, call.path["flow_id"], call.body.version, remote=call.remote
    )
