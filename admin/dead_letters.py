"""Messages nobody could handle: look, replay, discard."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.errors import RequestFailed
from core.events import DeadLetter
from hub.errors import ApiError, not_found
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class DeadLettersQuery(msgspec.Struct, frozen=True):
    """A page, newest first, older than number ``before``."""

    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class ParkedLetter(msgspec.Struct, frozen=True):
    """A parked message and its number."""

    seq: int
    letter: DeadLetter


class DeadLetterPage(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[ParkedLetter]


@api.add("GET", "/api/v1/dead-letters", "admin.system", query=DeadLettersQuery, answer=DeadLetterPage)
async def list_dead_letters(services: Services, call: Call[NoBody]) -> DeadLetterPage:
    """List parked messages."""
    query: DeadLettersQuery = call.query
    parked = await services.bus.dead_letters(limit=query.limit, before=query.before)
    return DeadLetterPage([ParkedLetter(one.seq, one.letter) for one in parked])


@api.add("POST", "/api/v1/dead-letters/{seq}/replay", "admin.system")
async def replay_dead_letter(services: Services, call: Call[NoBody]) -> None:
    """Publish a parked message again where it was."""
    seq = _seq(call)
    try:
        await services.bus.replay(seq)
    except RequestFailed as error:
        raise ApiError(404, error.code, str(error)) from error
    await services.audit.note(call.identity, "dead_letter.replay", "dead_letter", str(seq), remote=call.remote)


@api.add("DELETE", "/api/v1/dead-letters/{seq}", "admin.system")
async def discard_dead_letter(services: Services, call: Call[NoBody]) -> None:
    """Take a parked message away for good."""
    seq = _seq(call)
    try:
        await services.bus.discard(seq)
    except RequestFailed as error:
        raise ApiError(404, error.code, str(error)) from error
    await services.audit.note(call.identity, "dead_letter.discard", "dead_letter", str(seq), remote=call.remote)


def _seq(call: Call[NoBody]) -> int:
    number = call.path["seq"]
    if not number.isdecimal() or len(number) > 18:
        raise not_found("dead letter")
    return int(number)
