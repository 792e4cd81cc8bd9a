"""The CMPP backend: one connection as a service provider's client."""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.errors import ChannelAuthFailed, ChannelNotReady, SendDeferred, SendError, SendRejected, SendUnknown, TryLater
from plugins.sms.backends import Backend, Incoming, Intake, Part, Ready
from plugins.sms.backends.cmpp import pdu as cmpp
from plugins.sms.backends.cmpp.pdu import CmppFraming, Command, Deliver, Submit
from plugins.sms.backends.exchange import Exchange, Pdu, opened
from plugins.sms.config import CmppSettings
from plugins.sms.pace import Pace
from plugins.sms.wire import codings, udh
from plugins.sms.wire.alphabets import ALPHABETS, ASCII
from plugins.sms.wire.reassembly import Piece
from plugins.sms.wire.receipts import Receipt, cmpp_state_of

log = logging.getLogger(__name__)

GOOD_BYE_S: Final = 0.3
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_REFUSED: Final = frozenset({2, 3})  # unknown source address, wrong proof
_FLOW_CONTROL: Final = 8
_REPEATED_SEQUENCE: Final = 3  # what the gateway still remembers of an earlier connection: the next number is another


class CmppBackend(Backend):
    """One account at a gateway."""

    def __init__(self, settings: CmppSettings) -> None:
        self._settings = settings
        self._pace = Pace(settings.max_per_second)
        self.window = settings.window
        self._exchange: Exchange | None = None
        self.alphabets = (ASCII, ALPHABETS[settings.text_format])

    async def run(self, intake: Intake, ready: Ready) -> None:
        ended: Exception | None = None
        try:
            async with self._connected(intake) as exchange:
                self._exchange = exchange
                try:
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(exchange.wait_ended())
                        tasks.create_task(self._keep_alive(exchange))
                        await ready()
                except* (ChannelNotReady, SendError) as group:
                    ended = group.exceptions[0]
                finally:
                    self._exchange = None
        finally:
            intake.part_company()
        raise ChannelNotReady(str(ended))

    async def probe(self) -> None:
        async with self._connected(None):
            pass

    async def submit(self, part: Part) -> str:
        settings = self._settings
        await self._pace.turn()
        if (exchange := self._exchange) is None:
            raise SendDeferred("not_connected")
        answer = await exchange.ask(Command.SUBMIT, cmpp.submit_body(self._submit(part), settings.version))
        try:
            msg_id, result = cmpp.submit_answer(answer.body, settings.version)
        except ValueError as error:
            raise SendUnknown("unreadable_answer", str(error)) from error
        if result == _FLOW_CONTROL:
            self._pace.pause(0.5)
            raise SendDeferred("throttled", "the gateway answered 8")
        if result == _REPEATED_SEQUENCE:
            raise SendDeferred("unavailable", "the gateway answered 3")
        if result:
            raise SendRejected("refused", f"the gateway answered {result}")
        return msg_id.hex()

    def decode(self, data: bytes, coding: int) -> str:
        return codings.cmpp_text(data, coding)

    @asynccontextmanager
    async def _connected(self, intake: Intake | None) -> AsyncIterator[Exchange]:
        settings = self._settings

        async def handle(exchange: Exchange, pdu: Pdu) -> None:
            await self._handle(exchange, pdu, intake)

        async with opened(
            settings.host,
            settings.port,
            CmppFraming(),
            window=settings.window,
            answer_s=settings.answer_s,
            handle=handle,
        ) as exchange:
            await self._log_in(exchange)
            try:
                yield exchange
            finally:
                with contextlib.suppress(SendError, TimeoutError):
                    async with asyncio.timeout(GOOD_BYE_S):
                        await exchange.ask(Command.TERMINATE, in_window=False)

    async def _log_in(self, exchange: Exchange) -> None:
        settings = self._settings
        secret, version = settings.secret.reveal(), settings.version
        timestamp = datetime.now(_ZONE).strftime("%m%d%H%M%S")
        body = cmpp.connect_body(settings.sp_id, secret, version, timestamp)
        try:
            answer = await exchange.ask(Command.CONNECT, body, in_window=False)
            status, proof = cmpp.connect_answer(answer.body, version)
        except (SendError, ValueError) as error:
            raise ChannelNotReady(f"no usable answer to CONNECT: {error}") from error
        if status in _REFUSED:
            raise ChannelAuthFailed(f"the gateway refused the connection with {status}")
        if status:
            raise ChannelNotReady(f"the gateway refused the connection with {status}")
        if settings.checks_gateway:
            ours = cmpp.sp_proof(settings.sp_id, secret, timestamp)
            if not hmac.compare_digest(proof, cmpp.gateway_proof(status, ours, secret, version)):
                raise ChannelAuthFailed("the gateway does not know the secret")

    async def _keep_alive(self, exchange: Exchange) -> None:
        while True:
            await asyncio.sleep(self._settings.active_test_s)
            await exchange.ask(Command.ACTIVE_TEST, in_window=False)

    async def _handle(self, exchange: Exchange, pdu: Pdu, intake: Intake | None) -> None:
        match pdu.command:
            case Command.DELIVER:
                if (msg_id := await self._take(pdu, intake)) is not None:
                    body = cmpp.deliver_answer(msg_id, 0, self._settings.version)
                    await exchange.answer(Pdu(Command.DELIVER | cmpp.RESPONSE, pdu.sequence, body))
            case Command.ACTIVE_TEST:
                await exchange.answer(Pdu(Command.ACTIVE_TEST | cmpp.RESPONSE, pdu.sequence, b"\0"))
            case Command.TERMINATE:
                await exchange.answer(Pdu(Command.TERMINATE | cmpp.RESPONSE, pdu.sequence))
                await exchange.close()
            case other:
                log.info("the gateway asked for command %d, which nobody serves", other)

    async def _take(self, pdu: Pdu, intake: Intake | None) -> bytes | None:
        """Return the id to acknowledge; None leaves it unanswered, so that the gateway repeats it."""
        if intake is None:
            return None
        try:
            deliver = cmpp.deliver_of(pdu.body, self._settings.version)
            if deliver.is_report:
                report = cmpp.report_of(deliver.content)
                await intake.note(Receipt(report.msg_id.hex(), cmpp_state_of(report.stat), report.stat))
            else:
                await intake.receive(_incoming(deliver))
        except ValueError as error:
            log.warning("skipped an unreadable DELIVER: %s", error)
            return pdu.body[:8].ljust(8, b"\0")  # it would be no better the next time
        except TryLater as error:
            log.info("left a DELIVER to be repeated: %s", error.code)
            return None
        except Exception:
            log.exception("a DELIVER could not be handled")
            return None
        return deliver.msg_id

    def _submit(self, part: Part) -> Submit:
        settings = self._settings
        place = part.place
        header = udh.build(place) if place else b""
        return Submit(
            destination=part.national if part.recipient.startswith("+86") else part.digits,
            source=part.sender,
            content=header + part.data,
            msg_fmt=codings.CMPP_CODES[part.alphabet.name],
            total=place.total if place else 1,
            number=place.number if place else 1,
            has_header=place is not None,
            wants_report=part.wants_receipt,
            service_id=settings.service_id,
            sp_id=settings.sp_id,
            fee_type=settings.fee_type,
            fee_code=settings.fee_code,
        )


def _incoming(deliver: Deliver) -> Incoming:
    place, data = udh.take_off(deliver.content) if deliver.has_header else (None, deliver.content)
    piece = Piece(place.number if place else 1, data, deliver.msg_fmt)
    far_id = deliver.msg_id.hex() if any(deliver.msg_id) else ""
    return Incoming(deliver.source, deliver.destination, piece, place, far_id)
