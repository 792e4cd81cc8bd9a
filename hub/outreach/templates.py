"""Texts with variables, by kind: what operators manage, agents insert, bulk sends and flows send.

A template of a kind that needs approval is sent only while it is approved; changing its words takes that back.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.events import ConversationView
from core.flow.templates import fill, names_in
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.errors import ApiError, not_found
from hub.outreach.initials import initials
from hub.store.fields import ID_LENGTH, NAME_LENGTH
from hub.store.models import Template, TemplateKind
from hub.units import Unit, Units

KNOWN_VARIABLES: Final = ("contact_name", "agent_name", "work_number", "date")  # filled wherever they are known

Approval = Literal["draft", "pending", "approved", "rejected"]
Scheme = Annotated[str, Meta(pattern="^[a-z][a-z0-9+.-]{0,15}$")]
Slug = Annotated[str, Meta(pattern="^[a-z0-9_-]{1,64}$")]


class KindEdit(Settings, frozen=True, kw_only=True):
    """What a group of templates is for."""

    title: dict[Literal["zh", "en"], Annotated[str, Meta(min_length=1, max_length=100)]]
    is_reply: bool = False
    needs_approval: bool = False
    position: int = 0
    is_active: bool = True


class KindView(KindEdit, frozen=True, kw_only=True):
    """A group of templates."""

    kind_id: Slug


class TemplateEdit(Settings, frozen=True, kw_only=True):
    """What an operator writes."""

    kind_id: Slug
    title: Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
    text: Annotated[str, Meta(min_length=1, max_length=4_000)]
    shortcut: Annotated[str, Meta(max_length=32)] = ""
    channels: Annotated[tuple[Scheme, ...], Meta(max_length=10)] = ()
    subject: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    external_id: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    is_active: bool = True


class NewTemplate(TemplateEdit, frozen=True, kw_only=True):
    """What an operator writes; without ``template_id`` it is a new one."""

    template_id: Annotated[str, Meta(max_length=ID_LENGTH)] = ""


class TemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """A template as operators see it; ``variables`` are the names in its text and subject."""

    template_id: str
    kind_id: str
    title: str
    text: str
    shortcut: str
    channels: list[str]
    subject: str
    external_id: str
    approval: Approval
    approval_note: str
    is_active: bool
    author: str
    changed_at: datetime
    variables: list[str]


class CannedReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply with its variables filled; ``keys`` is what typing is compared with."""

    template_id: str
    title: str
    text: str
    shortcut: str
    keys: str


class Templates:
    """Manages kinds and templates."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._audit = audit

    async def kinds(self) -> list[KindView]:
        """Return every kind in its place."""
        rows = await TemplateKind.all().order_by("position", "kind_id")
        return [
            msgspec.convert({name: getattr(row, name) for name in KindView.__struct_fields__}, KindView) for row in rows
        ]

    async def save_kind(self, identity: Identity, kind: KindView, *, remote: str) -> KindView:
        """Make or change a kind."""
        async with self._units.open():
            values = msgspec.to_builtins(kind)
            await TemplateKind.update_or_create(values, kind_id=values.pop("kind_id"))
            await self._audit.record(identity, "template_kind.save", "template_kind", kind.kind_id, remote=remote)
        return kind

    async def all(self) -> list[TemplateView]:
        """Return every template by kind and title."""
        return [template_view(row) for row in await Template.all().order_by("kind_id", "title")]

    async def save(self, identity: Identity, new: NewTemplate, *, remote: str) -> TemplateView:
        """Make or change a template; other words have to be approved again."""
        async with self._units.open() as unit:
            if await TemplateKind.get_or_none(kind_id=new.kind_id) is None:
                raise ApiError(422, "invalid", "no such kind", fields={"kind_id": "unknown"})
            if new.template_id and not await Template.exists(template_id=new.template_id):
                raise not_found("template")
            row = await self.write(unit, identity, new.template_id or new_id(), new)
            await self._audit.record(identity, "template.save", "template", row.template_id, remote=remote)
            return template_view(row)

    async def write(self, unit: Unit, identity: Identity, template_id: str, edit: TemplateEdit) -> Template:
        """Make or change the template of this id; its kind is known."""
        row = await Template.get_or_none(template_id=template_id)
        if row is None:
            row = Template(template_id=template_id, created_at=unit.now)
        words = (row.text, row.subject, row.kind_id)
        for name in ("kind_id", "title", "text", "shortcut", "subject", "external_id", "is_active"):
            setattr(row, name, getattr(edit, name))
        row.channels = list(edit.channels)
        if (row.text, row.subject, row.kind_id) != words:
            row.approval, row.approval_note = "draft", ""
        row.author = identity.username
        row.changed_at = unit.now
        await row.save()
        return row

    async def judge(
        self, identity: Identity, template_id: str, approval: Approval, note: str, *, remote: str
    ) -> TemplateView:
        """Say how far the approval of a template is."""
        async with self._units.open() as unit:
            row = await Template.get_or_none(template_id=template_id)
            if row is None:
                raise not_found("template")
            row.approval, row.approval_note, row.changed_at = approval, note, unit.now
            await row.save()
            await self._audit.record(
                identity, "template.approve", "template", template_id, remote=remote, approval=approval
            )
            return template_view(row)

    async def sendable(self, template_id: str, scheme: str) -> Template:
        """Return a template that may go out over ``scheme``; 422 says why it may not."""
        row = await Template.get_or_none(template_id=template_id, is_active=True)
        if row is None:
            raise ApiError(422, "invalid", "no such template", fields={"template_id": "unknown"})
        if row.channels and scheme not in row.channels:
            raise ApiError(422, "invalid", f"not for {scheme}", fields={"template_id": "other_channel"})
        kind = await TemplateKind.get_or_none(kind_id=row.kind_id)
        if kind is not None and not kind.is_active:
            raise ApiError(422, "invalid", "its kind is retired", fields={"template_id": "kind_retired"})
        if kind is not None and kind.needs_approval and row.approval != "approved":
            raise ApiError(422, "invalid", "not approved", fields={"template_id": "not_approved"})
        return row

    async def replies(
        self, identity: Identity, conversation: ConversationView, template_ids: Collection[str] | None = None
    ) -> list[CannedReply]:
        """Return the replies an agent may insert into ``conversation``, filled in; those named, of whatever kind."""
        kinds = {row.kind_id: row for row in await TemplateKind.filter(is_active=True)}
        rows = Template.filter(is_active=True)
        if template_ids is None:
            rows = rows.filter(kind_id__in=[kind_id for kind_id, kind in kinds.items() if kind.is_reply])
        else:
            rows = rows.filter(kind_id__in=list(kinds), template_id__in=list(template_ids))
        channel = conversation.reply_address.partition(":")[0] or conversation.channel
        values = known_values(self._units.now(), contact_name=conversation.contact_name, agent=identity)
        return [
            CannedReply(
                template_id=row.template_id,
                title=row.title,
                text=fill(row.text, values),
                shortcut=row.shortcut,
                keys=f"{row.shortcut} {row.title} {initials(row.title)}".lower(),
            )
            for row in await rows.order_by("title")
            if (not row.channels or channel in row.channels)
            and (row.approval == "approved" or not kinds[row.kind_id].needs_approval)
        ]


def known_values(now: datetime, *, contact_name: str = "", agent: Identity | None = None) -> dict[str, str]:
    """Return the variables that every template may use, as far as they are known."""
    return {
        "contact_name": contact_name,
        "agent_name": agent.display_name if agent else "",
        "work_number": agent.work_number if agent else "",
        "date": now.astimezone().date().isoformat(),
    }


def template_view(row: Template) -> TemplateView:
    """Return a row of ``template`` as a view."""
    names = [name for name in TemplateView.__struct_fields__ if name != "variables"]
    variables = [*dict.fromkeys([*names_in(row.subject), *names_in(row.text)])]
    return msgspec.convert({**{name: getattr(row, name) for name in names}, "variables": variables}, TemplateView)
