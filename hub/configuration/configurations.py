"""Exports what is configured and applies a file: all of it or nothing, in one unit of work, each change audited."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from tortoise.models import Model

from core.config import Settings, decode_settings
from core.errors import ConfigInvalid
from core.flow import Flow
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.accounts.passwords import hash_password, random_password
from hub.accounts.sessions import Sessions
from hub.accounts.users import set_values, user_view
from hub.audit import Audit
from hub.calls.phones import Phones
from hub.configuration.checking import check, read_flows, retired_in_use
from hub.configuration.document import Change, Configuration, QueuePart, SettingsPart, UserPart, compare, objects
from hub.connectors.connectors import Connectors
from hub.dispatch.dispatcher import Dispatcher
from hub.flows.library import CHANNELS_KEY, FlowLibrary
from hub.outreach.consent import Consent, TopicEdit
from hub.outreach.templates import KindEdit, TemplateEdit, Templates
from hub.plugin_instances import PluginInstances
from hub.quality.setup import QualitySetup
from hub.setup.away_reasons import ReasonEdit
from hub.setup.definitions import write_sections
from hub.setup.kept import Kept
from hub.setup.organization import AgentGroup
from hub.setup.organization_editor import OrganizationEditor
from hub.setup.overview import Setup
from hub.setup.wrap_up_codes import CodeEdit
from hub.store.models import (
    AwayReason,
    Calendar,
    Queue,
    Role,
    Session,
    Setting,
    Template,
    TemplateKind,
    Topic,
    User,
    WrapUpCode,
)
from hub.units import Unit, Units


class Configurations:
    """The configuration as a whole."""

    def __init__(
        self,
        units: Units,
        audit: Audit,
        *,
        dispatcher: Dispatcher,
        phones: Phones,
        sessions: Sessions,
        library: FlowLibrary,
        instances: PluginInstances,
        connectors: Connectors,
        quality: QualitySetup,
        setup: Setup,
        organization_editor: OrganizationEditor,
        templates: Templates,
        consent: Consent,
        kept: Mapping[str, Kept[Any]],
    ) -> None:
        self._units = units
        self._audit = audit
        self._dispatcher = dispatcher
        self._phones = phones
        self._sessions = sessions
        self._library = library
        self._instances = instances
        self._connectors = connectors
        self._quality = quality
        self._setup = setup
        self._editor = organization_editor
        self._templates = templates
        self._consent = consent
        self._kept = kept
        self._turn = asyncio.Lock()

    async def export(self) -> Configuration:
        """Return everything, with secrets masked."""
        entries = await Setting.get_or_none(key=CHANNELS_KEY)
        raw: dict[str, Any] = {
            "calendars": {row.calendar_id: {"title": row.title, "rules": row.rules} for row in await Calendar.all()},
            "queues": {row.queue_id: _fields(row, QueuePart) for row in await Queue.all()},
            "wrap_up_codes": {row.code: _fields(row, CodeEdit) for row in await WrapUpCode.all()},
            "away_reasons": {row.reason: _fields(row, ReasonEdit) for row in await AwayReason.all()},
            "template_kinds": {row.kind_id: _fields(row, KindEdit) for row in await TemplateKind.all()},
            "templates": {row.template_id: _fields(row, TemplateEdit) for row in await Template.all()},
            "topics": {row.topic_id: _fields(row, TopicEdit) for row in await Topic.all()},
            "roles": {row.role_id: {"title": row.title, "permissions": row.permissions} for row in await Role.all()},
            "users": {
                row.username: {name: getattr(user_view(row), name) for name in UserPart.__struct_fields__}
                for row in await User.all()
            },
            **{
                section: {one: msgspec.to_builtins(value) for one, (_, value) in definitions.current.items()}
                for section, definitions in self._setup.sections.items()
            },
            "connectors": await self._connectors.described(),
            "flows": {name: _graph(flow) for name, flow in self._library.all_published().items()},
            **self._quality.described(),
            "instances": await self._instances.described(),
            "entries": entries.value if entries else {},
            "settings": {name: msgspec.to_builtins(kept.settings) for name, kept in self._kept.items()},
        }
        ordered = {section: dict(sorted(parts.items())) for section, parts in raw.items()}
        return msgspec.convert(ordered, Configuration)

    async def preview(self, raw: dict[str, Any], identity: Identity) -> list[Change]:
        """Return what applying ``raw`` would change; ConfigInvalid names all that is wrong by path and field."""
        changes, *_ = await self._plan(raw, identity)
        return changes

    async def apply(self, raw: dict[str, Any], identity: Identity, *, remote: str) -> list[Change]:
        """Apply ``raw`` and return what was changed: nothing the second time. ConfigInvalid: nothing was changed."""
        async with self._turn:
            changes, wanted, flows = await self._plan(raw, identity)
            if not changes:
                return []
            changed = {(one.section, one.id) for one in changes}
            new = [name for section, name in changed if section == "users"]
            hashes = {name: await hash_password(random_password()) for name in new}
            async with self._units.open() as unit, self._dispatcher.deciding(unit):
                await self._write(unit, changed, wanted)
                for name, template in wanted.templates.items():
                    if ("templates", name) in changed:
                        await self._templates.write(unit, identity, name, template)
                for name, settings in objects(wanted, "settings").items():
                    if ("settings", name) in changed:
                        await self._kept[name].write(unit, settings)
                await write_sections(unit, identity, self._setup.sections, wanted, changed)
                groups = self._setup.organization.current_groups
                for username in sorted(new):
                    await self._write_user(unit, username, wanted.users[username], hashes[username], groups)
                if any(section == "agent_groups" for section, _ in changed):
                    await self._editor.regroup(unit, groups)
                for name, flow in flows.items():
                    if ("flows", name) in changed:
                        await self._library.replace(unit, identity, name, flow)
                await self._quality.replace(unit, identity, wanted, changed)
                parts = {name: part for name, part in wanted.instances.items() if ("instances", name) in changed}
                await self._instances.replace(parts)
                await self._connectors.replace(
                    {name: part for name, part in wanted.connectors.items() if ("connectors", name) in changed}
                )
                for one in changes:
                    await self._audit.record(
                        identity, "configuration.apply", one.section, one.id, remote=remote,
                        fields=[field.path for field in one.fields][:50],
                    )  # fmt: skip
            await self._library.load()
            await self._consent.load()
            self._sessions.forget_all()
            await self._instances.take_over(parts)
            return changes

    async def _plan(
        self, raw: dict[str, Any], identity: Identity
    ) -> tuple[list[Change], Configuration, dict[str, Flow]]:
        wanted, there = decode_settings(Configuration, raw), await self.export()
        faults: dict[str, str] = {}
        flows = read_flows(wanted, faults)
        faults.update(check(wanted, there, flows, await self._library.surroundings()))
        published = {**self._library.all_published(), **flows}
        entries = {name: entry.queue for name, entry in self._library.entries().items()}
        faults.update(retired_in_use(wanted, there, published, entries))
        itself = wanted.users.get(identity.username)
        if itself is not None and not itself.is_active:
            faults[f"users.{identity.username}.is_active"] = "yourself"
        instances, shown_instances = await self._instances.restored(wanted.instances, faults)
        connectors, shown_connectors = await self._connectors.restored(wanted.connectors, faults)
        wanted = msgspec.structs.replace(wanted, settings=self._checked_settings(wanted, faults))
        if faults:
            raise ConfigInvalid(faults)
        graphs = {name: _graph(flow) for name, flow in flows.items()}
        shown = {"instances": shown_instances, "connectors": shown_connectors}
        changes = compare(there, msgspec.structs.replace(wanted, flows=graphs, **shown))
        listed = {(one.section, one.id) for one in changes}
        secretly = [("instances", name) for name in await self._instances.differing(instances)]
        secretly += [("connectors", name) for name in await self._connectors.differing(connectors)]
        changes += [Change(*one, False, []) for one in secretly if one not in listed]
        return changes, msgspec.structs.replace(wanted, instances=instances, connectors=connectors), flows

    def _checked_settings(self, wanted: Configuration, faults: dict[str, str]) -> SettingsPart:
        """Return the settings as they are stored; what is wrong with them is put among ``faults``."""
        checked = {}
        for name, settings in objects(wanted, "settings").items():
            try:
                checked[name] = self._kept[name].checked(settings)
            except ConfigInvalid as error:
                faults.update({f"settings.{name}.{path}": fault for path, fault in error.faults.items()})
        return SettingsPart(**checked)

    async def _write(self, unit: Unit, changed: set[tuple[str, str]], wanted: Configuration) -> None:
        """Write what consists of one row each."""
        for model, key, section in (
            (Calendar, "calendar_id", "calendars"),
            (Queue, "queue_id", "queues"),
            (WrapUpCode, "code", "wrap_up_codes"),
            (AwayReason, "reason", "away_reasons"),
            (TemplateKind, "kind_id", "template_kinds"),
            (Topic, "topic_id", "topics"),
            (Role, "role_id", "roles"),
        ):
            for name, part in getattr(wanted, section).items():
                if (section, name) in changed:
                    await model.update_or_create(msgspec.to_builtins(part), **{key: name})
        for section, name in sorted(changed):
            if section == "queues":
                await self._dispatcher.know_queue(unit, name)
        if any(section == "entries" for section, _ in changed):
            row = await Setting.get_or_none(key=CHANNELS_KEY)
            value = {**(row.value if row else {}), **msgspec.to_builtins(wanted.entries)}
            await Setting.update_or_create({"value": value}, key=CHANNELS_KEY)

    async def _write_user(
        self, unit: Unit, username: str, part: UserPart, fresh_hash: str, groups: Mapping[str, AgentGroup]
    ) -> None:
        """Make or change an account; a new one cannot log in before it is given a password."""
        values = msgspec.to_builtins(part)
        user = await User.get_or_none(username=username)
        if user is None:
            user = User(
                user_id=new_id(),
                username=username,
                password_hash=fresh_hash,
                must_change_password=True,
                created_at=unit.now,
            )
        set_values(user, values, groups)
        await user.save()
        if not user.is_active:
            await Session.filter(user_id=user.user_id).delete()
            await self._phones.remove_registering(unit, user.user_id)
            await self._dispatcher.return_work(unit, user.user_id)
            await self._dispatcher.set_state(unit, user.user_id, "offline", "disabled")
        await self._dispatcher.know_agent(unit, user)


def _fields(row: Model, part: type[Settings]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in part.__struct_fields__}


def _graph(flow: Flow) -> dict[str, Any]:
    graph: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(flow, version=0))
    return {name: value for name, value in graph.items() if name != "name"}
