"""Telephones: who has which, and whether it is there."""

import msgspec

from core.config import Settings
from hub.calls.phone_accounts import OutsideNumber, OwnPhones, PhoneView, SipPhone
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class PhoneList(msgspec.Struct, frozen=True):
    """Every phone, the browsers' too."""

    items: list[PhoneView]


class NewPhone(Settings, frozen=True, kw_only=True):
    """Who gets a desk phone."""

    user_id: str


@api.add("GET", "/api/v1/phones", "admin.users", answer=PhoneList)
async def list_phones(services: Services, call: Call[NoBody]) -> PhoneList:
    """List every phone."""
    return PhoneList(await services.phone_accounts.all())


@api.add("POST", "/api/v1/phones", "admin.users", body=NewPhone, answer=SipPhone, status=201, problems=(404, 409))
async def make_phone(services: Services, call: Call[NewPhone]) -> SipPhone:
    """Make the account of a user's desk phone, or give it a new secret; the one before it ends."""
    return await services.phone_accounts.make_sip(call.identity, call.body.user_id, remote=call.remote)


@api.add("DELETE", "/api/v1/phones/{phone_id}", "admin.users", problems=(404,))
async def remove_phone(services: Services, call: Call[NoBody]) -> None:
    """Take a phone away."""
    await services.phone_accounts.remove(call.identity, call.path["phone_id"], remote=call.remote)


@api.add(
    "PUT",
    "/api/v1/users/{user_id}/outside_phone",
    "admin.users",
    body=OutsideNumber,
    answer=OwnPhones,
    problems=(404, 409, 422),
)
async def set_outside_number(services: Services, call: Call[OutsideNumber]) -> OwnPhones:
    """Say on which number outside a user can be called."""
    user_id = call.path["user_id"]
    return await services.phone_accounts.set_outside(call.identity, user_id, call.body.number, remote=call.remote)
