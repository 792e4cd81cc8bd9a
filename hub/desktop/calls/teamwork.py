"""Between colleagues: rooms, bulletins, and what the user is told of."""

from typing import Annotated

import msgspec
from msgspec import Meta

from core.events import BulletinView, RoomMessageView, RoomView
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.teamwork.bulletins import ListedBulletin, NewBulletin, Reader
from hub.teamwork.rooms import NewRoom, NewRoomMessage, RoomEdit

api = Endpoints()


class MessagesQuery(msgspec.Struct, frozen=True):
    """A page of a room, ending before message ``before``."""

    before: Annotated[str, Meta(max_length=36)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class RoomMessagePage(msgspec.Struct, frozen=True):
    """Oldest first; ``has_more`` older ones exist."""

    items: list[RoomMessageView]
    has_more: bool


class BulletinList(msgspec.Struct, frozen=True):
    """Newest first."""

    items: list[ListedBulletin]


class ReaderList(msgspec.Struct, frozen=True):
    """Those who have not confirmed first."""

    items: list[Reader]


@api.add("POST", "/api/v1/rooms", "desk.use", body=NewRoom, answer=RoomView, problems=(409,))
async def open_room(services: Services, call: Call[NewRoom]) -> RoomView:
    """Open a chat with a colleague, or a group."""
    return await services.rooms.open(call.identity, call.body)


@api.add("PATCH", "/api/v1/rooms/{room_id}", "desk.use", body=RoomEdit, answer=RoomView, problems=(409,))
async def edit_room(services: Services, call: Call[RoomEdit]) -> RoomView:
    """Rename a group or change its members."""
    return await services.rooms.edit(call.identity, call.path["room_id"], call.body)


@api.add("POST", "/api/v1/rooms/{room_id}/leave", "desk.use", problems=(409,))
async def leave_room(services: Services, call: Call[NoBody]) -> None:
    """Leave a group."""
    await services.rooms.leave(call.identity, call.path["room_id"])


@api.add("GET", "/api/v1/rooms/{room_id}/messages", "desk.use", query=MessagesQuery, answer=RoomMessagePage)
async def list_room_messages(services: Services, call: Call[NoBody]) -> RoomMessagePage:
    """Return a page of what was said in a room, oldest first."""
    query: MessagesQuery = call.query
    items, has_more = await services.rooms.messages(
        call.identity, call.path["room_id"], before=query.before, limit=query.limit
    )
    return RoomMessagePage(items, has_more)


@api.add("POST", "/api/v1/rooms/{room_id}/messages", "desk.use", body=NewRoomMessage, answer=RoomMessageView)
async def say_in_room(services: Services, call: Call[NewRoomMessage]) -> RoomMessageView:
    """Write to the members of a room."""
    return await services.rooms.say(call.identity, call.path["room_id"], call.body)


@api.add("POST", "/api/v1/rooms/{room_id}/read", "desk.use")
async def read_room(services: Services, call: Call[NoBody]) -> None:
    """Say that one has seen everything in a room."""
    await services.rooms.read(call.identity, call.path["room_id"])


@api.add("GET", "/api/v1/bulletins", "desk.use", answer=BulletinList)
async def list_bulletins(services: Services, call: Call[NoBody]) -> BulletinList:
    """List the latest bulletins."""
    return BulletinList(await services.bulletins.all(call.identity))


@api.add("POST", "/api/v1/bulletins", "bulletin.publish", body=NewBulletin, answer=BulletinView)
async def publish_bulletin(services: Services, call: Call[NewBulletin]) -> BulletinView:
    """Publish a bulletin that is to be read."""
    return await services.bulletins.publish(call.identity, call.body, remote=call.remote)


@api.add("DELETE", "/api/v1/bulletins/{bulletin_id}", "bulletin.publish", answer=BulletinView)
async def withdraw_bulletin(services: Services, call: Call[NoBody]) -> BulletinView:
    """Take a bulletin from the desks; it stays in the list."""
    return await services.bulletins.withdraw(call.identity, call.path["bulletin_id"], remote=call.remote)


@api.add("GET", "/api/v1/bulletins/{bulletin_id}/readers", "bulletin.publish", answer=ReaderList)
async def list_bulletin_readers(services: Services, call: Call[NoBody]) -> ReaderList:
    """List who is to read a bulletin, and who has confirmed it."""
    return ReaderList(await services.bulletins.readers(call.path["bulletin_id"]))


@api.add("POST", "/api/v1/bulletins/{bulletin_id}/confirm", "desk.use")
async def confirm_bulletin(services: Services, call: Call[NoBody]) -> None:
    """Say that one has read a bulletin."""
    await services.bulletins.confirm(call.identity, call.path["bulletin_id"])


@api.add("POST", "/api/v1/notifications/{notification_id}/seen", "desk.use")
async def see_notification(services: Services, call: Call[NoBody]) -> None:
    """Say that one has seen a notification."""
    await services.notifications.see(call.identity, call.path["notification_id"])


@api.add("POST", "/api/v1/notifications/seen", "desk.use")
async def see_all_notifications(services: Services, call: Call[NoBody]) -> None:
    """Say that one has seen all notifications."""
    await services.notifications.see_all(call.identity)
