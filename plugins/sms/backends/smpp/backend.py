"""The SMPP backend: binds, keeps the link alive, submits parts and takes in what the SMSC delivers."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from core.errors import ChannelAuthFailed, ChannelNotReady, SendDeferred, SendError, SendRejected, TryLater
from plugins.sms.backends import Backend, Incoming, Intake, Part, Ready
from plugins.sms.backends.exchange import Exchange, Pdu, opened
from plugins.sms.backends.smpp import pdu as smpp
from plugins.sms.backends.smpp.pdu import Address, Command, ShortMessage, SmppFraming, Status
from plugins.sms.config import SmppSettings
from plugins.sms.pace import Pace
from plugins.sms.wire import codings, udh
from plugins.sms.wire.alphabets import ALPHABETS, UCS2, Alphabet
from plugins.sms.wire.reassembly import Piece
from plugins.sms.wire.receipts import parse_receipt, receipt_key, submitted_key

log = logging.getLogger(__name__)

UNBIND_S: Final = 0.3
SETTLE_S: Final = 2.0  # after an answer the link is asked: its reply proves that the answer arrived
_REFUSED_BINDS: Final = frozenset({Status.BIND_FAILED, Status.BAD_PASSWORD, Status.BAD_SYSTEM_ID})
_BINDS: Final = {
    "transceiver": (Command.BIND_TRANSCEIVER,),
    "transmitter_and_receiver": (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER),
    "transmitter": (Command.BIND_TRANSMITTER,),
    "receiver": (Command.BIND_RECEIVER,),
}


class SmppBackend(Backend):
    """One account at an SMSC, on one connection or two."""

    def __init__(self, settings: SmppSettings) -> None:
        self._settings = settings
        self._pace = Pace(settings.max_per_second)
        self.window = settings.window
        self._transmitter: Exchange | None = None
        default = ALPHABETS[settings.default_alphabet]
        self._default = default
        self.alphabets = (default, UCS2) if default is not UCS2 else (UCS2,)
        self.is_16_bit = settings.long_messages in ("udh_16", "sar")
        self.cuts = settings.long_messages != "payload"

    async def run(self, intake: Intake, ready: Ready) -> None:
        commands = _BINDS[self._settings.bind]
        ended: Exception | None = None
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(intake.part_company)  # last of all, when nothing is answered any more
            links = [await stack.enter_async_context(self._bound(command, intake)) for command in commands]
            try:
                async with asyncio.TaskGroup() as tasks:
                    for link in links:
                        tasks.create_task(link.exchange.wait_ended())
                        tasks.create_task(self._keep_alive(link))
                    if commands[0] != Command.BIND_RECEIVER:
                        self._transmitter = links[0].exchange
                    await ready()
            except* (ChannelNotReady, SendError) as group:
                ended = group.exceptions[0]
            finally:
                self._transmitter = None
        raise ChannelNotReady(str(ended))

    async def probe(self) -> None:
        for command in _BINDS[self._settings.bind]:
            async with self._bound(command, None):
                pass

    def decode(self, data: bytes, coding: int) -> str:
        return codings.smpp_text(data, coding, self._default)

    async def submit(self, part: Part) -> str:
        if self._transmitter is None:
            raise SendDeferred("not_connected")
        body = smpp.pack_message(self._message(part))
        await self._pace.turn()
        if (exchange := self._transmitter) is None:
            raise SendDeferred("not_connected")
        answer = await exchange.ask(Command.SUBMIT_SM, body)
        match answer.status:
            case Status.OK if answer.command != Command.GENERIC_NACK:
                return smpp.message_id_of(answer.body)
            case Status.THROTTLED | Status.QUEUE_FULL:
                self._pace.pause(0.5)
                raise SendDeferred("throttled", f"the SMSC answered 0x{answer.status:02x}")
            case Status.SYSTEM_ERROR | Status.TEMPORARY:
                raise SendDeferred("unavailable", f"the SMSC answered 0x{answer.status:02x}")
            case status:
                code = "bad_address" if status == Status.BAD_DESTINATION else "refused"
                raise SendRejected(code, f"the SMSC answered 0x{status:02x}")

    def key(self, part_id: str) -> str:
        return submitted_key(part_id)

    def receipt_key(self, part_id: str) -> str:
        return receipt_key(part_id, self._settings.receipt_ids)

    @asynccontextmanager
    async def _bound(self, command: Command, intake: Intake | None) -> AsyncIterator["_Link"]:
        settings = self._settings
        link = _Link(intake)
        async with opened(
            settings.host,
            settings.port,
            SmppFraming(),
            window=settings.window,
            answer_s=settings.answer_s,
            handle=link.handle,
            tls=await asyncio.to_thread(_tls, settings),
        ) as link.exchange:
            await self._bind(link.exchange, command)
            try:
                yield link
            finally:
                with contextlib.suppress(SendError, TimeoutError):
                    async with asyncio.timeout(UNBIND_S):
                        await link.exchange.ask(Command.UNBIND, in_window=False)

    async def _bind(self, exchange: Exchange, command: Command) -> None:
        settings = self._settings
        body = smpp.bind_body(
            settings.system_id, settings.password.reveal(), settings.system_type, settings.address_range
        )
        try:
            answer = await exchange.ask(command, body, in_window=False)
        except SendError as error:
            raise ChannelNotReady(f"no answer to the bind: {error}") from error
        if answer.status in _REFUSED_BINDS:
            raise ChannelAuthFailed(f"the SMSC refused the bind with 0x{answer.status:02x}")
        if answer.status != Status.OK:
            raise ChannelNotReady(f"the SMSC refused the bind with 0x{answer.status:02x}")

    async def _keep_alive(self, link: "_Link") -> None:
        """Ask the link when it was silent, and soon after answers were given: the reply settles them."""
        while True:
            await asyncio.sleep(min(SETTLE_S, self._settings.enquire_s))
            checkpoint = link.unsettled
            if checkpoint is None and link.exchange.silent_s < self._settings.enquire_s:
                continue
            link.unsettled = None
            await link.exchange.ask(Command.ENQUIRE_LINK, in_window=False)
            if checkpoint is not None and link.intake is not None:
                await link.intake.settle(checkpoint)

    def _message(self, part: Part) -> ShortMessage:
        settings = self._settings
        message = ShortMessage(
            source=self._source(part.sender),
            destination=Address(part.digits, settings.destination_ton, settings.destination_npi),
            data=part.data,
            data_coding=self._data_coding(part.alphabet),
            registered_delivery=int(part.wants_receipt),
            service_type=settings.service_type,
            validity=settings.validity,
        )
        if settings.long_messages == "payload":
            return replace(message, data=b"", tlvs={smpp.TLV_PAYLOAD: message.data})
        if part.place is None:
            return message
        if settings.long_messages == "sar":
            return replace(message, tlvs=_sar(part.place))
        return replace(message, esm_class=smpp.ESM_UDHI, data=udh.build(part.place) + message.data)

    def _data_coding(self, alphabet: Alphabet) -> int:
        return 0 if alphabet is self._default else codings.SMPP_CODES[alphabet.name]

    def _source(self, sender: str) -> Address:
        settings = self._settings
        if not sender:
            return Address("")
        number = sender.removeprefix("+")
        if not number.isdecimal():
            ton, npi = 5, 0
        else:
            ton, npi = (3, 0) if len(number) <= 8 else (1, 1)
        return Address(
            number,
            ton if settings.source_ton is None else settings.source_ton,
            npi if settings.source_npi is None else settings.source_npi,
        )


class _Link:
    """One bound connection and what it answers."""

    exchange: Exchange

    def __init__(self, intake: Intake | None) -> None:
        self.intake = intake  # None: only a trial, nothing is taken
        self.unsettled: int | None = None

    async def handle(self, exchange: Exchange, pdu: Pdu) -> None:
        answer = exchange.answer
        match pdu.command:
            case Command.DELIVER_SM | Command.DATA_SM:
                status = await self._take(pdu)
                await answer(Pdu(pdu.command | smpp.RESPONSE, pdu.sequence, b"\0", status))
            case Command.ENQUIRE_LINK:
                await answer(Pdu(pdu.command | smpp.RESPONSE, pdu.sequence))
            case Command.UNBIND:
                await answer(Pdu(pdu.command | smpp.RESPONSE, pdu.sequence))
                await exchange.close()
            case Command.ALERT_NOTIFICATION:
                pass
            case _:
                await answer(Pdu(Command.GENERIC_NACK, pdu.sequence, status=Status.BAD_COMMAND))

    async def _take(self, pdu: Pdu) -> Status:
        """Return what the SMSC is told about something it delivered."""
        if self.intake is None:
            return Status.TEMPORARY
        try:
            unpack = smpp.unpack_data if pdu.command == Command.DATA_SM else smpp.unpack_message
            await self._hand_over(self.intake, unpack(pdu.body))
        except ValueError as error:
            log.warning("skipped an unreadable deliver_sm: %s", error)
            return Status.OK  # it would be no better the next time
        except TryLater as error:
            log.info("told the SMSC to repeat a deliver_sm: %s", error.code)
            return Status.TEMPORARY
        except Exception:
            log.exception("a deliver_sm could not be handled")
            return Status.TEMPORARY
        self.unsettled = self.intake.checkpoint
        return Status.OK

    async def _hand_over(self, intake: Intake, message: ShortMessage) -> None:
        if not message.is_receipt:
            await intake.receive(_incoming(message))
            return
        receipt = parse_receipt(
            message.data.decode("latin-1"),
            id_tlv=message.tlv_text(smpp.TLV_RECEIPTED_ID),
            state_tlv=message.tlv_number(smpp.TLV_MESSAGE_STATE),
        )
        await intake.note(receipt)


def _incoming(message: ShortMessage) -> Incoming:
    place, data = None, message.data
    if message.has_header:
        place, data = udh.take_off(data)
    elif (reference := message.tlv_number(smpp.TLV_SAR_REFERENCE)) is not None:
        total = message.tlv_number(smpp.TLV_SAR_TOTAL) or 0
        number = message.tlv_number(smpp.TLV_SAR_NUMBER) or 0
        place = udh.sane(udh.Concatenation(reference, total, number, is_16_bit=True))
    piece = Piece(place.number if place else 1, data, message.data_coding)
    return Incoming(_written(message.source), message.destination.number, piece, place)


def _written(address: Address) -> str:
    """Return a number with a plus when its type says that it is international."""
    if address.ton == 1 and address.number.isdecimal() and len(address.number) > 8:
        return "+" + address.number
    return address.number


def _sar(place: udh.Concatenation) -> dict[int, bytes]:
    return {
        smpp.TLV_SAR_REFERENCE: place.reference.to_bytes(2, "big"),
        smpp.TLV_SAR_TOTAL: bytes([place.total]),
        smpp.TLV_SAR_NUMBER: bytes([place.number]),
    }


def _tls(settings: SmppSettings) -> ssl.SSLContext | None:
    if settings.tls == "off":
        return None
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file or None)
    except OSError as error:
        raise ChannelNotReady(f"the file of certificates cannot be used: {error}") from error
    if settings.tls == "unverified":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
