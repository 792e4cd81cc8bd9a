"""Who sees which work orders, as rows and as events, and how: the middle of numbers is hidden from some."""

import msgspec
from tortoise.expressions import Q, Subquery

from core.events import WorkOrderChanged, WorkOrderView
from hub.accounts.identity import Identity
from hub.conversing.masking import mask_numbers
from hub.setup.organization import Organization
from hub.store.models import Conversation, WorkOrder


def shown(order: WorkOrderView, identity: Identity) -> WorkOrderView:
    """Return ``order`` as ``identity`` may see it."""
    if identity.may("address.reveal"):
        return order
    return msgspec.structs.replace(order, contact_details=mask_numbers(order.contact_details))


def sees(identity: Identity, event: WorkOrderChanged) -> bool:
    """Whether the order is the user's to see: a leader's, one's own, one's department's, or of a contact one serves."""
    return (
        identity.may("work_order.manage")
        or identity.may("queue.all")
        or event.order.created_by == identity.user_id
        or _answers_for(identity, event.department_ids)
        or identity.user_id in event.agent_ids
        or not identity.queue_ids.isdisjoint(event.queue_ids)
    )


def loses(identity: Identity, event: WorkOrderChanged) -> bool:
    """Whether the order was the user's to see until this event took it away from their department."""
    return _answers_for(identity, event.former_department_ids) and not sees(identity, event)


def visible_to(identity: Identity, organization: Organization) -> Q:
    """Return what narrows to the orders that ``sees`` lets the user see."""
    if identity.may("work_order.manage") or identity.may("queue.all"):
        return Q()
    contacts = Subquery(Conversation.filter(_served(identity)).values("contact_id"))
    wanted = Q(created_by=identity.user_id) | Q(contact_id__in=contacts)
    return wanted | of_department(identity, organization) if identity.may("work_order.answer") else wanted


async def may_see(identity: Identity, organization: Organization, row: WorkOrder) -> bool:
    """Whether ``visible_to`` lets the user see the order, asked of it alone: the contact's conversations are few."""
    return (
        identity.may("work_order.manage")
        or identity.may("queue.all")
        or row.created_by == identity.user_id
        or (identity.may("work_order.answer") and is_of_department(identity, organization, row))
        or await Conversation.filter(_served(identity), contact_id=row.contact_id).exists()
    )


def is_of_department(identity: Identity, organization: Organization, row: WorkOrder) -> bool:
    """Whether the order is the user's department's or one's below it."""
    return row.department_id in organization.with_those_below(identity.department_id)


def of_department(identity: Identity, organization: Organization) -> Q:
    """Return what narrows to the orders of the user's department and those below it; to none without one."""
    return Q(department_id__in=organization.with_those_below(identity.department_id))


def _served(identity: Identity) -> Q:
    return Q(agent_id=identity.user_id) | Q(queue_id__in=sorted(identity.queue_ids))


def _answers_for(identity: Identity, department_ids: tuple[str, ...]) -> bool:
    return identity.may("work_order.answer") and identity.department_id in department_ids
