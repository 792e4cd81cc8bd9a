"""All desks of this hub: feeds by user, fed by every committed unit of work, and who is connected."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import msgspec

from core.events import AgentChanged, AgentView, Event, QueueChanged, QueueView
from hub.accounts.identity import Identity
from hub.desktop.feed import Connection, Shared, UserFeed
from hub.desktop.patches import Patch, Viewer
from hub.desktop.snapshot import read_tables
from hub.store.engine import Store

Presence = Callable[[str], Awaitable[None]]
FORGET_S: Final = 900.0  # a feed that nobody reads; who comes back later starts from a snapshot


class Desk:
    """Feeds by user id; ``came`` and ``left`` are told when a user's first browser comes and the last is gone."""

    def __init__(self, store: Store, *, backlog: int, setup: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._store = store
        self._backlog = backlog
        self._setup = setup
        self._feeds: dict[str, UserFeed] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}  # when to look whether anybody still reads a feed
        self.queue_figures: dict[str, QueueView] = {}
        self.agents: dict[str, AgentView] = {}
        self.came: list[Presence] = []
        self.left: list[Presence] = []

    def on_commit(self, events: Iterable[Event]) -> None:
        """Pass committed ``events`` on, in their order, to everybody who may see them."""
        listed = list(events)
        for event in listed:
            if isinstance(event, AgentChanged):
                self.agents[event.agent.agent_id] = event.agent
            elif isinstance(event, QueueChanged):
                self.queue_figures[event.queue.queue_id] = event.queue
        shared: Shared = {}
        for feed in self._feeds.values():
            feed.apply(listed, shared)

    async def renew_setup(self) -> None:
        """Tell every desk of the set-up as it is now; call it once a change of it is committed."""
        async with self._store.reading():  # in the order of the commits
            changed = [Patch("setup", key, value) for key, value in (await self._setup()).items()]
            shared: Shared = {}
            for feed in self._feeds.values():
                feed.push(changed, shared)

    def signal(self, user_id: str, frame: dict[str, Any]) -> None:
        """Send a frame that is not part of the state to one user's browsers."""
        if feed := self._feeds.get(user_id):
            feed.signal(msgspec.json.encode(frame))

    def show_board(self, board_for: Callable[[Identity], dict[str, Any]]) -> None:
        """Send each browser that shows the wallboard what its user may see of it."""
        for feed in self._feeds.values():
            if any(connection.watches for connection in feed.connections):
                feed.show(msgspec.json.encode(board_for(feed.viewer.identity)))

    def announce(self, frame: dict[str, Any], may_know: Callable[[Identity], bool]) -> None:
        """Send a frame that is not part of the state to everybody who may know of it."""
        encoded = msgspec.json.encode(frame)
        for feed in self._feeds.values():
            if may_know(feed.viewer.identity):
                feed.signal(encoded)

    def keeps(self, user_id: str) -> bool:
        """Whether a browser of this user that comes back can go on where it stopped."""
        return user_id in self._feeds

    def is_connected(self, user_id: str, *, besides: str | None = None) -> bool:
        """Whether a browser of this user is connected now, other than those of the session ``besides``."""
        feed = self._feeds.get(user_id)
        return feed is not None and any(one.session_id != besides for one in feed.connections)

    def connections(self, user_id: str) -> tuple[Connection, ...]:
        """Return the browsers of a user that are connected now."""
        feed = self._feeds.get(user_id)
        return () if feed is None else tuple(feed.connections)

    async def open(self, identity: Identity) -> UserFeed:
        """Return the user's feed; a new one when rights changed, so that browsers start from a snapshot."""
        feed = self._feeds.get(identity.user_id)
        if feed is None or not _same_rights(feed.viewer.identity, identity):
            self.end(identity.user_id, "replaced")
            feed = self._feeds[identity.user_id] = UserFeed(Viewer(identity), backlog=self._backlog)
        self._forget_later(feed)
        return feed

    async def attach(self, feed: UserFeed, connection: Connection, epoch: str | None, seq: int) -> None:
        """Send what ``connection`` missed, or a snapshot, and everything from now on."""
        async with self._store.reading():  # nothing commits meanwhile, so nothing falls between
            if self._feeds.get(feed.viewer.identity.user_id) is not feed:  # rights changed, or logged out, since hello
                connection.close("replaced")
                return
            frames = feed.missed(epoch, seq)
            if frames is None:
                setup = await self._setup()
                tables = await read_tables(feed.viewer)
                # no await from here on: what is not stored is as of the sequence number that goes with it
                tables |= {"agents": self.agents, "queues": self._queue_views(feed), "setup": setup}
                frames = [_head("snapshot", feed, tables)]
            else:
                frames = [_head("resume", feed, None), *frames]
            for frame in frames:
                connection.push(frame)
            is_first = not feed.connections
            feed.connections.add(connection)
        if is_first:
            await self._tell(self.came, feed)

    async def detach(self, feed: UserFeed, connection: Connection) -> None:
        """Forget ``connection``."""
        feed.connections.discard(connection)
        self._forget_later(feed)
        if not feed.connections and not self.is_connected(feed.viewer.identity.user_id):
            await self._tell(self.left, feed)

    def end(self, user_id: str, code: str) -> None:
        """Send the user's browsers away and forget the feed: the next hello starts from a snapshot."""
        feed = self._feeds.pop(user_id, None)
        if feed is None:
            return
        if timer := self._timers.pop(user_id, None):
            timer.cancel()
        for connection in tuple(feed.connections):
            connection.close(code)

    def end_session(self, user_id: str, session_id: str) -> None:
        """Send the browsers of one session away; the user's others stay."""
        if (feed := self._feeds.get(user_id)) is not None:
            for connection in tuple(feed.connections):
                if connection.session_id == session_id:
                    connection.close("logged_out")

    def refresh(self) -> None:
        """Send everybody away to come again at once: rights were changed."""
        for user_id in tuple(self._feeds):
            self.end(user_id, "replaced")

    def close(self) -> None:
        """Send everybody away: the hub stops."""
        for user_id in tuple(self._feeds):
            self.end(user_id, "restarting")

    def _forget_later(self, feed: UserFeed) -> None:
        user_id = feed.viewer.identity.user_id
        if self._feeds.get(user_id) is not feed:
            return
        if timer := self._timers.get(user_id):
            timer.cancel()
        self._timers[user_id] = asyncio.get_running_loop().call_later(FORGET_S, self._forget, feed)

    def _forget(self, feed: UserFeed) -> None:
        user_id = feed.viewer.identity.user_id
        if not feed.connections and self._feeds.get(user_id) is feed:
            del self._feeds[user_id], self._timers[user_id]

    def _queue_views(self, feed: UserFeed) -> dict[str, QueueView]:
        sees = feed.viewer.identity.sees_queue
        return {queue_id: view for queue_id, view in self.queue_figures.items() if sees(queue_id)}

    async def _tell(self, listeners: list[Presence], feed: UserFeed) -> None:
        async with asyncio.TaskGroup() as group:
            for listener in listeners:
                group.create_task(_call(listener, feed.viewer.identity.user_id))


async def _call(listener: Presence, user_id: str) -> None:
    await listener(user_id)


def _head(kind: str, feed: UserFeed, tables: dict[str, Any] | None) -> bytes:
    frame: dict[str, Any] = {"type": kind, "epoch": feed.epoch, "seq": feed.seq}
    if tables is not None:
        frame["tables"] = tables
    return msgspec.json.encode(frame)


def _same_rights(one: Identity, other: Identity) -> bool:
    return (one.permissions, one.queue_ids, one.department_id) == (
        other.permissions,
        other.queue_ids,
        other.department_id,
    )
