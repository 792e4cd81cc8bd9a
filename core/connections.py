"""Closes connections on which nothing is asked: half-open sockets cost memory and never say goodbye."""

import asyncio
from typing import Final, Protocol, TypeVar

FIRST_REQUEST_S: Final = 10.0  # a connection that has not sent its headers by then is closed
MAX_SILENT: Final = 4_096  # above that the longest silent one makes room


class Connection(Protocol):
    """What a web server makes of a new connection."""

    def force_close(self) -> None:
        """Close it at once."""
        ...


ConnectionT = TypeVar("ConnectionT", bound=Connection)


class SilentConnections:
    """Knows the connections that have not asked anything yet, oldest first."""

    def __init__(self, *, first_request_s: float = FIRST_REQUEST_S, limit: int = MAX_SILENT) -> None:
        self._first_request_s = first_request_s
        self._limit = limit
        self._silent: dict[Connection, asyncio.TimerHandle] = {}

    def watch(self, connection: ConnectionT) -> ConnectionT:
        """Return the new ``connection``, which is closed unless ``heard`` in time."""
        loop = asyncio.get_running_loop()
        self._silent[connection] = loop.call_later(self._first_request_s, self._dismiss, connection)
        if len(self._silent) > self._limit:
            self._dismiss(next(iter(self._silent)))
        return connection

    def heard(self, connection: Connection) -> None:
        """Note that a request came on ``connection``."""
        if timer := self._silent.pop(connection, None):
            timer.cancel()

    def _dismiss(self, connection: Connection) -> None:
        if timer := self._silent.pop(connection, None):
            timer.cancel()
            connection.force_close()
