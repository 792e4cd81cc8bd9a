"""Kannel's HTTP interface (Kannel 1.4.5 User's Guide, chapters 6 "Setting up a SMS Kannel" and "Using SMSBox HTTP")."""

import hashlib
import hmac
import logging
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from aiohttp import web
from yarl import URL

from core.errors import ChannelNotReady, SendError, SendRejected
from core.webhooks import Refused, Route, Routes
from plugins.sms.backends import Incoming, Part
from plugins.sms.backends.http.gateway import MAX_CALLBACK_BYTES, HttpGateway, Question
from plugins.sms.config import KannelSettings
from plugins.sms.wire.alphabets import UCS2
from plugins.sms.wire.reassembly import Piece
from plugins.sms.wire.receipts import Receipt, ReceiptState

log = logging.getLogger(__name__)

DLR_MASK: Final = 31
_TAKEN: Final = ("0:", "3:")  # accepted; queued because the SMSC is away, which Kannel's store keeps
_DLR: Final[dict[str, ReceiptState]] = {"1": "delivered", "2": "failed", "4": "pending", "8": "pending", "16": "failed"}


class KannelBackend(HttpGateway):
    """One smsbox."""

    def __init__(self, settings: KannelSettings) -> None:
        super().__init__(
            settings.url,
            answer_s=settings.answer_s,
            check_s=settings.check_s,
            callback_key=settings.callback_key,
        )
        self._settings = settings

    async def look(self) -> None:
        """Kannel checks who asks before it misses the recipient."""
        settings = self._settings
        user = {"username": settings.username, "password": settings.password.reveal()}
        try:
            await self.ask(Question("GET", self._with(user), {}))
        except SendRejected:
            return
        except SendError as error:
            raise ChannelNotReady(str(error)) from error

    def question(self, part: Part) -> Question:
        settings = self._settings
        is_ucs2 = part.alphabet is UCS2
        fields = {
            "username": settings.username,
            "password": settings.password.reveal(),
            "to": part.recipient,
            "text": part.text,
            "charset": "UTF-8",
            "coding": "2" if is_ucs2 else "0",
        }
        if part.sender:
            fields["from"] = part.sender
        if settings.smsc:
            fields["smsc"] = settings.smsc
        if part.wants_receipt and settings.callback_url:
            fields |= {"dlr-mask": str(DLR_MASK), "dlr-url": self._dlr_url(part.message_id)}
        return Question("GET", self._with(fields), {})

    def understand(self, part: Part, status: int, text: str) -> str:
        if not text.startswith(_TAKEN):
            raise SendRejected("refused", f"the gateway answered {text[:80]!r}")
        return part.message_id

    def routes(self) -> Routes:
        return (
            Route("GET", "/mo", self._message, self.check_key, max_bytes=MAX_CALLBACK_BYTES),
            Route("GET", "/dlr", self._report, self._check_report, max_bytes=MAX_CALLBACK_BYTES),
        )

    async def _message(self, request: web.Request) -> web.Response:
        fields = dict(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True, encoding="latin-1"))
        try:
            text = text_of(fields["text"].encode("latin-1"), fields.get("charset", ""), fields.get("coding", ""))
            piece = Piece(1, text.encode(), 0)
        except KeyError as error:
            log.warning("skipped a message without %s", error)
        else:
            source, destination, number = (fields.get(name, "") for name in ("from", "to", "id"))
            await self.intake().receive(Incoming(source, destination, piece, far_id=number))
        return web.Response()

    async def _report(self, request: web.Request) -> web.Response:
        state = _DLR.get(request.query.get("type", ""), "unknown")
        await self.intake().note(Receipt(request.query["id"], state, request.query.get("answer", "")[:80]))
        return web.Response()

    async def _check_report(self, request: web.Request) -> None:
        expected = self._signature(request.query.get("id", ""))
        if not hmac.compare_digest(request.query.get("sig", "").encode(), expected.encode()):
            raise Refused(403, "bad_signature")

    def _dlr_url(self, message_id: str) -> str:
        query = urlencode({"id": message_id, "sig": self._signature(message_id)})
        return f"{self._settings.callback_url.rstrip('/')}/dlr?{query}&type=%d&answer=%A"

    def _signature(self, message_id: str) -> str:
        key = self._callback_key.reveal().encode()
        return hmac.new(key, message_id.encode(), hashlib.sha256).hexdigest()[:32]

    def _with(self, fields: dict[str, Any]) -> URL:
        return URL(f"{self._settings.url}?{urlencode(fields, quote_via=quote)}", encoded=True)


def text_of(data: bytes, charset: str, coding: str) -> str:
    """Return the text Kannel's ``%b`` carries; with coding 2 it is UTF-16BE whatever the charset says."""
    codec = "utf-16-be" if coding == "2" or charset.upper().startswith("UTF-16") else charset or "utf-8"
    try:
        return data.decode(codec)
    except (LookupError, ValueError):
        return data.decode("utf-8", errors="replace")
