"""Queues and their rules."""

from typing import Any

import msgspec

from core.config import Settings
from hub.dispatch.queues import QueueSetup, Title
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class QueueList(msgspec.Struct, frozen=True):
    """Every queue."""

    items: list[QueueSetup]


class Retirement(Settings, frozen=True, kw_only=True):
    """Whether a queue is out of use, and where what waits in it moves; without ``move_to`` it is served yet."""

    is_retired: bool
    move_to: str = ""


class NewQueue(Settings, frozen=True, kw_only=True):
    """A queue's name by language and its rules."""

    title: Title
    rules: dict[str, Any] = {}


@api.add("GET", "/api/v1/queues", "admin.queues", answer=QueueList)
async def list_queues(services: Services, call: Call[NoBody]) -> QueueList:
    """List every queue."""
    return QueueList(await services.queue_editor.all())


@api.add("PUT", "/api/v1/queues/{queue_id}", "admin.queues", body=NewQueue, answer=QueueSetup)
async def save_queue(services: Services, call: Call[NewQueue]) -> QueueSetup:
    """Make or change a queue; waiting work follows the new rules at once."""
    rules = services.queues.checked(call.path["queue_id"], call.body.rules)
    saved = await services.queue_editor.save(
        call.identity,
        call.path["queue_id"],
        dict[str, str](call.body.title.items()),
        rules,
        remote=call.remote,
    )
    services.desk.refresh()  # every desk lists the queues
    return saved


@api.add(
    "PUT",
    "/api/v1/queues/{queue_id}/retirement",
    "admin.queues",
    body=Retirement,
    answer=QueueSetup,
    problems=(404, 409),
)
async def retire_queue(services: Services, call: Call[Retirement]) -> QueueSetup:
    """Put a queue out of use, or back into it; 409 ``queue_in_use`` while flows, entries or queues lead to it."""
    identity, queue_id = call.identity, call.path["queue_id"]
    if call.body.is_retired:
        return await services.queue_editor.retire(identity, queue_id, move_to=call.body.move_to, remote=call.remote)
    return await services.queue_editor.reinstate(identity, queue_id, remote=call.remote)
