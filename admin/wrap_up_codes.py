"""Wrap-up codes: how conversations may end."""

import msgspec

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.setup.wrap_up_codes import CodeEdit, CodeView

api = Endpoints()


class CodeList(msgspec.Struct, frozen=True):
    """Every code, retired ones too."""

    items: list[CodeView]


@api.add("GET", "/api/v1/wrap-up-codes", "admin.queues", answer=CodeList)
async def list_codes(services: Services, call: Call[NoBody]) -> CodeList:
    """List every wrap-up code."""
    return CodeList(await services.wrap_up_codes.all())


@api.add("PUT", "/api/v1/wrap-up-codes/{code}", "admin.queues", body=CodeEdit, answer=CodeView)
async def save_code(services: Services, call: Call[CodeEdit]) -> CodeView:
    """Make, change or retire a wrap-up code; every desk offers it at once."""
    saved = await services.wrap_up_codes.save(call.identity, call.path["code"], call.body, remote=call.remote)
    await services.desk.renew_setup()
    return saved
