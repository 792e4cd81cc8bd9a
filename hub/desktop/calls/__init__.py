"""The calls of the desk (docs/desktop-protocol.md), by what they are about."""

from hub.desktop.calls import agents, contacts, conversations, sessions
from hub.http.endpoints import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (*sessions.api, *agents.api, *conversations.api, *contacts.api)
