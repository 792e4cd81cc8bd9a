"""Who else looks at a conversation and writes in it: told to all who look at it, kept nowhere."""

from typing import Any

import msgspec

from hub.desktop.feed import Connection, UserFeed
from hub.desktop.patches import Viewer


class Company:
    """The browsers that show each conversation; each tells itself what it shows."""

    def __init__(self) -> None:
        self._lookers: dict[str, dict[Connection, Viewer]] = {}
        self._shown: dict[Connection, str] = {}
        self._typing: set[Connection] = set()

    def look(self, feed: UserFeed, connection: Connection, conversation_id: str) -> None:
        """A browser shows a conversation, or, with an empty id, none."""
        before = self._shown.pop(connection, "")
        self._typing.discard(connection)
        if before:
            self._lookers[before].pop(connection, None)
            if not self._lookers[before]:
                del self._lookers[before]
            self._tell(before)
        if conversation_id:
            self._shown[connection] = conversation_id
            self._lookers.setdefault(conversation_id, {})[connection] = feed.viewer
            self._tell(conversation_id)

    def write(self, connection: Connection, conversation_id: str, *, is_typing: bool) -> None:
        """A browser's user began or ceased to type into the conversation it shows."""
        if self._shown.get(connection) != conversation_id or is_typing == (connection in self._typing):
            return
        (self._typing.add if is_typing else self._typing.discard)(connection)
        self._tell(conversation_id)

    def _tell(self, conversation_id: str) -> None:
        lookers = self._lookers.get(conversation_id, {})
        people: dict[str, dict[str, Any]] = {}
        for connection, viewer in lookers.items():
            person = people.setdefault(
                viewer.identity.user_id,
                {"user_id": viewer.identity.user_id, "name": viewer.identity.display_name, "is_typing": False},
            )
            person["is_typing"] = person["is_typing"] or connection in self._typing
        frame = msgspec.json.encode(
            {
                "type": "signal",
                "name": "company",
                "conversation_id": conversation_id,
                "people": list(people.values()),
            }
        )
        for connection in lookers:
            connection.push(frame)
