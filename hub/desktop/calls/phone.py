"""The phone at the desk: an account for the browser, and what is done with a call."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ConversationView, SpyMode
from hub.calls.controls import Consultation
from hub.calls.dialling import NewCall
from hub.calls.flow_visits import FlowEntry, FlowTarget
from hub.calls.internal_calls import CallBegun, ColleagueCall
from hub.errors import ApiError
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.store.models import User

api = Endpoints()
CALL = "/api/v1/conversations/{conversation_id}/call"


class BrowserPhone(msgspec.Struct, frozen=True, kw_only=True):
    """With what a browser registers: SIP over the WebSocket at ``path`` of this very server."""

    phone_id: str
    secret: str
    path: str
    domain: str


class PhoneQuery(msgspec.Struct, frozen=True):
    """Which account is replaced; by default whichever there is."""

    instead_of: Annotated[str, Meta(max_length=36)] = ""


class Keys(Settings, frozen=True, kw_only=True):
    """Keys to send."""

    keys: Annotated[str, Meta(pattern=r"^[0-9*#A-D]{1,32}\Z")]


class FlowEntries(msgspec.Struct, frozen=True):
    """Every flow that citizens can be sent into."""

    items: list[FlowEntry]


class Hold(Settings, frozen=True, kw_only=True):
    """Whether the citizen hears music."""

    is_held: bool


class Reading(Settings, frozen=True, kw_only=True):
    """What is read out."""

    article_id: Annotated[str, Meta(max_length=36)]


class Recording(Settings, frozen=True, kw_only=True):
    """Whether the recording pauses."""

    is_paused: bool


class Mute(Settings, frozen=True, kw_only=True):
    """Whether this user's phone only hears."""

    is_muted: bool


class Recorded(Settings, frozen=True, kw_only=True):
    """Whether the call is recorded."""

    is_recorded: bool


class Drop(Settings, frozen=True, kw_only=True):
    """Whom to hang up on."""

    leg_id: Annotated[str, Meta(max_length=64)]


class SpyOn(Settings, frozen=True, kw_only=True):
    """How a supervisor takes part; ``off`` leaves."""

    mode: SpyMode | Literal["off"]


@api.add("POST", "/api/v1/phone", "desk.use", query=PhoneQuery, answer=BrowserPhone, problems=(409,))
async def make_phone(services: Services, call: Call[NoBody]) -> BrowserPhone:
    """Make an account for this browser's phone; the one of an earlier browser ends. 409 ``taken``."""
    user = await User.get(user_id=call.identity.user_id)
    issued = await services.phones.issue(
        user, kind="browser", session_id=call.identity.session_id, instead_of=call.query.instead_of
    )
    if issued is None:
        raise ApiError(409, "no_telephony", "no plugin for calls is enabled")
    row, secret = issued
    path = f"/channels/{row.instance}/sip"
    return BrowserPhone(phone_id=row.phone_id, secret=secret, path=path, domain="lianxin.invalid")


@api.add("DELETE", "/api/v1/phone", "desk.use")
async def remove_phone(services: Services, call: Call[NoBody]) -> None:
    """End the account of this browser's phone."""
    await services.phones.revoke_browser(call.identity.user_id, call.identity.session_id)


@api.add("POST", "/api/v1/calls", "call.make", body=NewCall, answer=ConversationView, problems=(409, 422), status=201)
async def make_call(services: Services, call: Call[NewCall]) -> ConversationView:
    """Call somebody: this user's phone rings first."""
    return await services.dialling.begin(call.identity, call.body, remote=call.remote)


@api.add(
    "POST", "/api/v1/calls/internal", "desk.use", body=ColleagueCall, answer=CallBegun, problems=(409, 422), status=201
)
async def call_colleague(services: Services, call: Call[ColleagueCall]) -> CallBegun:
    """Call a colleague by work number: this user's phone rings first."""
    return await services.internal_calls.begin(call.identity, call.body)


@api.add("PUT", f"{CALL}/hold", "desk.use", body=Hold, answer=ConversationView, problems=(409,))
async def hold(services: Services, call: Call[Hold]) -> ConversationView:
    """Let the citizen hear music, or talk again."""
    return await services.calls.hold(call.identity, call.path["conversation_id"], is_held=call.body.is_held)


@api.add("PUT", f"{CALL}/reading", "desk.use", body=Reading, problems=(409,))
async def read_out(services: Services, call: Call[Reading]) -> None:
    """Read an article out to the citizen, who talks again when it is over."""
    await services.reading_out.begin(call.identity, call.path["conversation_id"], call.body.article_id)


@api.add("DELETE", f"{CALL}/reading", "desk.use", problems=(409,))
async def stop_reading(services: Services, call: Call[NoBody]) -> None:
    """Cut the reading short."""
    await services.reading_out.end(call.identity, call.path["conversation_id"])


@api.add("PUT", f"{CALL}/mute", "desk.use", body=Mute, answer=ConversationView, problems=(409,))
async def mute(services: Services, call: Call[Mute]) -> ConversationView:
    """Let nobody hear this user's phone, or let them hear it again."""
    return await services.calls.mute(call.identity, call.path["conversation_id"], is_muted=call.body.is_muted)


@api.add("POST", f"{CALL}/keys", "desk.use", body=Keys, answer=ConversationView, problems=(409,))
async def send_keys(services: Services, call: Call[Keys]) -> ConversationView:
    """Send keys to the far end."""
    return await services.calls.send_keys(call.identity, call.path["conversation_id"], call.body.keys)


@api.add("POST", f"{CALL}/consult", "desk.use", body=Consultation, answer=ConversationView, problems=(409,))
async def consult(services: Services, call: Call[Consultation]) -> ConversationView:
    """Ask somebody while the citizen waits."""
    return await services.calls.consult(call.identity, call.path["conversation_id"], call.body)


@api.add("GET", "/api/v1/call-flows", "desk.use", answer=FlowEntries)
async def list_flow_entries(services: Services, call: Call[NoBody]) -> FlowEntries:
    """List the flows that citizens on the phone can be sent into."""
    return FlowEntries(services.flow_visits.entries())


@api.add("POST", f"{CALL}/flow", "desk.use", body=FlowTarget, answer=ConversationView, problems=(404, 409, 422))
async def send_into_flow(services: Services, call: Call[FlowTarget]) -> ConversationView:
    """Send the citizen into a flow, and have them back afterwards if that is wanted."""
    return await services.flow_visits.send(call.identity, call.path["conversation_id"], call.body)


@api.add("POST", f"{CALL}/join", "desk.use", answer=ConversationView, problems=(409,))
async def join(services: Services, call: Call[NoBody]) -> ConversationView:
    """Bring everybody together."""
    return await services.calls.join(call.identity, call.path["conversation_id"])


@api.add("POST", f"{CALL}/take_back", "desk.use", answer=ConversationView, problems=(409,))
async def take_back(services: Services, call: Call[NoBody]) -> ConversationView:
    """Let go of whoever was asked."""
    return await services.calls.take_back(call.identity, call.path["conversation_id"])


@api.add("POST", f"{CALL}/hand_over", "desk.use", answer=ConversationView, problems=(409,))
async def hand_over(services: Services, call: Call[NoBody]) -> ConversationView:
    """Leave the citizen with whoever was asked."""
    return await services.calls.hand_over(call.identity, call.path["conversation_id"])


@api.add("POST", f"{CALL}/drop", "desk.use", body=Drop, answer=ConversationView, problems=(409,))
async def drop(services: Services, call: Call[Drop]) -> ConversationView:
    """Hang up on one party."""
    return await services.calls.drop(call.identity, call.path["conversation_id"], call.body.leg_id)


@api.add("POST", f"{CALL}/reattach", "desk.use", answer=ConversationView, problems=(409,))
async def reattach(services: Services, call: Call[NoBody]) -> ConversationView:
    """Come back into the call after the browser was loaded anew."""
    return await services.calls.reattach(call.identity, call.path["conversation_id"])


@api.add("PUT", f"{CALL}/recording", "desk.use", body=Recording, answer=ConversationView, problems=(409,))
async def pause_recording(services: Services, call: Call[Recording]) -> ConversationView:
    """Pause the recording, or go on."""
    conversation_id = call.path["conversation_id"]
    return await services.calls.pause_recording(call.identity, conversation_id, is_paused=call.body.is_paused)


@api.add("PUT", f"{CALL}/recorded", "call.record", body=Recorded, answer=ConversationView, problems=(409,))
async def record(services: Services, call: Call[Recorded]) -> ConversationView:
    """Begin or end the recording."""
    return await services.calls.record(
        call.identity, call.path["conversation_id"], is_recorded=call.body.is_recorded, remote=call.remote
    )


@api.add("PUT", f"{CALL}/spy", "call.listen", body=SpyOn, answer=ConversationView, problems=(409,))
async def spy(services: Services, call: Call[SpyOn]) -> ConversationView:
    """Listen, whisper, join in, or leave."""
    conversation_id = call.path["conversation_id"]
    return await services.calls.spy(call.identity, conversation_id, call.body.mode, remote=call.remote)


@api.add("POST", f"{CALL}/take_over", "conversation.takeover", answer=ConversationView, problems=(409,))
async def take_over(services: Services, call: Call[NoBody]) -> ConversationView:
    """Serve the citizen in the agent's place."""
    return await services.calls.take_over(call.identity, call.path["conversation_id"], remote=call.remote)
