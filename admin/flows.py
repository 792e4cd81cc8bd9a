"""Flows: read, check, try, save versions, publish."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.errors import ConfigInvalid
from core.flow import AnyAction, AnyInput, Flow, FlowFault, State, advance, decode_flow, start
from hub.errors import not_found
from hub.flows.starters import Starter, starters
from hub.flows.views import Entry, FlowView, References
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
    based_on: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None  # the version it was made from, to be the newest


class SavedVersion(msgspec.Struct, frozen=True):
    """The version's number, and what keeps it from being published."""

    version: int
    faults: tuple[FlowFault, ...]


class Publish(Settings, frozen=True, kw_only=True):
    """Which version new conversations run."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Archive(Settings, frozen=True, kw_only=True):
    """Whether a flow is put away."""

    is_archived: bool


class Entries(Settings, frozen=True, kw_only=True):
    """Where contacts begin, by instance, ``instance/dialled number``, ``instance/@trunk`` or ``*`` for all others."""

    entries: Annotated[dict[Annotated[str, Meta(min_length=1, max_length=200)], Entry], Meta(max_length=1_000)]


class StarterList(msgspec.Struct, frozen=True):
    """What a new flow can begin as."""

    items: list[Starter]


class Draft(Settings, frozen=True, kw_only=True):
    """A graph that is not saved."""

    graph: dict[str, Any]


class Checked(msgspec.Struct, frozen=True):
    """What keeps a graph from being published."""

    faults: tuple[FlowFault, ...]


class Step(Settings, frozen=True, kw_only=True):
    """One step of a trial: without ``state`` it begins, with it ``input`` is given."""

    graph: dict[str, Any]
    medium: Literal["text", "voice"] = "text"
    language: Literal["zh", "en"] = "zh"
    state: State | None = None
    input: AnyInput | None = None


class Stepped(msgspec.Struct, frozen=True):
    """Where the trial stands, and what the flow would have done; nobody is written to."""

    state: State
    actions: tuple[AnyAction, ...]


@api.add("GET", "/api/v1/flows", "admin.flows", answer=FlowList)
async def list_flows(services: Services, call: Call[NoBody]) -> FlowList:
    """List every flow."""
    return FlowList(await services.flow_library.all())


@api.add("GET", "/api/v1/flows/{flow_id}", "admin.flows", answer=FlowView)
async def get_flow(services: Services, call: Call[NoBody]) -> FlowView:
    """Return a flow with its versions."""
    return await services.flow_library.view(call.path["flow_id"])


@api.add(
    "POST",
    "/api/v1/flows/{flow_id}/versions",
    "admin.flows",
    body=NewVersion,
    answer=SavedVersion,
    status=201,
    problems=(409,),
)
async def save_flow_version(services: Services, call: Call[NewVersion]) -> SavedVersion:
    """Keep a new version; running conversations and published versions are not touched."""
    version, faults = await services.flow_library.add_version(
        call.identity,
        call.path["flow_id"],
        call.body.graph,
        note=call.body.note,
        based_on=call.body.based_on,
        remote=call.remote,
    )
    return SavedVersion(version, faults)


@api.add("POST", "/api/v1/flows/{flow_id}/publish", "admin.flows", body=Publish, answer=FlowView)
async def publish_flow(services: Services, call: Call[Publish]) -> FlowView:
    """Let new conversations run a version; 422 carries what lint finds."""
    return await services.flow_library.publish(
        call.identity, call.path["flow_id"], call.body.version, remote=call.remote
    )


@api.add("GET", "/api/v1/flows/{flow_id}/versions/{version}", "admin.flows", answer=Flow)
async def get_flow_version(services: Services, call: Call[NoBody]) -> Flow:
    """Return the graph of one version."""
    number = call.path["version"]
    if not number.isdecimal() or len(number) > 9:
        raise not_found("flow version")
    flow = await services.flow_library.version(call.path["flow_id"], int(number))
    if flow is None:
        raise not_found("flow version")
    return flow


@api.add("PUT", "/api/v1/flows/{flow_id}/archive", "admin.flows", body=Archive, answer=FlowView, problems=(409,))
async def archive_flow(services: Services, call: Call[Archive]) -> FlowView:
    """Put a flow away that nothing leads to, or take it out again."""
    return await services.flow_library.archive(
        call.identity, call.path["flow_id"], is_archived=call.body.is_archived, remote=call.remote
    )


@api.add("GET", "/api/v1/flow-starters", "admin.flows", answer=StarterList)
async def list_starters(services: Services, call: Call[NoBody]) -> StarterList:
    """List what a new flow can begin as, with queues and calendars that are there."""
    return StarterList(starters(await services.flow_library.references()))


@api.add("GET", "/api/v1/flow-references", "admin.flows", answer=References)
async def list_references(services: Services, call: Call[NoBody]) -> References:
    """List what steps and entries may name."""
    return await services.flow_library.references()


@api.add("GET", "/api/v1/flow-entries", "admin.flows", answer=Entries)
async def list_entries(services: Services, call: Call[NoBody]) -> Entries:
    """Say where contacts begin."""
    return Entries(entries=services.flow_library.entries())


@api.add("PUT", "/api/v1/flow-entries", "admin.flows", body=Entries, answer=Entries)
async def save_entries(services: Services, call: Call[Entries]) -> Entries:
    """Let contacts begin elsewhere from now on."""
    await services.flow_library.save_entries(call.identity, call.body.entries, remote=call.remote)
    return Entries(entries=services.flow_library.entries())


@api.add("POST", "/api/v1/flow-checks", "admin.flows", body=Draft, answer=Checked)
async def check_flow(services: Services, call: Call[Draft]) -> Checked:
    """Say what lint finds in a graph; 422 names what is no flow at all."""
    return Checked(await services.flow_library.faults(_decoded(call.body.graph)))


@api.add("POST", "/api/v1/flow-trials", "admin.flows", body=Step, answer=Stepped)
async def try_flow(services: Services, call: Call[Step]) -> Stepped:
    """Go one step through a graph without a conversation; what waits for a machine is answered by the caller."""
    step = call.body
    flow = _decoded(step.graph)
    if step.state is None:
        return Stepped(*start(flow, {"language": step.language, "medium": step.medium}))
    if step.state.node not in flow.nodes or step.state.flow != flow.name or step.state.version != flow.version:
        raise ConfigInvalid({"state": "of another graph"})
    if step.input is None:
        raise ConfigInvalid({"input": "missing"})
    return Stepped(*advance(flow, step.state, step.input))


def _decoded(graph: dict[str, Any]) -> Flow:
    return decode_flow(msgspec.json.encode({"name": "trial", **graph}))
