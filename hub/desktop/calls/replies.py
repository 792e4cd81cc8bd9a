"""Where a conversation's answers go."""

import msgspec

from core.events import ConversationView
from hub.conversing.reply_options import ReplyChoice, ReplyOption
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class ReplyOptionList(msgspec.Struct, frozen=True):
    """The one in use first."""

    items: list[ReplyOption]


@api.add("GET", "/api/v1/conversations/{conversation_id}/reply-options", "desk.use", answer=ReplyOptionList)
async def list_reply_options(services: Services, call: Call[NoBody]) -> ReplyOptionList:
    """List the addresses and instances that answers can go to."""
    return ReplyOptionList(await services.reply_options.list(call.identity, call.path["conversation_id"]))


@api.add(
    "PUT",
    "/api/v1/conversations/{conversation_id}/reply-option",
    "desk.use",
    body=ReplyChoice,
    answer=ConversationView,
    problems=(409,),
)
async def choose_reply_option(services: Services, call: Call[ReplyChoice]) -> ConversationView:
    """Let answers go another way from now on."""
    return await services.reply_options.choose(call.identity, call.path["conversation_id"], call.body)
