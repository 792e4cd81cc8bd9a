"""The calls of the desk (docs/desktop-protocol.md), by what they are about."""

from hub.desktop.calls import (
    agents,
    contact_links,
    contacts,
    conversations,
    knowledge,
    outreach,
    phone,
    replies,
    sessions,
    wallboard,
)
from hub.http.endpoints import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *sessions.api,
    *agents.api,
    *conversations.api,
    *replies.api,
    *contacts.api,
    *contact_links.api,
    *knowledge.api,
    *phone.api,
    *outreach.api,
    *wallboard.api,
)
