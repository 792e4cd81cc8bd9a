"""Chat among colleagues: rooms of two, and groups with a name."""

from typing import Annotated, Final

from msgspec import Meta

from core.config import Settings
from core.events import RoomChanged, RoomMessageAdded, RoomMessageView, RoomView
from core.ids import new_id
from hub.accounts.identity import Identity
from hub.errors import ApiError, not_found
from hub.store.fields import ID_LENGTH
from hub.store.models import Room, RoomMember, RoomMessage, User
from hub.store.views import view
from hub.texts import clean, clean_line
from hub.units import Unit, Units

MAX_MEMBERS: Final = 100
MAX_ROOMS: Final = 200  # of one user
PREVIEW_CHARS: Final = 120

Id = Annotated[str, Meta(max_length=ID_LENGTH)]
Title = Annotated[str, Meta(max_length=100)]
Members = Annotated[tuple[Id, ...], Meta(max_length=MAX_MEMBERS - 1)]


class NewRoom(Settings, frozen=True, kw_only=True):
    """Who else is in it; a room with a title is a group, one without is for two and opened once."""

    title: Title = ""
    member_ids: Annotated[Members, Meta(min_length=1)]


class RoomEdit(Settings, frozen=True, kw_only=True):
    """A group's name and members; what is left out stays."""

    title: Annotated[Title, Meta(min_length=1)] | None = None
    member_ids: Annotated[Members, Meta(min_length=1)] | None = None


class NewRoomMessage(Settings, frozen=True, kw_only=True):
    """What is said; ``client_id`` is the browser's own and the same when it repeats itself."""

    client_id: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Annotated[str, Meta(min_length=1, max_length=4_000)]


class Rooms:
    """What members do; nobody else knows of a room."""

    def __init__(self, units: Units) -> None:
        self._units = units

    async def open(self, identity: Identity, new: NewRoom) -> RoomView:
        """Open a room with others; the room of the same two is opened once."""
        async with self._units.open() as unit:
            member_ids = await _known({identity.user_id, *new.member_ids})
            title = clean_line(new.title)
            if len(member_ids) < 2 or (not title and len(member_ids) > 2):
                raise ApiError(422, "invalid", "two, or a group with a title", fields={"member_ids": "out_of_range"})
            if not title and (known := await _room_of_two(*sorted(member_ids))) is not None:
                return view(RoomView, known)
            mine = await RoomMember.filter(user_id=identity.user_id).count()
            if mine >= MAX_ROOMS:
                raise ApiError(409, "too_many", f"at most {MAX_ROOMS} rooms")
            room = Room(
                room_id=new_id(),
                title=title,
                unread=dict.fromkeys(sorted(member_ids), 0),
                last_at=unit.now,
                created_at=unit.now,
            )
            unit.add(room)
            for user_id in sorted(member_ids):
                unit.add(RoomMember(member_id=new_id(), room_id=room.room_id, user_id=user_id))
            return _record(unit, room)

    async def edit(self, identity: Identity, room_id: str, edit: RoomEdit) -> RoomView:
        """Rename a group, take colleagues in or out; who leaves sees nothing more of it."""
        async with self._units.open() as unit:
            room = await _room(identity, room_id)
            if not room.title:
                raise ApiError(409, "wrong_state", "a room of two stays as it is")
            if edit.title is not None:
                room.title = clean_line(edit.title) or room.title
            if edit.member_ids is not None:
                wanted = await _known({identity.user_id, *edit.member_ids})
                await self._change_members(unit, room, wanted)
            unit.touch(room)
            return _record(unit, room)

    async def leave(self, identity: Identity, room_id: str) -> None:
        """Be no member of a group any more."""
        async with self._units.open() as unit:
            room = await _room(identity, room_id)
            if not room.title:
                raise ApiError(409, "wrong_state", "a room of two stays as it is")
            await self._change_members(unit, room, set(room.unread) - {identity.user_id})
            unit.touch(room)
            _record(unit, room)

    async def say(self, identity: Identity, room_id: str, message: NewRoomMessage) -> RoomMessageView:
        """Write to the members; a repeated ``client_id`` returns the first one's message."""
        async with self._units.open() as unit:
            room = await _room(identity, room_id)
            known = await RoomMessage.get_or_none(
                room_id=room_id, author_id=identity.user_id, client_id=message.client_id
            )
            if known is not None:
                return view(RoomMessageView, known)
            row = RoomMessage(
                room_message_id=new_id(),
                room_id=room_id,
                author_id=identity.user_id,
                text=clean(message.text),
                client_id=message.client_id,
                created_at=unit.now,
            )
            unit.add(row)
            room.unread = {
                user_id: 0 if user_id == identity.user_id else count + 1 for user_id, count in room.unread.items()
            }
            room.last_text, room.last_author_id, room.last_at = row.text[:PREVIEW_CHARS], row.author_id, unit.now
            unit.touch(room)
            shown = view(RoomMessageView, row)
            unit.record(RoomMessageAdded(message=shown, member_ids=tuple(room.unread)), room_id)
            _record(unit, room)
            return shown

    async def read(self, identity: Identity, room_id: str) -> None:
        """Say that the user has seen everything."""
        async with self._units.open() as unit:
            room = await _room(identity, room_id)
            if room.unread[identity.user_id]:
                room.unread = {**room.unread, identity.user_id: 0}
                unit.touch(room)
                _record(unit, room)

    async def messages(
        self, identity: Identity, room_id: str, *, before: str, limit: int
    ) -> tuple[list[RoomMessageView], bool]:
        """Return the page that ends before a message, oldest first, and whether there are older ones."""
        await _room(identity, room_id)
        rows = RoomMessage.filter(room_id=room_id)
        if before:
            rows = rows.filter(room_message_id__lt=before)
        page = await rows.order_by("-room_message_id").limit(limit + 1)
        return [view(RoomMessageView, row) for row in reversed(page[:limit])], len(page) > limit

    async def _change_members(self, unit: Unit, room: Room, wanted: set[str]) -> None:
        await RoomMember.filter(room_id=room.room_id).exclude(user_id__in=sorted(wanted)).delete()
        for user_id in sorted(wanted - set(room.unread)):
            unit.add(RoomMember(member_id=new_id(), room_id=room.room_id, user_id=user_id))
        room.unread = {user_id: room.unread.get(user_id, 0) for user_id in sorted(wanted)}


async def rooms_of(user_id: str) -> list[RoomView]:
    """Return the rooms that a user is in."""
    room_ids = await RoomMember.filter(user_id=user_id).values_list("room_id", flat=True)
    return [view(RoomView, row) for row in await Room.filter(room_id__in=room_ids)]


async def _room(identity: Identity, room_id: str) -> Room:
    room = await Room.get_or_none(room_id=room_id)
    if room is None or identity.user_id not in room.unread:
        raise not_found("room")
    return room


async def _room_of_two(one: str, other: str) -> Room | None:
    theirs = await RoomMember.filter(user_id=one).values_list("room_id", flat=True)
    shared = await RoomMember.filter(user_id=other, room_id__in=theirs).values_list("room_id", flat=True)
    return await Room.filter(room_id__in=shared, title="").first()


async def _known(user_ids: set[str]) -> set[str]:
    users = await User.filter(user_id__in=sorted(user_ids), is_active=True)
    if missing := user_ids - {user.user_id for user in users}:
        raise ApiError(422, "invalid", f"no such user: {min(missing)}", fields={"member_ids": "unknown"})
    return user_ids


def _record(unit: Unit, room: Room) -> RoomView:
    shown = view(RoomView, room)
    unit.record(RoomChanged(room=shown), room.room_id)
    return shown
