"""A channel: what a plugin implements to connect one foreign network, and the abilities it may add."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from core.config import Settings
from core.errors import RequestFailed, SendDeferred, SendRejected, TryLater
from core.events import Attachment, CallPlan, Carries, Event, History, PhonesPlan, SendMessage, TapsPlan
from core.webhooks import Routes


class ChannelConfig(Settings, frozen=True, kw_only=True):
    """Base of a channel's settings; every field becomes a field of the admin form."""


ConfigT = TypeVar("ConfigT", bound=ChannelConfig)


class Link(Protocol):
    """What the host gives a channel: the way to the hub, and nothing else of the world."""

    instance: str
    data_dir: Path

    async def emit(self, event: Event) -> None:
        """Return when ``event`` is safely stored; BusUnavailable when it is not: tell the outside to repeat it."""
        ...

    async def history(self, address: str, *, after_seq: int = 0, limit: int = 50) -> History:
        """Return what was exchanged with ``address`` after ``after_seq`` (the newest ``limit`` for 0)."""
        ...

    async def put_media(self, data: bytes, *, mime: str, name: str = "") -> Attachment:
        """Return ``data`` as an attachment once the hub has stored it.

        TryLater while it cannot; RequestFailed when it never will, ValueError when ``data`` is empty or too large.
        """
        ...

    async def put_file(self, path: Path, *, mime: str, name: str = "") -> Attachment:
        """Return the sound at ``path`` as an attachment once the hub has stored it; raises as ``put_media``."""
        ...

    async def get_media(self, media_id: str) -> tuple[bytes, str]:
        """Return the bytes and the MIME type of a stored file.

        TryLater while the hub cannot hand it over; RequestFailed when there is none.
        """
        ...


class Channel(ABC, Generic[ConfigT]):
    """One configured connection: ``run`` receives while ``send`` delivers."""

    config_type: ClassVar[type[ChannelConfig]]
    # True when the far end itself drops a repeated message_id, so that in doubt it is simply sent again
    deduplicates: ClassVar[bool] = False
    concurrency: int = 8  # how many sends may be under way at once, each to another recipient

    def __init__(self, config: ConfigT, link: Link) -> None:
        self.config = config
        self.link = link

    @property
    def carries(self) -> Carries:
        """Return what one message can hold, by these settings; text and files of any kind unless it says otherwise."""
        return Carries()

    async def emit(self, event: Event) -> None:
        """Hand ``event`` to the hub; see ``Link.emit``."""
        await self.link.emit(event)

    async def file(self, attachment: Attachment) -> tuple[bytes, str]:
        """Return the bytes and the MIME type of a file to be sent; SendDeferred while the hub cannot hand it over."""
        try:
            return await self.link.get_media(attachment.media_id)
        except TryLater as error:
            raise SendDeferred(error.code, str(error)) from error
        except RequestFailed as error:
            raise SendRejected("file_missing", f"{attachment.name}: {error}") from error

    @abstractmethod
    async def run(self) -> None:
        """Receive until cancelled; ChannelNotReady or ChannelAuthFailed when the far end does not let us."""

    @abstractmethod
    async def send(self, message: SendMessage) -> str:
        """Return the far end's id of the sent ``message``; a SendError says what is to be done otherwise."""

    @abstractmethod
    def normalize(self, address: str) -> str:
        """Return the one canonical form of ``address``, with its scheme; ValueError when it is none."""

    async def probe(self) -> None:
        """Try the settings against the far end without side effects; raise what ``run`` would raise."""


class ShowsTyping(ABC):
    """Capability ``shows_typing``: the person can see that an agent types."""

    @abstractmethod
    async def show_typing(self, recipient: str, *, is_typing: bool) -> None:
        """Show or hide it; nothing is repeated when it fails."""


class FindsSent(ABC):
    """Capability ``finds_sent``: after a crash the far end can be asked whether it took a message."""

    @abstractmethod
    async def find_sent(self, message_id: str) -> str | Literal[False]:
        """Return the external id when the far end has it, False when it certainly has not.

        SendUnknown when it cannot say: the message is shown as such and not sent again.
        """


class CarriesCalls(ABC):
    """Capability ``carries_calls``: makes calls be as the hub plans them, and reports what happens to them.

    The host brings newer plans only, one at a time, and after a break those that were missed.
    """

    @abstractmethod
    async def arrange(self, plan: CallPlan) -> None:
        """Take over the plan of one call and return soon; what cannot be done is reported by events."""

    @abstractmethod
    async def provision(self, phones: PhonesPlan) -> None:
        """Let exactly these phones register."""

    @abstractmethod
    def carried(self) -> dict[str, int]:
        """Return every call there is in the engine, with the revision it was arranged by, 0 for none."""


class TapsCalls(ABC):
    """Capability ``taps_calls``: sends what parties of its calls say to a transcriber as well."""

    @abstractmethod
    async def tap(self, plan: TapsPlan) -> None:
        """Tap exactly what is planned and return soon; a call never suffers from its taps."""


class ServesHttp(ABC):
    """Capability ``serves_http``: the far end calls us; the host mounts the routes on the plugin's own port."""

    @abstractmethod
    def routes(self) -> Routes:
        """Return the routes, each below ``/channels/<instance>``."""
