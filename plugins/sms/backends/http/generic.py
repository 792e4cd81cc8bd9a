"""Any HTTP gateway: a templated request, an answer read by the names of its fields, callbacks likewise."""

import json
import logging
from typing import Any, Final

from aiohttp import web
from yarl import URL

from core.errors import SendDeferred, SendRejected, SendUnknown
from core.webhooks import Refused, Route, Routes
from plugins.sms.backends import Incoming, Part
from plugins.sms.backends.http.gateway import MAX_CALLBACK_BYTES, HttpGateway, Question, field_at
from plugins.sms.config import HttpSettings
from plugins.sms.templates import fill_body, fill_url
from plugins.sms.wire.alphabets import UCS2
from plugins.sms.wire.reassembly import Piece
from plugins.sms.wire.receipts import Receipt

log = logging.getLogger(__name__)

MAX_ITEMS: Final = 1000
_TYPES: Final = {"form": "application/x-www-form-urlencoded", "json": "application/json"}


class GenericBackend(HttpGateway):
    """One gateway as its settings describe it."""

    def __init__(self, settings: HttpSettings) -> None:
        super().__init__(
            settings.url,
            answer_s=settings.answer_s,
            check_s=settings.check_s,
            callback_key=settings.callback_key,
        )
        self._settings = settings
        if settings.counting == "always_70":
            self.alphabets = (UCS2,)
        self._states = {one.word: one.means for one in settings.report_states}

    def question(self, part: Part) -> Question:
        settings = self._settings
        values = {
            "to": self._number(part),
            "text": part.text,
            "sender": part.sender,
            "message_id": part.message_id,
            "key": settings.key.reveal(),
        }
        headers = {header.name: header.value.reveal() for header in settings.headers}
        if kind := _TYPES.get(settings.body_format):
            headers.setdefault("Content-Type", kind)
        body = fill_body(settings.body, values, settings.body_format)
        return Question(settings.method, URL(fill_url(settings.url, values), encoded=True), headers, body)

    def understand(self, part: Part, status: int, text: str) -> str:
        settings = self._settings
        if not (settings.ok_field or settings.id_field):
            return part.message_id
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise SendUnknown("unreadable_answer", "the gateway's answer is not JSON") from None
        if settings.ok_field and field_at(answer, settings.ok_field) not in settings.ok_values:
            word = field_at(answer, settings.error_field or settings.ok_field) or ""
            if word in settings.retry_values:
                raise SendDeferred("throttled", f"the gateway says {word[:80]!r}")
            raise SendRejected("refused", f"the gateway says {word[:80]!r}")
        return (settings.id_field and field_at(answer, settings.id_field)) or part.message_id

    def routes(self) -> Routes:
        return (
            Route("POST", "/in", self._messages, self.check_key, max_bytes=MAX_CALLBACK_BYTES),
            Route("GET", "/in", self._messages, self.check_key, max_bytes=MAX_CALLBACK_BYTES),
            Route("POST", "/report", self._reports, self.check_key, max_bytes=MAX_CALLBACK_BYTES),
            Route("GET", "/report", self._reports, self.check_key, max_bytes=MAX_CALLBACK_BYTES),
        )

    async def _messages(self, request: web.Request) -> web.Response:
        settings, intake = self._settings, self.intake()
        for item in await _items(request):
            source, text = field_at(item, settings.in_source_field), field_at(item, settings.in_text_field)
            if source is None and text is None:
                log.warning("skipped a message without sender or text")
                continue
            destination = field_at(item, settings.in_destination_field) or ""
            far_id = field_at(item, settings.in_id_field) or ""
            piece = Piece(1, (text or "").encode("utf-8", "replace"), 0)
            await intake.receive(Incoming(source or "", destination, piece, far_id=far_id))
        return web.Response(text=settings.answer)

    async def _reports(self, request: web.Request) -> web.Response:
        settings, intake = self._settings, self.intake()
        for item in await _items(request):
            part_id = field_at(item, settings.report_id_field)
            word = field_at(item, settings.report_state_field) or ""
            if not part_id:
                log.warning("skipped a report without message id")
                continue
            await intake.note(Receipt(part_id, self._states.get(word, "unknown"), word[:80]))
        return web.Response(text=settings.answer)

    def _number(self, part: Part) -> str:
        match self._settings.number_form:
            case "e164":
                return part.recipient
            case "digits":
                return part.digits
            case "national":
                return part.national


async def _items(request: web.Request) -> list[Any]:
    """Return the messages or reports a callback carries: one, or a list of them."""
    if request.content_type == "application/json":
        try:
            data = json.loads(await request.read())
        except (ValueError, RecursionError):
            raise Refused(400, "not_json") from None
        items = data if isinstance(data, list) else [data]
        if len(items) > MAX_ITEMS:
            raise Refused(413, "too_many")
        return items
    return [{**request.query, **await request.post()}]
