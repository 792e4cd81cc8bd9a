"""The way from a channel to the hub: every event gets its subject and an id that is the same when it repeats."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from core.bus import Bus
from core.errors import RefusedForNow, RequestFailed
from core.events import (
    ActivityEnded,
    Attachment,
    CallArrived,
    ChannelState,
    ContactArrived,
    EngineChanged,
    Event,
    History,
    HistoryRequest,
    KeysPressed,
    LegChanged,
    MediaFlowed,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    MessageStatuses,
    PhoneChanged,
    RecordingEnded,
    TrunkChanged,
    TypingReported,
)
from core.host.media import get_media, put_file, put_media
from core.host.statuses import Statuses
from core.ids import derived_id
from core.parts import well_formed
from core.subjects import ASK_HISTORY, ASK_MEDIA_GET, ASK_MEDIA_PUT, fill

log = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)
MAX_TEXT: Final = 100_000  # characters; a bus message holds 1 MiB, and nobody reads more


class HubLink:
    """``core.channel.Link`` over the bus.

    ``on_state`` takes the channel's word about itself, ``statuses`` what it learns of messages by itself.
    """

    def __init__(
        self,
        bus: Bus,
        instance: str,
        data_dir: Path,
        on_state: Callable[[ChannelState], None],
        statuses: Statuses,
    ) -> None:
        self.instance = instance
        self.data_dir = data_dir
        self._bus = bus
        self._on_state = on_state
        self._statuses = statuses

    async def emit(self, event: Event) -> None:
        event = storable(event)
        match event:
            case ChannelState():
                self._on_state(event)
            case TypingReported():
                await self._bus.signal(event, self.instance)
            case MessageReceived() if len(event.text) > MAX_TEXT:
                log.warning("message %s cut from %d to %d characters", event.external_id, len(event.text), MAX_TEXT)
                await self.emit(msgspec.structs.replace(event, text=event.text[:MAX_TEXT]))
            case MessageStatus():
                await self._statuses.report(event)
            case MessagesRead():
                await self._statuses.flush()  # only what is known as sent becomes read
                await self._bus.publish(event, self.instance, msg_id=envelope_id(self.instance, event))
            case _ if type(event) in _KEYS:
                await self._bus.publish(event, self.instance, msg_id=envelope_id(self.instance, event))
            case _:
                raise TypeError(f"a channel does not emit {type(event).__name__}")

    async def history(self, address: str, *, after_seq: int = 0, limit: int = 50) -> History:
        question = HistoryRequest(address=address, after_seq=after_seq, limit=limit)
        return await self._bus.request(fill(ASK_HISTORY, self.instance), question, reply=History)

    async def put_media(self, data: bytes, *, mime: str, name: str = "") -> Attachment:
        with _later():
            return await put_media(self._bus, fill(ASK_MEDIA_PUT, self.instance), data, mime=mime, name=name)

    async def put_file(self, path: Path, *, mime: str, name: str = "") -> Attachment:
        with _later():
            return await put_file(self._bus, fill(ASK_MEDIA_PUT, self.instance), path, mime=mime, name=name)

    async def get_media(self, media_id: str) -> tuple[bytes, str]:
        with _later():
            return await get_media(self._bus, fill(ASK_MEDIA_GET, self.instance), media_id)


@contextmanager
def _later() -> Iterator[None]:
    """Tell a hub that cannot now from one that refuses a file."""
    try:
        yield
    except RequestFailed as error:
        if error.is_temporary:
            raise RefusedForNow(error.code, str(error)) from error
        raise


def storable(event: E) -> E:
    """Return ``event`` with what no database keeps replaced in every text: NUL, and half characters."""
    try:
        if b"\\u0000" not in msgspec.json.encode(event):
            return event
    except UnicodeEncodeError:
        pass
    return msgspec.convert(_replaced(msgspec.to_builtins(event)), type(event))


def _replaced(value: Any) -> Any:
    match value:
        case str():
            return well_formed(value).replace("\0", "\ufffd")
        case dict():
            return {name: _replaced(one) for name, one in value.items()}
        case list() | tuple():
            return [_replaced(one) for one in value]
    return value


# what tells one event from another of its kind, beside the instance
_KEYS: Final[dict[type[Event], Callable[[Any], tuple[str, ...]]]] = {
    MessageReceived: lambda e: (e.sender, e.external_id),
    ContactArrived: lambda e: (e.type, e.sender, e.arrival_id),
    MessagesRead: lambda e: (e.type, e.sender, str(e.up_to_seq)),
    MessageStatus: lambda e: (e.type, e.message_id, e.order_id, e.external_id, e.status, e.code),
    MessageStatuses: lambda e: (e.type, *(part for one in e.statuses for part in _KEYS[MessageStatus](one))),
    CallArrived: lambda e: (e.type, e.call_id),
    LegChanged: lambda e: (e.type, e.leg_id, e.state),
    MediaFlowed: lambda e: (e.type, e.leg_id),
    KeysPressed: lambda e: (e.type, e.leg_id, str(e.n)),
    ActivityEnded: lambda e: (e.type, e.leg_id, e.activity_id),
    RecordingEnded: lambda e: (e.type, e.recording_id),
    PhoneChanged: lambda e: (e.type, e.phone_id, e.at.isoformat()),
    TrunkChanged: lambda e: (e.type, e.trunk, e.at.isoformat()),
    EngineChanged: lambda e: (e.type, e.at.isoformat()),
}


def envelope_id(instance: str, event: Event) -> str:
    """Return the id of the one envelope in which ``event`` travels, however often the outside repeats it."""
    if isinstance(event, MessageReceived) and not event.external_id:
        raise ValueError("a message received needs the far end's own id, or all look like one")
    return derived_id(instance, *_KEYS[type(event)](event))
