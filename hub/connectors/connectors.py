"""Connectors as administrators keep them, and the lookups of flows; both beside conversations' units of work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from core.clock import Clock
from core.errors import ConfigInvalid
from core.flow import LookedUp, StartLookup
from core.tasks import Tasks
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.configuration.document import ConnectorPart
from hub.connectors import http, postgresql, sqlite
from hub.connectors.answers import CannotLookUp, Values
from hub.connectors.misses import Misses
from hub.connectors.settings import (
    Connector,
    HttpConnector,
    PostgresqlConnector,
    SqliteConnector,
    asked,
    faultless,
    mask,
    read_connector,
    restore,
)
from hub.errors import ApiError, not_found
from hub.flows.library import CONNECTORS_KEY, FlowLibrary, KnownConnector
from hub.setup.slugs import check_slug
from hub.store.models import Setting
from hub.store.secrets import Sealer
from hub.units import Units

log = logging.getLogger(__name__)

MAX_RUNNING: Final = 100
MAX_THREADS: Final = 4  # of looks into files; a slow one shall not keep others of the hub's threads busy
FOLDER: Final = "lookups"

Answered = Callable[[str, LookedUp], Awaitable[None]]


class ConnectorView(msgspec.Struct, frozen=True, kw_only=True):
    """A connector as administrators see it, its secrets masked; ``parameters`` it cannot be asked without."""

    connector_id: str
    parameters: tuple[str, ...]
    settings: dict[str, Any]


class LookupTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a lookup that nobody waits for; ``reason`` says why it failed."""

    status: Literal["found", "missing", "failed"]
    values: Values = {}
    reason: str = ""


class Connectors:
    """Keeps connectors, sealed as they hold secrets, and asks them."""

    def __init__(
        self, units: Units, audit: Audit, box: Sealer, library: FlowLibrary, *, clock: Clock, data_dir: Path
    ) -> None:
        self._units = units
        self._audit = audit
        self._box = box
        self._library = library
        self._clock = clock
        self._misses = Misses()
        self._folder = data_dir / FOLDER
        self._threads = ThreadPoolExecutor(MAX_THREADS, "lookup")
        self._lookups = Tasks()

    async def start(self, conversation_id: str, lookup: StartLookup, answered: Answered) -> None:
        """Begin ``lookup``; its answer, or that it failed, goes to ``answered``."""
        self._lookups.start(self._look_up(conversation_id, lookup, answered))

    async def close(self) -> None:
        """Give up what is under way; the conversations' timers say that it failed."""
        await self._lookups.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def all(self) -> list[ConnectorView]:
        """Return every connector."""
        return [self._view(name, self._open(known)) for name, known in sorted((await self._known()).items())]

    async def save(
        self, identity: Identity, connector_id: str, settings: dict[str, Any], *, remote: str = ""
    ) -> ConnectorView:
        """Make or change a connector; a secret that comes back masked stays what it was.

        ConfigInvalid names every bad field.
        """
        check_slug("connector_id", connector_id)
        async with self._units.open():
            known = await self._known()
            raw, _ = self._read(settings, known.get(connector_id))
            known[connector_id] = self._sealed(raw)
            await self._write(known)
            await self._audit.record(
                identity, "connector.save", "connector", connector_id, remote=remote, kind=raw["kind"]
            )
        return self._view(connector_id, raw)

    async def described(self) -> dict[str, dict[str, Any]]:
        """Return every connector for the configuration file, secrets masked."""
        return {view.connector_id: {"settings": view.settings} for view in await self.all()}

    async def restored(
        self, parts: dict[str, ConnectorPart], faults: dict[str, str]
    ) -> tuple[dict[str, ConnectorPart], dict[str, ConnectorPart]]:
        """Return ``parts`` with their secrets put back, and again with them masked; faults are added to ``faults``."""
        known = await self._known()
        whole, masked = {}, {}
        for connector_id, part in parts.items():
            try:
                raw, _ = self._read(part.settings, known.get(connector_id))
            except ConfigInvalid as error:
                faults.update({f"connectors.{connector_id}.{path}": text for path, text in error.faults.items()})
            else:
                whole[connector_id], masked[connector_id] = (
                    ConnectorPart(settings=raw),
                    ConnectorPart(settings=mask(raw)),
                )
        return whole, masked

    async def differing(self, parts: dict[str, ConnectorPart]) -> list[str]:
        """Return those of ``parts`` whose settings, secrets included, are not what is stored."""
        known = await self._known()
        return [name for name, part in parts.items() if name not in known or self._open(known[name]) != part.settings]

    async def replace(self, parts: dict[str, ConnectorPart]) -> None:
        """Store ``parts``, as ``restored`` gave them, in the caller's unit of work."""
        if parts:
            await self._write(await self._known() | {name: self._sealed(part.settings) for name, part in parts.items()})

    async def delete(self, identity: Identity, connector_id: str, *, remote: str = "") -> None:
        """Forget a connector; 409 ``connector_in_use`` while a published flow asks it."""
        async with self._units.open():
            known = await self._known()
            if known.pop(connector_id, None) is None:
                raise not_found("connector")
            if flows := self._library.asking(connector_id):
                raise ApiError(409, "connector_in_use", f"asked by {', '.join(flows)}")
            await self._write(known)
            await self._audit.record(identity, "connector.delete", "connector", connector_id, remote=remote)

    async def try_out(
        self, connector_id: str, settings: dict[str, Any], params: Mapping[str, str], timeout_s: float
    ) -> LookupTrial:
        """Ask what ``settings`` describe, saved or not; masked secrets are those of the saved connector."""
        _, connector = self._read(settings, (await self._known()).get(connector_id))
        try:
            values = await self._ask(connector, params, timeout_s)
        except CannotLookUp as error:
            return LookupTrial(status="failed", reason=str(error))
        return LookupTrial(status="missing") if values is None else LookupTrial(status="found", values=values)

    async def _look_up(self, conversation_id: str, lookup: StartLookup, answered: Answered) -> None:
        answer = LookedUp(turn=lookup.turn, status="failed")
        if len(self._lookups) > MAX_RUNNING:
            log.warning("too many lookups at once; %s is not asked", lookup.connector)
        else:
            try:
                values = await self._ask_guarded(lookup)
            except CannotLookUp as error:  # its text may hold what a citizen gave: a database quotes values
                log.warning("connector %s failed: %s", lookup.connector, type(error.__cause__ or error).__name__)
            else:
                status: Literal["found", "missing"] = "missing" if values is None else "found"
                answer = LookedUp(turn=lookup.turn, status=status, values=values or {})
        try:
            await answered(conversation_id, answer)
        except Exception:
            log.exception("the answer of connector %s was not taken", lookup.connector)

    async def _ask_guarded(self, lookup: StartLookup) -> Values | None:
        connector = await self._named(lookup.connector)
        if not connector.guarded_by:
            return await self._ask(connector, lookup.params, lookup.timeout_s)
        value = lookup.params.get(connector.guarded_by)
        if value is None:
            raise CannotLookUp(f"the flow does not give {connector.guarded_by}, by which it is guarded")
        guarded, now = (lookup.connector, value), self._clock.now()
        if not self._misses.try_now(guarded, now, connector.max_misses):
            raise CannotLookUp("too many wrong tries with one value")
        try:
            values = await self._ask(connector, lookup.params, lookup.timeout_s)
        except CannotLookUp:
            self._misses.take_back(guarded, now)
            raise
        if values is not None:
            self._misses.forgive(guarded)
        return values

    async def _named(self, connector_id: str) -> Connector:
        known = (await self._known()).get(connector_id)
        connector = None if known is None else faultless(self._open(known))
        if connector is None:
            raise CannotLookUp(f"there is no usable connector {connector_id}")
        return connector

    async def _ask(self, connector: Connector, params: Mapping[str, str], timeout_s: float) -> Values | None:
        try:
            async with asyncio.timeout(timeout_s):
                match connector:
                    case HttpConnector():
                        return await http.ask(connector, params)
                    case SqliteConnector():
                        return await asyncio.get_running_loop().run_in_executor(
                            self._threads, sqlite.look, connector, self._folder, params, timeout_s
                        )
                    case PostgresqlConnector():
                        return await postgresql.look(connector, params, timeout_s)
        except TimeoutError as error:
            raise CannotLookUp(f"no answer within {timeout_s:g} s") from error

    def _read(self, settings: dict[str, Any], before: KnownConnector | None) -> tuple[dict[str, Any], Connector]:
        raw = restore(settings, self._open(before) if before else {})
        connector = read_connector(raw)
        if isinstance(connector, PostgresqlConnector) and not postgresql.is_installed():
            raise ConfigInvalid({"settings.kind": "asyncpg is not installed"})
        return raw, connector

    def _sealed(self, raw: dict[str, Any]) -> KnownConnector:
        sealed = self._box.seal(msgspec.json.encode(raw).decode())
        return KnownConnector(sealed=sealed, parameters=asked(read_connector(raw)))

    def _open(self, known: KnownConnector) -> dict[str, Any]:
        return msgspec.json.decode(self._box.open(known.sealed), type=dict[str, Any])

    def _view(self, connector_id: str, raw: dict[str, Any]) -> ConnectorView:
        connector = faultless(raw)
        return ConnectorView(
            connector_id=connector_id, parameters=asked(connector) if connector else (), settings=mask(raw)
        )

    async def _known(self) -> dict[str, KnownConnector]:
        return await self._library.connectors()

    async def _write(self, known: dict[str, KnownConnector]) -> None:
        await Setting.update_or_create({"value": msgspec.to_builtins(known)}, key=CONNECTORS_KEY)
