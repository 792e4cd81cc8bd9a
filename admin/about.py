"""What the installation is made of."""

import asyncio

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.system.about import About, about

api = Endpoints()


@api.add("GET", "/api/v1/about", "admin.system", answer=About)
async def get_about(services: Services, call: Call[NoBody]) -> About:
    """Return versions, and every library with its licence."""
    return await asyncio.to_thread(about)
