"""Flows in the store: versions, publishing, and which flow greets on which channel."""

import logging
from typing import Any, Final

import msgspec

from core.errors import ConfigInvalid
from core.flow import Flow, FlowFault, Surroundings, decode_flow, lint
from core.flow.steps import HandOverStep, LookupStep
from core.ids import check_token, new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.contacts.reach import Reach
from hub.errors import ApiError, not_found
from hub.flows.views import Entry, FlowUse, FlowView, Reference, References, VersionView
from hub.store.models import Calendar, FlowVersion, Queue, Setting, Template, User
from hub.store.models import Flow as FlowRow
from hub.units import Unit, Units

log = logging.getLogger(__name__)

CONNECTORS_KEY: Final = "connectors"  # the setting {name: KnownConnector}
CHANNELS_KEY: Final = "channels"  # the setting {instance, "instance/dialled number", "instance/@trunk" or "*": Entry}
CACHED: Final = 200  # versions


class KnownConnector(msgspec.Struct, frozen=True, kw_only=True):
    """A connector as it is stored: its settings sealed, and the parameters it cannot be asked without."""

    sealed: str
    parameters: tuple[str, ...] = ()


class FlowLibrary:
    """Reads, saves and publishes flows; what is published is checked first."""

    def __init__(self, units: Units, audit: Audit, reach: Reach) -> None:
        self._reach = reach
        self._units = units
        self._audit = audit
        self._published: dict[str, Flow] = {}
        self._versions: dict[tuple[str, int], Flow] = {}
        self._entries: dict[str, Entry] = {}

    async def load(self) -> None:
        """Read the published flows and the channels' entries."""
        for row in await FlowRow.filter(is_archived=False).exclude(published_version=None):
            flow = await self.version(row.flow_id, row.published_version or 0)
            if flow is not None:
                self._published[row.flow_id] = flow
        setting = await Setting.get_or_none(key=CHANNELS_KEY)
        self._entries = msgspec.convert(setting.value, dict[str, Entry]) if setting else {}

    def entry(self, instance: str, dialled: str = "", trunk: str = "") -> Entry:
        """Return where contacts of ``instance`` begin, or those who called one of its numbers or over one trunk."""
        return (
            self._entries.get(f"{instance}/{dialled}")
            or self._entries.get(f"{instance}/@{trunk}")
            or self._entries.get(instance)
            or self._entries.get("*")
            or Entry()
        )

    def names(self, instance: str) -> bool:
        """Whether it was decided for this very ``instance`` where its contacts begin."""
        return instance in self._entries

    def published(self, flow_id: str) -> Flow | None:
        """Return the published version of a flow, or None."""
        return self._published.get(flow_id)

    def all_published(self) -> dict[str, Flow]:
        """Return the published version of every flow that has one."""
        return dict(self._published)

    async def version(self, flow_id: str, version: int) -> Flow | None:
        """Return one version of a flow, published or not; None when there is none that can be read."""
        key = (flow_id, version)
        if key not in self._versions:
            row = await FlowVersion.get_or_none(flow_id=flow_id, version=version)
            if row is None:
                return None
            try:
                flow = decode_flow(msgspec.json.encode(row.graph))
            except ConfigInvalid:
                log.exception("version %d of flow %s cannot be read", version, flow_id)
                return None
            if len(self._versions) >= CACHED:
                self._versions.pop(next(iter(self._versions)))
            self._versions[key] = msgspec.structs.replace(flow, name=flow_id, version=version)
        return self._versions[key]

    async def all(self) -> list[FlowView]:
        """Return every flow."""
        uses = await self._uses()
        return [await self._view(row, uses.get(row.flow_id, [])) for row in await FlowRow.all().order_by("flow_id")]

    async def view(self, flow_id: str) -> FlowView:
        """Return a flow with its versions, newest first; 404 when there is none."""
        return await self._view(await _row(flow_id), (await self._uses()).get(flow_id, []))

    async def add_version(
        self,
        identity: Identity,
        flow_id: str,
        graph: dict[str, Any],
        *,
        note: str = "",
        based_on: int | None = None,
        remote: str = "",
    ) -> tuple[int, tuple[FlowFault, ...]]:
        """Store a new version, which may still have faults; return its number and what lint says of it.

        409 ``edited_meanwhile`` when the newest version is not ``based_on`` (0: there is no such flow yet).
        """
        try:
            check_token(flow_id)
        except ValueError as error:
            raise ConfigInvalid({"flow_id": str(error)}) from error
        flow = decode_flow(msgspec.json.encode({**graph, "name": flow_id}))
        async with self._units.open() as unit:
            newest = await FlowVersion.filter(flow_id=flow_id).order_by("-version").first()
            if based_on is not None and based_on != (newest.version if newest else 0):
                raise ApiError(409, "edited_meanwhile", "somebody else saved a version meanwhile")
            version = await _add_version(unit, identity, flow_id, flow, note=note)
            await FlowRow.filter(flow_id=flow_id).update(title=flow.title)
            await self._audit.record(identity, "flow.save", "flow", flow_id, remote=remote, version=version)
        return version, lint(flow, await self.surroundings())

    async def archive(self, identity: Identity, flow_id: str, *, is_archived: bool, remote: str = "") -> FlowView:
        """Put a flow away, or take it out again; 409 ``flow_in_use`` while something leads to it.

        Conversations that run it go on to its end.
        """
        row = await _row(flow_id)
        if is_archived and (await self._uses()).get(flow_id):
            raise ApiError(409, "flow_in_use", "the flow is in use")
        async with self._units.open():
            await FlowRow.filter(flow_id=flow_id).update(is_archived=is_archived)
            await self._audit.record(
                identity, "flow.archive" if is_archived else "flow.restore", "flow", flow_id, remote=remote
            )
        self._published.pop(flow_id, None)
        if not is_archived and row.published_version:
            flow = await self.version(flow_id, row.published_version)
            if flow is not None:
                self._published[flow_id] = flow
        return await self.view(flow_id)

    def entries(self) -> dict[str, Entry]:
        """Return where contacts begin, by instance, ``instance/dialled number``, ``instance/@trunk`` or ``*``."""
        return dict(self._entries)

    async def save_entries(self, identity: Identity, entries: dict[str, Entry], *, remote: str = "") -> None:
        """Let contacts begin there from now on; ConfigInvalid names flows and queues that are not there."""
        known = await self.surroundings()
        faults = {
            f"entries.{name}.{field}": "unknown"
            for name, entry in entries.items()
            for field, value, existing in (("flow", entry.flow, known.flows), ("queue", entry.queue, known.queues))
            if value and value not in (existing or ())
        }
        if faults:
            raise ConfigInvalid(faults)
        async with self._units.open():
            value = msgspec.to_builtins(entries)
            await Setting.update_or_create({"value": value}, key=CHANNELS_KEY)
            await self._audit.record(identity, "flow.entries", "setting", CHANNELS_KEY, remote=remote, entries=value)
        self._entries = dict(entries)

    async def faults(self, flow: Flow) -> tuple[FlowFault, ...]:
        """Return what lint says of ``flow``, saved or not."""
        return lint(flow, await self.surroundings())

    async def publish(self, identity: Identity, flow_id: str, version: int, *, remote: str = "") -> FlowView:
        """Let new conversations run this version; 422 ``flow_faulty`` names what lint finds."""
        flow = await self.version(flow_id, version)
        if flow is None:
            raise not_found("flow version")
        if faults := lint(flow, await self.surroundings()):
            fields = {f"{fault.node}.{fault.code}": msgspec.json.encode(fault.params).decode() for fault in faults}
            raise ApiError(422, "flow_faulty", "the flow has faults", fields=fields)
        async with self._units.open() as unit:
            await FlowRow.filter(flow_id=flow_id).update(published_version=version, is_archived=False)
            await FlowVersion.filter(flow_id=flow_id, version=version).update(published_at=unit.now)
            await self._audit.record(identity, "flow.publish", "flow", flow_id, remote=remote, version=version)
        self._published[flow_id] = flow
        return await self.view(flow_id)

    async def replace(self, unit: Unit, identity: Identity, flow_id: str, flow: Flow) -> None:
        """Add ``flow``, which the caller has checked, as a published version; ``load`` once it is committed."""
        version = await _add_version(unit, identity, flow_id, flow, published_at=unit.now)
        await FlowRow.filter(flow_id=flow_id).update(title=flow.title, published_version=version, is_archived=False)

    async def connectors(self) -> dict[str, KnownConnector]:
        """Return every connector by its name."""
        row = await Setting.get_or_none(key=CONNECTORS_KEY)
        return msgspec.convert(row.value, dict[str, KnownConnector]) if row else {}

    def asking(self, connector_id: str) -> list[str]:
        """Return the published flows that ask ``connector_id``."""
        return sorted(
            name
            for name, flow in self._published.items()
            if any(isinstance(node, LookupStep) and node.connector == connector_id for node in flow.nodes.values())
        )

    async def references(self) -> References:
        """Return what steps may name, with titles to choose by."""
        writing = [one for one in await self._reach.senders() if one.writes_first]
        queues = await Queue.filter(is_active=True).order_by("queue_id")
        calendars = await Calendar.all().order_by("calendar_id")
        templates = await Template.filter(is_active=True).order_by("title")
        return References(
            queue=[Reference(id=row.queue_id, title=row.title) for row in queues],
            calendar=[Reference(id=row.calendar_id, title=row.title) for row in calendars],
            connector=[Reference(id=name) for name in sorted(await self.connectors())],
            flow=[Reference(id=name, title=flow.title) for name, flow in sorted(self._published.items())],
            channel=[Reference(id=name) for name in sorted({one.scheme for one in writing})]
            + [Reference(id=one.instance, title=one.title) for one in writing],
            template=[Reference(id=row.template_id, title={"zh": row.title}) for row in templates],
            instance=[Reference(id=one.instance, title=one.title) for one in await self._reach.channels()],
        )

    async def surroundings(self) -> Surroundings:
        """Return what flows may name."""
        senders = [one for one in await self._reach.senders() if one.writes_first]
        connectors = await self.connectors()
        return Surroundings(
            queues=[row.queue_id for row in await Queue.filter(is_active=True)],
            calendars=[row.calendar_id for row in await Calendar.all()],
            connectors=list(connectors),
            connector_params={name: one.parameters for name, one in connectors.items()},
            flows={name: list(flow.nodes) for name, flow in self._published.items()},
            channels=[*(one.instance for one in senders), *(one.scheme for one in senders)],
            templates=[row.template_id for row in await Template.filter(is_active=True)],
        )

    async def _view(self, row: FlowRow, uses: list[FlowUse]) -> FlowView:
        versions = await FlowVersion.filter(flow_id=row.flow_id).order_by("-version")
        authors = {one.author_id for one in versions if one.author_id}
        names = {user.user_id: user.display_name for user in await User.filter(user_id__in=list(authors))}
        return FlowView(
            flow_id=row.flow_id,
            title=row.title,
            is_archived=row.is_archived,
            published_version=row.published_version,
            versions=[
                VersionView(
                    version=one.version,
                    note=one.note,
                    author=names.get(one.author_id or "", ""),
                    created_at=one.created_at,
                    is_published=one.version == row.published_version,
                )
                for one in versions
            ],
            uses=uses,
            graph=versions[0].graph if versions else {},
        )

    async def _uses(self) -> dict[str, list[FlowUse]]:
        """Return what leads to each flow."""
        found: dict[str, list[FlowUse]] = {}
        for name, entry in sorted(self._entries.items()):
            found.setdefault(entry.flow, []).append(FlowUse(kind="entry", name=name))
        for queue in await Queue.filter(is_active=True).order_by("queue_id"):
            found.setdefault(queue.rules.get("rating_flow", ""), []).append(FlowUse(kind="rating", name=queue.queue_id))
        for name, flow in sorted(self._published.items()):
            for target in sorted(
                {node.flow for node in flow.nodes.values() if isinstance(node, HandOverStep)} - {name}
            ):
                found.setdefault(target, []).append(FlowUse(kind="hand_over", name=name))
        return found


async def _row(flow_id: str) -> FlowRow:
    row = await FlowRow.get_or_none(flow_id=flow_id)
    if row is None:
        raise not_found("flow")
    return row


async def _add_version(unit: Unit, identity: Identity, flow_id: str, flow: Flow, **columns: Any) -> int:
    """Store ``flow`` as its newest version and return the number; the flow's own row is made when it has none."""
    await FlowRow.get_or_create({"title": flow.title}, flow_id=flow_id)
    newest = await FlowVersion.filter(flow_id=flow_id).order_by("-version").first()
    version = newest.version + 1 if newest else 1
    await FlowVersion.create(
        flow_version_id=new_id(),
        flow_id=flow_id,
        version=version,
        graph=msgspec.to_builtins(flow),
        author_id=identity.user_id or None,
        created_at=unit.now,
        **columns,
    )
    return version
