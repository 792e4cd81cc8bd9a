"""Makes work orders and leads them to their end: assigned, answered, urged, closed, opened again.

Everybody who changes an order says which version they saw: of two who change it at once the second is refused, and a
change that is asked for again after a lost answer is done once.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.errors import ConfigInvalid
from core.events import (
    NotificationKind,
    WorkOrderChange,
    WorkOrderChanged,
    WorkOrderState,
    WorkOrderView,
)
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.contacts.contacts import Contacts
from hub.contacts.orders import served_by
from hub.conversing import timeline
from hub.conversing.access import visible
from hub.conversing.masking import MASK
from hub.errors import ApiError, not_found
from hub.setup.organization import Organization
from hub.store.models import Address, Contact, Conversation, WorkOrder, WorkOrderStep
from hub.store.views import view
from hub.teamwork.notifications import notify
from hub.texts import clean, clean_line
from hub.units import Unit, Units
from hub.work_orders.access import is_of_department, may_see, shown
from hub.work_orders.history import add_step
from hub.work_orders.people import answering
from hub.work_orders.requests import REQUIRED, Closing, NewWorkOrder, Remark, WorkOrderEdit
from hub.work_orders.settings import WorkOrderSetup

REACHED_BY: Final = ("tel:", "sip:", "mailto:", "fax:")  # addresses that say how to reach somebody, the best first
TOLD: Final = ("created", "answered", "closed", "reopened")  # in the conversation's timeline


class Orders:
    """The one writer of work orders."""

    def __init__(
        self,
        units: Units,
        audit: Audit,
        *,
        contacts: Contacts,
        organization: Organization,
        setup: WorkOrderSetup,
        timezone: Callable[[], str],
    ) -> None:
        self._units = units
        self._audit = audit
        self._contacts = contacts
        self._organization = organization
        self._setup = setup
        self._timezone = timezone

    async def create(self, identity: Identity, new: NewWorkOrder, *, remote: str) -> WorkOrderView:
        """Make an order; the same ``client_id`` makes it once. ConfigInvalid names every field that is missing."""
        async with self._units.open() as unit:
            made = await WorkOrder.get_or_none(created_by=identity.user_id, client_id=new.client_id)
            if made is not None:
                return shown(_view(made), identity)
            contact, conversation = await self._subject(unit, identity, new)
            values = _cleaned({name: getattr(new, name) for name in REQUIRED})
            values["contact_details"] = values["contact_details"] or await _details(contact, conversation)
            self._check({**values, "department_id": new.department_id})
            answer = clean(new.answer).strip()
            row = WorkOrder(
                **values,
                **await self._next_number(unit),
                order_id=new_id(),
                version=1,
                kind=new.kind,
                state="assigned" if new.department_id else "open",
                department_id=new.department_id,
                contact_id=contact.contact_id,
                conversation_id=None if conversation is None else conversation.conversation_id,
                created_by=identity.user_id,
                creator_name=identity.display_name,
                client_id=new.client_id,
                created_at=unit.now,
            )
            await self._begin(row, unit)
            unit.add(row)
            await self._note(unit, identity, row, "created", remote=remote)
            if answer:
                _answer(row, unit, answer)
                await self._note(unit, identity, row, "answered", answer, remote=remote)
            else:
                await self._tell_department(unit, identity, row, "order_assigned")
            return shown(_view(row), identity)

    async def edit(self, identity: Identity, order_id: str, edit: WorkOrderEdit, *, remote: str) -> WorkOrderView:
        """Change what an order says, or pass it on, while it waits for its answer; its creator's and leaders' to do."""
        given = {name: getattr(edit, name) for name in edit.__struct_fields__ if name != "version"}
        values = _cleaned({name: value for name, value in given.items() if value is not None})

        async def apply(unit: Unit, row: WorkOrder) -> None:
            _refuse_unless(row, "open", "assigned")
            if row.created_by != identity.user_id:
                identity.require("work_order.manage")
            self._check(values)
            is_passed_on = values.get("department_id", row.department_id) != row.department_id
            is_timed_anew = values.get("kind", row.kind) != row.kind
            for name, value in values.items():
                setattr(row, name, value)
            row.state = "assigned" if row.department_id else "open"
            if is_timed_anew:
                await self._time(row)
            if is_passed_on:
                await self._tell_department(unit, identity, row, "order_assigned")

        return await self._change(identity, order_id, edit.version, "edited", apply, sets=values, remote=remote)

    async def answer(self, identity: Identity, order_id: str, said: Remark, *, remote: str) -> WorkOrderView:
        """Answer an order of one's department or, for leaders, any; whoever made it is told."""

        async def apply(unit: Unit, row: WorkOrder) -> None:
            _refuse_unless(row, "open", "assigned")
            if not is_of_department(identity, self._organization, row):
                identity.require("work_order.manage")
            _answer(row, unit, text)
            if row.created_by != identity.user_id:
                notify(unit, row.created_by, "order_answered", row.conversation_id, **_about(row))

        text = _words(said)
        return await self._change(identity, order_id, said.version, "answered", apply, text=text, remote=remote)

    async def urge(self, identity: Identity, order_id: str, said: Remark, *, remote: str) -> WorkOrderView:
        """Remind the department of an order that waits, or whoever made it while it has no department."""

        async def apply(unit: Unit, row: WorkOrder) -> None:
            _refuse_unless(row, "open", "assigned")
            row.urged += 1
            await self._tell_department(unit, identity, row, "order_urged")

        text = _words(said)
        return await self._change(identity, order_id, said.version, "urged", apply, text=text, remote=remote)

    async def close(self, identity: Identity, order_id: str, closing: Closing, *, remote: str) -> WorkOrderView:
        """Close an answered order by what the revisit found."""

        async def apply(unit: Unit, row: WorkOrder) -> None:
            _refuse_unless(row, "answered")
            row.state, row.outcome, row.closed_at = "closed", closing.outcome, unit.now

        text, sets = clean(closing.text).strip(), {"outcome": closing.outcome}
        return await self._change(
            identity, order_id, closing.version, "closed", apply, text=text, sets=sets, remote=remote
        )

    async def reopen(self, identity: Identity, order_id: str, said: Remark, *, remote: str) -> WorkOrderView:
        """Have an order answered again, by a new time; its earlier answers stay in its history."""

        async def apply(unit: Unit, row: WorkOrder) -> None:
            _refuse_unless(row, "answered", "closed")
            row.state = "assigned" if row.department_id else "open"
            row.answer, row.answered_at, row.outcome, row.closed_at = "", None, None, None
            row.reopened += 1
            await self._begin(row, unit)
            await self._tell_department(unit, identity, row, "order_assigned")

        text = _words(said)
        return await self._change(identity, order_id, said.version, "reopened", apply, text=text, remote=remote)

    async def row(self, identity: Identity, order_id: str) -> WorkOrder:
        """Return an order's row when the user may see it; 404 otherwise."""
        row = await WorkOrder.get_or_none(order_id=order_id)
        if row is None or not await may_see(identity, self._organization, row):
            raise not_found("work order")
        return row

    async def _change(
        self,
        identity: Identity,
        order_id: str,
        version: int,
        change: WorkOrderChange,
        apply: Callable[[Unit, WorkOrder], Awaitable[None]],
        *,
        text: str = "",
        sets: Mapping[str, object] | None = None,
        remote: str,
    ) -> WorkOrderView:
        """Let ``apply`` change the order and write down ``text``; ``sets`` are values it has then."""
        async with self._units.open() as unit:
            row = await self.row(identity, order_id)
            if row.version != version:
                done = WorkOrderStep.filter(order_id=order_id, version=row.version, kind=change, by_id=identity.user_id)
                is_so = all(getattr(row, name) == value for name, value in (sets or {}).items())
                if row.version == version + 1 and is_so and await done.filter(text=text).exists():
                    return shown(_view(row), identity)  # the same again after a lost answer
                raise ApiError(409, "edited_meanwhile", "somebody else changed the order meanwhile")
            former = self._organization.with_those_above(row.department_id)
            await apply(unit, row)
            row.version += 1
            unit.touch(row)
            edited = list(sets or ()) if change == "edited" else []
            await self._note(unit, identity, row, change, text, edited=edited, former=former, remote=remote)
            return shown(_view(row), identity)

    async def _subject(self, unit: Unit, identity: Identity, new: NewWorkOrder) -> tuple[Contact, Conversation | None]:
        """Return whom an order is about and the conversation it comes from; 404 when they are not the user's to see."""
        if new.conversation_id is not None:
            conversation = await visible(unit, identity, new.conversation_id)
            return await unit.contact(conversation.contact_id), conversation
        if new.contact_id is None:
            raise ConfigInvalid({"contact_id": "missing"})
        return await self._contacts.visible(unit, identity, new.contact_id), None

    def _check(self, values: Mapping[str, Any]) -> None:
        """Raise ConfigInvalid naming each of ``values`` that an order cannot have."""
        faults = {name: "missing" for name in REQUIRED if not values.get(name, "-")}
        if MASK in values.get("contact_details", ""):
            faults["contact_details"] = "number_masked"  # nobody could be reached by it
        department_id = values.get("department_id")
        if department_id:
            _, department = self._organization.departments.current.get(department_id, (0, None))
            if department is None or not department.is_active:
                faults["department_id"] = "unknown"
        if faults:
            raise ConfigInvalid(faults)

    async def _next_number(self, unit: Unit) -> dict[str, Any]:
        """Return the columns that count the day's orders; units come one after the other, so nobody has the same."""
        day = f"{unit.now.astimezone(ZoneInfo(self._timezone())):%Y%m%d}"
        last = await WorkOrder.filter(day=day).order_by("-serial").first()
        serial = 1 if last is None else last.serial + 1
        return {"day": day, "serial": serial, "number": f"{day}-{serial:04}"}

    async def _begin(self, row: WorkOrder, unit: Unit) -> None:
        row.begun_at = unit.now
        await self._time(row)

    async def _time(self, row: WorkOrder) -> None:
        row.due_at = row.warn_at = await self._setup.due_at(row.kind, row.begun_at)

    async def _tell_department(self, unit: Unit, identity: Identity, row: WorkOrder, kind: NotificationKind) -> None:
        told = await answering(self._organization, row.department_id) if row.department_id else [row.created_by]
        for user_id in told:
            if user_id != identity.user_id:
                notify(unit, user_id, kind, row.conversation_id, **_about(row))

    async def _note(
        self,
        unit: Unit,
        identity: Identity,
        row: WorkOrder,
        change: WorkOrderChange,
        text: str = "",
        *,
        edited: list[str] | None = None,
        former: tuple[str, ...] = (),
        remote: str,
    ) -> None:
        """Write down what was done, tell every desk, and let the conversation's timeline say so."""
        add_step(unit, row, change, identity, text=text, edited=edited)
        department_ids = self._organization.with_those_above(row.department_id)
        queue_ids, agent_ids = await served_by(row.contact_id)
        event = WorkOrderChanged(
            order=_view(row),
            change=change,
            department_ids=department_ids,
            former_department_ids=former,
            queue_ids=queue_ids,
            agent_ids=agent_ids,
        )
        unit.record(event, row.order_id, conversation_id=row.conversation_id)
        await self._audit.record(identity, f"work_order.{change}", "work_order", row.order_id, remote=remote)
        if change in TOLD and row.conversation_id is not None:
            conversation = await unit.conversation(row.conversation_id)
            while conversation.merged_into is not None:
                conversation = await unit.conversation(conversation.merged_into)
            code = f"work_order_{change}"
            timeline.add_notice(unit, conversation, code, agent=identity.display_name, **_about(row))


async def _details(contact: Contact, conversation: Conversation | None) -> str:
    """Return how the contact is reached: where the conversation answers to, or else their best address."""
    uris = [] if conversation is None else [conversation.reply_address or conversation.address]
    known = await Address.filter(contact_id=contact.contact_id).order_by("-is_preferred", "created_at")
    uris += [address.uri for scheme in REACHED_BY for address in known if address.uri.startswith(scheme)]
    return next((uri.partition(":")[2][:200] for uri in uris if uri.startswith(REACHED_BY)), "")


def _cleaned(values: Mapping[str, str]) -> dict[str, str]:
    """Return ``values`` without what no person typed; only the content has several lines."""
    return {name: clean(value).strip() if name == "content" else clean_line(value) for name, value in values.items()}


def _answer(row: WorkOrder, unit: Unit, text: str) -> None:
    row.state, row.answer, row.answered_at, row.warn_at = "answered", text, unit.now, None


def _refuse_unless(row: WorkOrder, *states: WorkOrderState) -> None:
    if row.state not in states:
        raise ApiError(409, "wrong_order_state", f"the work order is {row.state}")


def _words(said: Remark) -> str:
    """Return what was said; ConfigInvalid when it is only blanks."""
    text = clean(said.text).strip()
    if not text:
        raise ConfigInvalid({"text": "missing"})
    return text


def _about(row: WorkOrder) -> dict[str, str]:
    return {"number": row.number, "order_id": row.order_id}


def _view(row: WorkOrder) -> WorkOrderView:
    return view(WorkOrderView, row)
