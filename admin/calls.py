"""Records of calls."""

import msgspec

from hub.calls.call_records import CallQuery, CallRecord
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class CallList(msgspec.Struct, frozen=True):
    """A page, newest first."""

    items: list[CallRecord]


@api.add("GET", "/api/v1/calls", "recording.find", query=CallQuery, answer=CallList)
async def find_calls(services: Services, call: Call[NoBody]) -> CallList:
    """Find calls by time, direction, number, number dialled, agent, queue and whether anybody answered."""
    query: CallQuery = call.query
    return CallList(await services.call_records.find(call.identity, query))
