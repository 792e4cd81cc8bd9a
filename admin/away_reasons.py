"""Reasons to be away."""

import msgspec

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.setup.away_reasons import ReasonEdit, ReasonView

api = Endpoints()


class ReasonList(msgspec.Struct, frozen=True):
    """Every reason, retired ones too."""

    items: list[ReasonView]


@api.add("GET", "/api/v1/away-reasons", "admin.queues", answer=ReasonList)
async def list_reasons(services: Services, call: Call[NoBody]) -> ReasonList:
    """List every reason to be away."""
    return ReasonList(await services.away_reasons.all())


@api.add("PUT", "/api/v1/away-reasons/{reason}", "admin.queues", body=ReasonEdit, answer=ReasonView)
async def save_reason(services: Services, call: Call[ReasonEdit]) -> ReasonView:
    """Make, change or retire a reason; every desk offers it at once."""
    saved = await services.away_reasons.save(call.identity, call.path["reason"], call.body, remote=call.remote)
    await services.desk.renew_setup()
    return saved
