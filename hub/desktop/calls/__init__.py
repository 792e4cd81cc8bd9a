"""The calls of the desk (docs/desktop-protocol.md), by what they are about."""

from hub.desktop.calls import (
    agents,
    contact_links,
    contacts,
    conversation_steps,
    conversations,
    knowledge,
    outreach,
    own,
    own_phones,
    phone,
    replies,
    reviews,
    service_rules,
    sessions,
    teamwork,
    transcripts,
    wallboard,
    work_orders,
)
from hub.http.endpoints import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *sessions.api,
    *agents.api,
    *conversations.api,
    *conversation_steps.api,
    *replies.api,
    *contacts.api,
    *contact_links.api,
    *knowledge.api,
    *phone.api,
    *own_phones.api,
    *transcripts.api,
    *service_rules.api,
    *reviews.api,
    *outreach.api,
    *wallboard.api,
    *work_orders.api,
    *teamwork.api,
    *own.api,
)
