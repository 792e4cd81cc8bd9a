"""Who is connected: the sessions of each visitor, within limits."""

from collections import Counter
from collections.abc import Iterator

from plugins.web_chat.session import Session


class TooMany(Exception):
    """No more connections; ``code`` says whose."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Registry:
    """Counts connections from the first byte on, and knows the sessions by address."""

    def __init__(self, *, max_total: int, max_ip: int, max_visitor: int) -> None:
        self._max_total = max_total
        self._max_ip = max_ip
        self._max_visitor = max_visitor
        self._by_ip: Counter[str] = Counter()
        self._total = 0
        self._by_address: dict[str, list[Session]] = {}

    def enter(self, ip: str) -> None:
        """Count a connection that has not said who it is; TooMany when there is no room."""
        if self._total >= self._max_total:
            raise TooMany("busy")
        if self._by_ip[ip] >= self._max_ip:
            raise TooMany("too_many_connections")
        self._total += 1
        self._by_ip[ip] += 1

    def leave(self, ip: str) -> None:
        """Forget a connection counted by ``enter``."""
        self._total -= 1
        self._by_ip[ip] -= 1
        if not self._by_ip[ip]:
            del self._by_ip[ip]

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

    def __len__(self) -> int:
        return self._total
