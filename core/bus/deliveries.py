"""One message of a JetStream consumer, decoded, and what may be said about it."""

import contextlib

import msgspec
import nats.errors
from nats.aio.msg import Msg

from core.events import Envelope, Event
from core.subjects import PATTERNS, fill, id_of

_decoder = msgspec.json.Decoder(Envelope)


class Undecodable(ValueError):
    """The message is no event of ours, or not one that belongs on its subject; the text says what is wrong."""


class Delivery:
    """An event handed over once or more; unless settled otherwise it is acknowledged when the handler returns."""

    __slots__ = ("envelope", "event", "id", "is_settled", "message", "num_delivered", "stream", "stream_seq", "subject")

    def __init__(self, message: Msg) -> None:
        """Undecodable when ``message`` carries no event that belongs on its subject."""
        meta = message.metadata
        self.subject = message.subject
        self.stream = meta.stream
        self.stream_seq = meta.sequence.stream
        self.num_delivered = meta.num_delivered
        self.is_settled = False
        self.message = message
        self.id, self.envelope, self.event = open_envelope(message.subject, message.data)

    @property
    def payload(self) -> bytes:
        """Return the envelope's JSON as it was published."""
        return self.message.data

    async def ack(self) -> None:
        """It is done; never deliver it again."""
        await self._settle(b"+ACK")

    async def nak(self, delay_s: float = 0.0) -> None:
        """It is not done; deliver it again after ``delay_s``, later ones may overtake it."""
        delay = b' {"delay": %d}' % int(delay_s * 1e9) if delay_s else b""
        await self._settle(b"-NAK" + delay)

    async def term(self) -> None:
        """It will never be done; never deliver it again."""
        await self._settle(b"+TERM")

    async def _settle(self, word: bytes) -> None:
        if not self.is_settled:
            self.is_settled = True
            await answer(self.message, word)


def open_envelope(subject: str, payload: bytes) -> tuple[str, Envelope, Event]:
    """Return the id in ``subject``, the envelope and its event; Undecodable when they do not belong together."""
    try:
        subject_id = id_of(subject)
        envelope = _decoder.decode(payload)
        event = envelope.event()
        if fill(PATTERNS[type(event)], subject_id) != subject:
            raise Undecodable(f"{envelope.type} does not belong on this subject")
    except (ValueError, KeyError) as error:  # msgspec.ValidationError and DecodeError are ValueErrors
        raise Undecodable(str(error)) from error
    return subject_id, envelope, event


async def answer(message: Msg, word: bytes) -> None:
    """Tell JetStream about ``message``; when that is lost it is delivered again, and known by its id."""
    with contextlib.suppress(nats.errors.Error):
        await message._client.publish(message.reply, word)
