"""People of the journeys: a citizen at the widget's wire, an agent at the desk's, both with real sockets."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Callable
from typing import Any, Self

import aiohttp

ANSWER_S = 30.0


class Citizen:
    """Speaks the widget's protocol (docs/plugins/web_chat.md): resumes by number, repeats until acknowledged."""

    def __init__(self, url: str, instance: str = "web_chat-main") -> None:
        self._url = f"{url}/channels/{instance}/ws"
        self._headers = {"Origin": url}
        self._visitor: str | None = None
        self._last = 0
        self._unsent: dict[str, dict[str, Any]] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.lines: list[dict[str, Any]] = []
        self.acked: list[str] = []
        self.situation = ""
        self.connects = 0
        self.agent_types = False

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        self._task = asyncio.create_task(self._live())
        await self.until(lambda: self.situation != "")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._http.close()

    async def open(self) -> None:
        """Open the widget, so that the flow greets."""
        await self._put({"type": "opened", "cid": secrets.token_hex(8)})

    async def say(self, text: str = "", *, choice: str | None = None) -> str:
        """Write; return the message's own id at once."""
        frame: dict[str, Any] = {"type": "message", "cid": secrets.token_hex(8), "text": text}
        if choice is not None:
            frame["choice"] = choice
        return await self._put(frame)

    async def types(self, *, on: bool) -> None:
        """Begin or cease to type."""
        assert self._socket is not None
        await self._socket.send_json({"type": "typing", "on": on})

    async def read(self) -> None:
        """Look at everything."""
        assert self._socket is not None
        await self._socket.send_json({"type": "read", "seq": self._last})

    async def cut(self) -> None:
        """Lose the connection; the life of this citizen goes on with a new one."""
        if self._socket is not None:
            await self._socket.close()

    def heard(self, kind: str = "") -> list[str]:
        """Return the texts that came, of one kind of sender or of all."""
        return [line["text"] for line in self.lines if line["direction"] == "out" and kind in ("", line["kind"])]

    async def until(self, holds: Callable[[], bool], within_s: float = ANSWER_S) -> None:
        """Wait until ``holds``; TimeoutError otherwise."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(holds)

    async def _put(self, frame: dict[str, Any]) -> str:
        cid: str = frame["cid"]
        self._unsent[cid] = frame
        if next(iter(self._unsent)) == cid:
            await self._send_first()
        return cid

    async def _send_first(self) -> None:
        """Send what is to be sent next: one frame at a time, so that they arrive in their order."""
        if self._unsent and self._socket is not None and not self._socket.closed:
            with contextlib.suppress(ConnectionResetError):
                await self._socket.send_json(next(iter(self._unsent.values())))

    async def _live(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
                await self._connect()
            await asyncio.sleep(0.1)

    async def _connect(self) -> None:
        async with self._http.ws_connect(
            self._url, headers=self._headers, timeout=aiohttp.ClientWSTimeout(ws_close=2)
        ) as socket:
            hello: dict[str, Any] = {"type": "hello", "last": self._last, "language": "zh-CN"}
            if self._visitor:
                hello["visitor"] = self._visitor
            await socket.send_json(hello)
            self.connects += 1
            try:
                async for message in socket:
                    await self._take(socket, json.loads(message.data))
            finally:
                self._socket = None

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome":
                self._visitor = frame.get("visitor", self._visitor)
                self._socket = socket
                await self._send_first()
            case "message":
                frame = {"direction": "out", "kind": "system", "text": "", "seq": 0, **frame}
                if frame["seq"] > self._last:
                    self._last = frame["seq"]
                    self.lines.append(frame)
                    await socket.send_json({"type": "seen", "seq": self._last})
            case "situation":
                self.situation = frame["situation"]
            case "ack":
                if self._unsent.pop(frame["cid"], None):
                    self.acked.append(frame["cid"])
                    await self._send_first()
            case "retry":
                asyncio.get_running_loop().call_later(frame["after_ms"] / 1000, self._again)
            case "typing":
                self.agent_types = frame["on"]
        async with self._changed:
            self._changed.notify_all()

    def _again(self) -> None:
        self._resending = asyncio.ensure_future(self._send_first())


class Agent:
    """Speaks the desk's protocol (docs/desktop-protocol.md): calls, and one socket that resumes by number."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url
        self._username = username
        self._password = password
        self._csrf = ""
        self._epoch: str | None = None
        self._seq = 0
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.me: dict[str, Any] = {}
        self.tables: dict[str, dict[str, Any]] = {}
        self.entries: list[dict[str, Any]] = []
        self.signals: list[dict[str, Any]] = []
        self._byes: list[dict[str, Any]] = []
        self._seen: dict[str, set[str]] = {"in": set(), "out": set()}
        self.snapshots = 0
        self.resumes = 0

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        await self.log_in(self._password)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._http.close()

    async def log_in(self, password: str) -> None:
        """Log in."""
        self.me = await self.call("POST", "/session", username=self._username, password=password)
        self._csrf = self.me["csrf"]

    @property
    def http(self) -> aiohttp.ClientSession:
        """Return the browser, with its cookie."""
        return self._http

    @property
    def seq(self) -> int:
        """Return the number of the last delta applied."""
        return self._seq

    async def open_desk(self) -> None:
        """Return once the desk shows its first tables."""
        self._task = asyncio.create_task(self._live())
        await self.until(lambda: bool(self.tables))

    async def sit_down(self) -> None:
        """Open the desk and take work."""
        await self.open_desk()
        await self.call("PUT", "/me/state", state="available")

    async def call(self, method: str, path: str, **body: Any) -> Any:
        """Make a call; return its answer, AssertionError with the hub's words when it fails."""
        status, answer = await self.try_call(method, path, **body)
        assert status < 400, f"{method} {path}: {status} {answer}"
        return answer

    async def try_call(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        """Make a call; return its status and answer."""
        headers = {"X-CSRF-Token": self._csrf, "Origin": self.url}
        sent = {"json": body} if method != "GET" and body else {}
        async with self._http.request(method, f"{self.url}/api/v1{path}", headers=headers, **sent) as response:
            raw = await response.read()
            return response.status, json.loads(raw) if raw else None

    async def take_offer(self) -> str:
        """Wait for an offer and accept it; return the conversation's id."""
        await self.until(lambda: bool(self.tables["offers"]))
        offer = next(iter(self.tables["offers"].values()))
        await self.call("POST", f"/offers/{offer['offer_id']}/accept")
        conversation_id: str = offer["conversation_id"]
        await self.until(lambda: self.conversation(conversation_id).get("state") == "active")
        return conversation_id

    async def say(self, conversation_id: str, text: str, **more: Any) -> dict[str, Any]:
        """Write to the citizen."""
        entry: dict[str, Any] = await self.call(
            "POST", f"/conversations/{conversation_id}/messages", client_id=secrets.token_hex(8), text=text, **more
        )
        return entry

    async def types(self, conversation_id: str, *, on: bool) -> None:
        """Begin or cease to type."""
        assert self._socket is not None
        await self._socket.send_json({"type": "typing", "conversation_id": conversation_id, "is_typing": on})

    async def look(self, conversation_id: str) -> None:
        """Show a conversation, or none."""
        await self.tell("look", conversation_id=conversation_id)

    async def tell(self, kind: str, **fields: Any) -> None:
        """Say something over the line, as a browser does."""
        assert self._socket is not None
        await self._socket.send_json({"type": kind, **fields})

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        """Return the conversation as this desk holds it, empty when it does not."""
        found: dict[str, Any] = self.tables.get("conversations", {}).get(conversation_id, {})
        return found

    def read(self, direction: str) -> list[str]:
        """Return the texts of messages that came over the socket, each entry once."""
        latest = {entry["entry_id"]: entry for entry in self.entries}
        return [entry.get("text", "") for entry in latest.values() if entry.get("direction") == direction]

    def count(self, direction: str) -> int:
        """Return how many different messages of one direction came over the socket."""
        return len(self._seen[direction])

    async def bye(self) -> dict[str, Any]:
        """Wait until the hub has sent this browser away; return its last words."""
        await self.until(lambda: bool(self._byes))
        return self._byes[-1]

    async def leave(self) -> None:
        """Close the browser."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def cut(self) -> None:
        """Lose the socket; a new one resumes."""
        if self._socket is not None:
            await self._socket.close()

    async def until(self, holds: Callable[[], bool], within_s: float = ANSWER_S) -> None:
        """Wait until ``holds``; TimeoutError otherwise."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(holds)

    async def _live(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
                await self._connect()
            await asyncio.sleep(0.1)

    async def _connect(self) -> None:
        url = f"{self.url}/api/v1/desktop"
        async with self._http.ws_connect(
            url, headers={"Origin": self.url}, timeout=aiohttp.ClientWSTimeout(ws_close=2)
        ) as socket:
            await socket.send_json({"type": "hello", "epoch": self._epoch, "seq": self._seq})
            self._socket = socket
            async for message in socket:
                await self._take(socket, json.loads(message.data))

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "snapshot":
                self.tables, self._epoch, self._seq = frame["tables"], frame["epoch"], frame["seq"]
                self.snapshots += 1
            case "resume":
                self.resumes += 1
            case "delta":
                if frame["seq"] <= self._seq:
                    return
                assert frame["seq"] == self._seq + 1, f"a gap: {self._seq} -> {frame['seq']}"
                self._seq = frame["seq"]
                for patch in frame["patches"]:
                    self._apply(patch)
            case "signal":
                self.signals.append(frame)
            case "bye":
                self._byes.append(frame)
            case "ping":
                await socket.send_json({"type": "pong"})
        async with self._changed:
            self._changed.notify_all()

    def _apply(self, patch: dict[str, Any]) -> None:
        if patch["value"] is None:
            self.tables[patch["table"]].pop(patch["key"], None)
            return
        if patch["table"] == "entries":
            self.entries.append(patch["value"])
            self._seen.setdefault(patch["value"].get("direction", "none"), set()).add(patch["key"])
        self.tables[patch["table"]][patch["key"]] = patch["value"]
