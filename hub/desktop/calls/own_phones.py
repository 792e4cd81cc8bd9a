"""The phones somebody has: a desk phone's account, a number outside, and which of them rings."""

from typing import Literal

from core.config import Settings
from core.events import PhoneKind
from hub.calls.phone_accounts import OutsideNumber, OwnPhones, SipPhone
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()
MINE = "/api/v1/me/phones"


class ChosenPhone(Settings, frozen=True, kw_only=True):
    """On which kind of phone one wants to be rung; empty: on the newest."""

    kind: PhoneKind | Literal[""]


@api.add("GET", MINE, "desk.use", answer=OwnPhones)
async def show_phones(services: Services, call: Call[NoBody]) -> OwnPhones:
    """Return one's phones."""
    return await services.phone_accounts.of(call.identity.user_id)


@api.add("PUT", f"{MINE}/choice", "desk.use", body=ChosenPhone, answer=OwnPhones, problems=(409,))
async def choose_phone(services: Services, call: Call[ChosenPhone]) -> OwnPhones:
    """Say on which phone one wants to be rung."""
    return await services.phone_accounts.choose(call.identity, call.body.kind)


@api.add("PUT", f"{MINE}/outside", "call.outside_phone", body=OutsideNumber, answer=OwnPhones, problems=(409, 422))
async def set_outside_number(services: Services, call: Call[OutsideNumber]) -> OwnPhones:
    """Say on which number outside one can be called."""
    identity = call.identity
    return await services.phone_accounts.set_outside(identity, identity.user_id, call.body.number, remote=call.remote)


@api.add("POST", "/api/v1/phone/sip", "call.desk_phone", answer=SipPhone, problems=(409,))
async def make_sip_phone(services: Services, call: Call[NoBody]) -> SipPhone:
    """Make an account for this user's SIP desk phone; the one before it ends."""
    return await services.phone_accounts.make_sip(call.identity, call.identity.user_id, remote=call.remote)


@api.add("DELETE", "/api/v1/phone/sip", "call.desk_phone")
async def remove_sip_phone(services: Services, call: Call[NoBody]) -> None:
    """End the account of this user's SIP desk phone."""
    await services.phones.revoke(call.identity.user_id)
