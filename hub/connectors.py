"""Lookups of flows in outside systems: HTTP connectors that an operator has set up, each with limits."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import aiohttp
import msgspec
from msgspec import Meta

from core.flow import LookedUp, StartLookup
from hub.flow_library import CONNECTORS_KEY
from hub.store.models import Setting

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES: Final = 65_536
MAX_VALUES: Final = 50
MAX_RUNNING: Final = 100

Answered = Callable[[str, LookedUp], Awaitable[None]]


class HttpConnector(msgspec.Struct, frozen=True, kw_only=True):
    """One outside system: parameters go as query or JSON, the answer is one flat JSON object; 404 means no match."""

    url: Annotated[str, Meta(pattern="^https?://")]
    method: Literal["GET", "POST"] = "GET"
    headers: dict[str, str] = {}


class Connectors:
    """Asks outside systems beside the conversation's own units of work."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, conversation_id: str, lookup: StartLookup, answered: Answered) -> None:
        """Begin ``lookup``; its answer, or that it failed, goes to ``answered``."""
        task = asyncio.create_task(self._look_up(conversation_id, lookup, answered))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way; the conversations' timers say that it failed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look_up(self, conversation_id: str, lookup: StartLookup, answered: Answered) -> None:
        answer = LookedUp(turn=lookup.turn, status="failed")
        if len(self._tasks) > MAX_RUNNING:
            log.warning("too many lookups at once; %s is not asked", lookup.connector)
        else:
            try:
                async with asyncio.timeout(lookup.timeout_s):
                    answer = await _ask(lookup)
            except (aiohttp.ClientError, TimeoutError, ValueError, msgspec.MsgspecError) as error:
                log.warning("connector %s failed: %s", lookup.connector, type(error).__name__)
        try:
            await answered(conversation_id, answer)
        except Exception:
            log.exception("the answer of connector %s was not taken", lookup.connector)


async def _ask(lookup: StartLookup) -> LookedUp:
    setting = await Setting.get_or_none(key=CONNECTORS_KEY)
    known = msgspec.convert(setting.value, dict[str, HttpConnector]) if setting else {}
    if lookup.connector not in known:
        raise ValueError(f"no connector {lookup.connector}")
    connector = known[lookup.connector]
    sent: dict[str, Any] = {"params": lookup.params} if connector.method == "GET" else {"json": lookup.params}
    async with (
        aiohttp.ClientSession(headers=connector.headers) as http,
        http.request(connector.method, connector.url, allow_redirects=False, **sent) as response,
    ):
        if response.status == 404:
            return LookedUp(turn=lookup.turn, status="missing")
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        raw = await response.content.read(MAX_ANSWER_BYTES + 1)
    if len(raw) > MAX_ANSWER_BYTES:
        raise ValueError("answer too large")
    values = msgspec.json.decode(raw, type=dict[str, str | int | float | bool | None])
    flat = {name: str(value) for name, value in list(values.items())[:MAX_VALUES] if value is not None}
    return LookedUp(turn=lookup.turn, status="found", values=flat)
