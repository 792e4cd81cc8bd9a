"""What needs no conversation: the widget's appearance, and the form that works without JavaScript."""

from typing import Final
from urllib.parse import parse_qs
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from core.errors import BusUnavailable
from plugins.web_chat import wire
from plugins.web_chat.doors import remote_address
from plugins.web_chat.hours import is_open
from plugins.web_chat.identity import anonymous, new_token
from plugins.web_chat.reception import Reception
from plugins.web_chat.texts import text

MAX_FORM_BYTES: Final = 65_536
_PAGE: Final = """<!doctype html>
<html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><h1>{title}</h1><p>{text}</p></html>
"""


class Pages:
    """The public settings and the form."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._zone = ZoneInfo(reception.config.timezone)

    async def config(self, request: web.Request) -> web.StreamResponse:
        """Answer what a widget shows before anybody speaks."""
        config = self._reception.config
        body = {
            "title": {"zh": config.title_zh, "en": config.title_en},
            "phone": config.phone,
            "color": config.color,
            "is_open": is_open(config.hours, self._zone, self._reception.clock.now()),
            "hours": [[entry.days, entry.opens, entry.closes] for entry in config.hours],
            "max_text": config.max_text,
            "max_upload_bytes": config.max_upload_bytes,
            "allowed_types": config.allowed_types,
        }
        headers = self._reception.headers(request)
        return web.Response(body=msgspec.json.encode(body), content_type="application/json", headers=headers)

    async def form(self, request: web.Request) -> web.StreamResponse:
        """Take the form as a plain browser posts it and answer with a page."""
        fields = parse_qs((await request.read()).decode("utf-8", "replace"), max_num_fields=10)
        given = {name: values[0] for name, values in fields.items()}
        language = "en" if given.get("lang") == "en" else "zh"
        visitor = anonymous(new_token(), language=language)
        try:
            given_frame = {key: given.get(key, "").strip() for key in ("name", "phone", "text")}
            frame = msgspec.convert({"type": "offline", "cid": uuid4().hex, **given_frame}, type=wire.Offline)
        except msgspec.ValidationError:
            return self._page(language, "offline.invalid", 422)
        try:
            is_stored = await self._reception.intake.store_form(frame, visitor, remote_address(request))
        except BusUnavailable:
            is_stored = False
        return self._page(language, "offline.thanks", 200) if is_stored else self._page(language, "offline.later", 503)

    def _page(self, language: str, key: str, status: int) -> web.Response:
        html = _PAGE.format(
            lang="en" if language == "en" else "zh-CN", title=text("page.title", language), text=text(key, language)
        )
        headers = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
        return web.Response(text=html, content_type="text/html", status=status, headers=headers)
