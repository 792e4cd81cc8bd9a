"""How soon work orders are answered, and who is warned."""

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.work_orders.settings import WorkOrderSettings

api = Endpoints()
SETTINGS = "/api/v1/work-order-settings"


@api.add("GET", SETTINGS, "admin.queues", answer=WorkOrderSettings)
async def show_settings(services: Services, call: Call[NoBody]) -> WorkOrderSettings:
    """Return how soon each kind of work order is answered."""
    return services.work_orders.setup.settings


@api.add("PUT", SETTINGS, "admin.queues", body=WorkOrderSettings, answer=WorkOrderSettings)
async def save_settings(services: Services, call: Call[WorkOrderSettings]) -> WorkOrderSettings:
    """Change them for orders whose time begins from now on."""
    return await services.work_orders.setup.save(call.identity, call.body, remote=call.remote)
