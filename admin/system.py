"""The state of the installation: processes, streams, disk, lines, and what to do."""

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.system.views import SystemView

api = Endpoints()


@api.add("GET", "/api/v1/system", "admin.system", answer=SystemView)
async def get_system(services: Services, call: Call[NoBody]) -> SystemView:
    """Return how everything is, looked at within the last seconds."""
    return await services.monitor.view()
