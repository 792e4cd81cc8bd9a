"""Work orders, as agents make them, departments answer them and leaders follow them."""

import msgspec

from core.events import WorkOrderView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.work_orders.finding import FullOrder, OrderFigures, OrdersQuery
from hub.work_orders.requests import Closing, NewWorkOrder, Remark, WorkOrderEdit

api = Endpoints()
ORDERS = "/api/v1/work-orders"
ORDER = f"{ORDERS}/{{order_id}}"
MANAGE = "work_order.manage"


class OrderPage(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[WorkOrderView]


@api.add("GET", ORDERS, "desk.use", query=OrdersQuery, answer=OrderPage)
async def list_orders(services: Services, call: Call[NoBody]) -> OrderPage:
    """List work orders that the user may see, by state, kind, department, contact and words."""
    return OrderPage(await services.work_orders.lists.page(call.identity, call.query))


@api.add("GET", f"{ORDERS}/figures", "desk.use", answer=OrderFigures)
async def count_orders(services: Services, call: Call[NoBody]) -> OrderFigures:
    """Return how many wait, are overdue, are answered."""
    return await services.work_orders.lists.figures(call.identity)


@api.add("POST", ORDERS, "work_order.create", body=NewWorkOrder, answer=WorkOrderView, problems=(404,))
async def create_order(services: Services, call: Call[NewWorkOrder]) -> WorkOrderView:
    """Make a work order from a conversation or for a contact."""
    return await services.work_orders.orders.create(call.identity, call.body, remote=call.remote)


@api.add("GET", ORDER, "desk.use", answer=FullOrder, problems=(404,))
async def show_order(services: Services, call: Call[NoBody]) -> FullOrder:
    """Return a work order with its history."""
    row = await services.work_orders.orders.row(call.identity, call.path["order_id"])
    return await services.work_orders.lists.full(call.identity, row)


@api.add("PATCH", ORDER, "work_order.create", body=WorkOrderEdit, answer=WorkOrderView, problems=(403, 404, 409))
async def edit_order(services: Services, call: Call[WorkOrderEdit]) -> WorkOrderView:
    """Change a work order that waits for its answer, or pass it to another department."""
    return await services.work_orders.orders.edit(call.identity, call.path["order_id"], call.body, remote=call.remote)


@api.add("POST", f"{ORDER}/answer", "work_order.answer", body=Remark, answer=WorkOrderView, problems=(404, 409))
async def answer_order(services: Services, call: Call[Remark]) -> WorkOrderView:
    """Answer a work order."""
    return await services.work_orders.orders.answer(call.identity, call.path["order_id"], call.body, remote=call.remote)


@api.add("POST", f"{ORDER}/urge", MANAGE, body=Remark, answer=WorkOrderView, problems=(404, 409))
async def urge_order(services: Services, call: Call[Remark]) -> WorkOrderView:
    """Remind the department of a work order."""
    return await services.work_orders.orders.urge(call.identity, call.path["order_id"], call.body, remote=call.remote)


@api.add("POST", f"{ORDER}/close", MANAGE, body=Closing, answer=WorkOrderView, problems=(404, 409))
async def close_order(services: Services, call: Call[Closing]) -> WorkOrderView:
    """Close an answered work order after its revisit."""
    return await services.work_orders.orders.close(call.identity, call.path["order_id"], call.body, remote=call.remote)


@api.add("POST", f"{ORDER}/reopen", MANAGE, body=Remark, answer=WorkOrderView, problems=(404, 409))
async def reopen_order(services: Services, call: Call[Remark]) -> WorkOrderView:
    """Have a work order answered again."""
    return await services.work_orders.orders.reopen(call.identity, call.path["order_id"], call.body, remote=call.remote)
