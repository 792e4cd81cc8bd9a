"""Asks a web service; the answer is one flat JSON object."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from hub.connectors.answers import MAX_ANSWER_BYTES, CannotLookUp, Values, flat
from hub.connectors.settings import HttpConnector


async def ask(connector: HttpConnector, params: Mapping[str, str]) -> Values | None:
    """Return what the service answers, None when it knows nothing (404); CannotLookUp otherwise."""
    sent: dict[str, Any] = {"params": dict(params)} if connector.method == "GET" else {"json": dict(params)}
    headers = {name: value.reveal() for name, value in connector.headers.items()}
    try:
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.request(connector.method, connector.url, allow_redirects=False, **sent) as response,
        ):
            if response.status == 404:
                return None
            if response.status != 200:
                raise CannotLookUp(f"status {response.status}")
            raw = bytearray()
            async for piece in response.content.iter_any():
                raw += piece
                if len(raw) > MAX_ANSWER_BYTES:
                    raise CannotLookUp(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise CannotLookUp(f"the service cannot be reached: {type(error).__name__}") from error
    try:
        return flat(msgspec.json.decode(raw, type=dict[str, str | int | float | bool | None]))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CannotLookUp(f"the answer is no flat JSON object: {error}") from error
