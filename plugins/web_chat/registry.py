"""Who is connected: the sessions of each visitor."""

from collections.abc import Iterator

from plugins.web_chat.limits import TooMany
from plugins.web_chat.session import Session


class Registry:
    """Knows the sessions by address; at most ``max_visitor`` of each."""

    def __init__(self, *, max_visitor: int) -> None:
        self._max_visitor = max_visitor
        self._by_address: dict[str, list[Session]] = {}

    def add(self, session: Session) -> None:
        """Let ``session`` hear what is sent to its visitor; TooMany when the visitor has enough of them."""
        sessions = self._by_address.setdefault(session.visitor.address, [])
        if len(sessions) >= self._max_visitor:
            raise TooMany("too_many_windows")
        sessions.append(session)

    def remove(self, session: Session) -> None:
        """Take ``session`` out; harmless when it is not in."""
        sessions = self._by_address.get(session.visitor.address, [])
        if session in sessions:
            sessions.remove(session)
        if not sessions:
            self._by_address.pop(session.visitor.address, None)

    def of(self, address: str) -> tuple[Session, ...]:
        """Return the sessions of one visitor."""
        return tuple(self._by_address.get(address, ()))

    def __iter__(self) -> Iterator[Session]:
        return (session for sessions in self._by_address.values() for session in sessions)
