"""Ways to a carrier: each backend speaks one protocol and hands over parts, receipts and whole messages."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import phonenumbers

from core.webhooks import Routes
from plugins.sms.wire.alphabets import Alphabet
from plugins.sms.wire.reassembly import Piece
from plugins.sms.wire.receipts import Receipt
from plugins.sms.wire.udh import Concatenation

Ready = Callable[[], Awaitable[None]]
Decode = Callable[[bytes, int], str]  # bytes and their coding → text


@dataclass(frozen=True, slots=True)
class Part:
    """One part on its way out; ``place`` says which of a long message, None when it is the whole.

    ``recipient`` is ``+<E.164>`` or a short code, ``sender`` digits or a name.
    """

    message_id: str
    recipient: str
    sender: str
    text: str
    alphabet: Alphabet
    place: Concatenation | None = None
    wants_receipt: bool = True

    @property
    def digits(self) -> str:
        """Return the recipient's digits."""
        return self.recipient.removeprefix("+")

    @property
    def national(self) -> str:
        """Return the recipient's digits without country code; short codes as they are."""
        if self.recipient == self.digits:
            return self.digits
        return str(phonenumbers.national_significant_number(phonenumbers.parse(self.recipient)))

    @property
    def data(self) -> bytes:
        """Return the text's bytes, without header."""
        return self.alphabet.encode(self.text)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One part, or whole message, that came in; ``far_id`` is the far end's own id where it has one."""

    source: str
    destination: str
    piece: Piece
    place: Concatenation | None = None
    far_id: str = ""


class Intake(Protocol):
    """What a backend hands received things to; what is awaited can be lost no more, or raises TryLater."""

    async def receive(self, incoming: Incoming) -> None:
        """Take a message or part in, from whomever it is."""
        ...

    async def note(self, receipt: Receipt) -> None:
        """Take a delivery receipt in."""
        ...

    @property
    def checkpoint(self) -> int:
        """Return a mark that stands for all answers given so far."""
        ...

    async def settle(self, checkpoint: int) -> None:
        """Note that the far end certainly has the answers up to ``checkpoint``."""
        ...

    def part_company(self) -> None:
        """Note that the connection is gone: the last answers may never have arrived."""
        ...


class Backend(ABC):
    """One connection to a carrier."""

    cuts = True  # False: the gateway takes a text of any length and cuts it itself
    window = 0  # how many parts may be without answer; 0: the gateway decides
    is_16_bit = False  # size of the references of long messages
    alphabets: Sequence[Alphabet]  # that messages are written in, the first that fits

    @abstractmethod
    async def run(self, intake: Intake, ready: Ready) -> None:
        """Connect, call ``ready``, receive until cancelled; ChannelNotReady or ChannelAuthFailed otherwise."""

    @abstractmethod
    async def submit(self, part: Part) -> str:
        """Return the far end's id of ``part``; a SendError says what is to be done otherwise."""

    @abstractmethod
    async def probe(self) -> None:
        """Try the settings without side effects; raise what ``run`` would raise."""

    @abstractmethod
    def decode(self, data: bytes, coding: int) -> str:
        """Return the text of received ``data``; never fails."""

    def routes(self) -> Routes:
        """Return what the gateway may call."""
        return ()

    def key(self, part_id: str) -> str:
        """Return how an id from ``submit`` is remembered, so that ``receipt_key`` of its receipt is the same."""
        return part_id

    def receipt_key(self, part_id: str) -> str:
        """Return how an id in a receipt is compared."""
        return part_id
