"""The simulator: what waits would be with other agents, another load, another strategy."""

from typing import Any

import msgspec

from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.staffing.model import Plan, SimulationView

api = Endpoints()


class QueueFloor(msgspec.Struct, frozen=True, kw_only=True):
    """A queue to begin with: how many agents serve it, and what it aims at."""

    queue_id: str
    title: dict[str, str]
    agents: int
    target_s: float
    strategy: str


class QueueFloors(msgspec.Struct, frozen=True):
    """Every active queue."""

    items: list[QueueFloor]


@api.add("GET", "/api/v1/queue-floors", "admin.queues", answer=QueueFloors)
async def list_queue_floors(services: Services, call: Call[NoBody]) -> QueueFloors:
    """List the queues with what a simulation of each would begin with."""
    agents = services.desk.agents.values()
    return QueueFloors(
        [
            QueueFloor(
                queue_id=queue.queue_id,
                title=queue.title,
                agents=sum(queue.queue_id in agent.queue_ids for agent in agents),
                target_s=queue.rules.service_s,
                strategy=queue.rules.strategy[0],
            )
            for queue in await services.queue_editor.all()
            if queue.is_active
        ]
    )


@api.add("POST", "/api/v1/simulations", "admin.queues", body=Plan, answer=SimulationView, status=202, problems=(409,))
async def begin_simulation(services: Services, call: Call[Plan]) -> SimulationView:
    """Begin a simulation; what theory says comes at once."""
    return services.simulator.begin(call.identity.user_id, call.body)


@api.add("GET", "/api/v1/simulations/{simulation_id}", "admin.queues", answer=SimulationView, problems=(404,))
async def get_simulation(services: Services, call: Call[NoBody]) -> SimulationView:
    """Return how far a simulation is; one that nobody asks about for half a minute is stopped."""
    return services.simulator.view(call.identity.user_id, call.path["simulation_id"])


@api.add("DELETE", "/api/v1/simulations/{simulation_id}", "admin.queues", problems=(404,))
async def cancel_simulation(services: Services, call: Call[Any]) -> None:
    """Stop a simulation."""
    await services.simulator.cancel(call.identity.user_id, call.path["simulation_id"])
