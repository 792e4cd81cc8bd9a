"""Numbers outside that agents pick by name."""

import msgspec

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.setup.named_numbers import NamedNumber, NamedNumberView

api = Endpoints()


class NamedNumberList(msgspec.Struct, frozen=True):
    """Every number, retired ones too."""

    items: list[NamedNumberView]


@api.add("GET", "/api/v1/named-numbers", "admin.users", answer=NamedNumberList)
async def list_named_numbers(services: Services, call: Call[NoBody]) -> NamedNumberList:
    """List every number outside."""
    return NamedNumberList(services.named_numbers.all())


@api.add("PUT", "/api/v1/named-numbers/{number_id}", "admin.users", body=NamedNumber, answer=NamedNumberView)
async def save_named_number(services: Services, call: Call[NamedNumber]) -> NamedNumberView:
    """Make, change or retire a number; every desk offers it at once."""
    saved = await services.named_numbers.save(call.identity, call.path["number_id"], call.body, remote=call.remote)
    await services.desk.renew_setup()
    return saved
