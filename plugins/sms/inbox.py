"""What comes in: messages, parts and receipts on their way to the hub, acknowledged when nothing can be lost."""

import hashlib
import logging
from collections.abc import Awaitable, Callable

from core.events import Event, MessageReceived, Profile
from core.received import unreadable
from plugins.sms import texts
from plugins.sms.arrivals import Arrivals
from plugins.sms.backends import Decode, Incoming
from plugins.sms.config import SmsConfig
from plugins.sms.long_messages import LongMessages
from plugins.sms.numbers import name_in, sender_address
from plugins.sms.outbox import Outbox
from plugins.sms.wire.reassembly import PartSet, Piece, joined
from plugins.sms.wire.receipts import Receipt
from plugins.sms.wishes import consent_in

log = logging.getLogger(__name__)

Emit = Callable[[Event], Awaitable[None]]


class Inbox:
    """``backends.Intake``; ``decode`` is how the one backend's codings become text."""

    def __init__(
        self,
        config: SmsConfig,
        emit: Emit,
        *,
        arrivals: Arrivals,
        long_messages: LongMessages,
        outbox: Outbox,
        decode: Decode,
    ) -> None:
        self._config = config
        self._emit = emit
        self._arrivals = arrivals
        self._long_messages = long_messages
        self._outbox = outbox
        self._decode = decode

    async def load(self) -> None:
        """Take up what a predecessor left."""
        await self._arrivals.load()
        await self._long_messages.load()

    async def receive(self, incoming: Incoming) -> None:
        sender = sender_address(incoming.source, self._config.region)
        if incoming.place is not None:
            await self._receive_part(incoming, sender)
        elif incoming.far_id:
            await self._tell(sender, incoming.far_id, self._text(incoming.piece))
        else:
            arrival = await self._arrivals.admit(_fingerprint(incoming))
            await self._tell(sender, arrival.arrival_id, self._text(incoming.piece))
            self._arrivals.answered(arrival)

    async def note(self, receipt: Receipt) -> None:
        await self._outbox.note(receipt)

    @property
    def checkpoint(self) -> int:
        return self._arrivals.checkpoint

    async def settle(self, checkpoint: int) -> None:
        await self._arrivals.settle(checkpoint)

    def part_company(self) -> None:
        self._arrivals.doubt()

    async def tidy(self) -> None:
        """Hand on what is complete and could not be handed on before, or lacks parts too long; forget what is over."""
        for known in self._long_messages.overdue():
            if known.is_closed:
                continue  # just now
            if not known.is_complete:
                log.warning("a long message lacks %d of %d parts", known.total - len(known.digests), known.total)
            await self._hand_on(known)
        await self._long_messages.expire()
        await self._arrivals.expire()

    async def _receive_part(self, incoming: Incoming, sender: str) -> None:
        place = incoming.place
        assert place is not None
        key = (sender, incoming.destination, place.reference, place.total, place.is_16_bit)
        known, is_late = await self._long_messages.add(key, incoming.piece)
        if is_late:
            await self._hand_on_late(known, incoming.piece)
        elif known.is_complete and not known.is_closed:
            await self._hand_on(known)

    async def _hand_on(self, known: PartSet) -> None:
        """Give the hub what came of a long message; a part that comes meanwhile is late."""
        number = "" if known.is_complete else f"-{len(known.digests)}"  # whole again after a crash, it is another one
        text = joined(
            known.pieces.values(), known.total, self._decode, lambda number: self._mark("gap", number, known.total)
        )
        known.is_closed = True
        try:
            await self._tell(known.key[0], known.set_id + number, text)
        except BaseException:
            known.is_closed = False
            raise
        await self._long_messages.close(known)

    async def _hand_on_late(self, known: PartSet, piece: Piece) -> None:
        text = self._mark("late", piece.number, known.total) + self._text(piece)
        try:
            await self._tell(known.key[0], f"{known.set_id}-late-{piece.number}", text)
        except BaseException:
            known.forget(piece.number)
            raise
        await self._long_messages.write(known, piece)

    async def _tell(self, sender: str, external_id: str, text: str) -> None:
        consent = consent_in(text, self._config.opt_out_words, self._config.opt_in_words)
        name = name_in(sender)
        await self._emit(
            MessageReceived(
                external_id=external_id,
                sender=sender,
                text=text or unreadable(self._config.language),
                profile=None if name is None else Profile(name=self._stranger(name)),
                consent=consent,
                is_automatic=name is not None,  # whom no flow can answer, an agent hears at once
            )
        )

    def _stranger(self, name: str) -> str:
        return texts.text("named" if name else "nameless", self._config.language, name=name)

    def _mark(self, kind: str, number: int, total: int) -> str:
        return texts.text(kind, self._config.language, number=number, total=total)

    def _text(self, piece: Piece) -> str:
        return self._decode(piece.data, piece.coding)


def _fingerprint(incoming: Incoming) -> bytes:
    frame = hashlib.blake2b(digest_size=16)
    source, destination = (one.encode("utf-8", "replace") for one in (incoming.source, incoming.destination))
    for part in (source, destination, incoming.piece.data):
        frame.update(len(part).to_bytes(4, "big") + part)
    frame.update(incoming.piece.coding.to_bytes(2, "big"))
    return frame.digest()
