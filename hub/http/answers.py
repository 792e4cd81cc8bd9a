"""JSON answers and the one shape of errors."""

from typing import Any

import msgspec
from aiohttp import web

from hub.errors import ApiError, ErrorAnswer, ErrorBody


def json_answer(value: Any, status: int = 200) -> web.Response:
    """Return ``value`` as a JSON response that nobody caches."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(value),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def error_answer(error: ApiError) -> web.Response:
    """Return ``error`` in the one shape."""
    body = ErrorBody(code=error.code, message=str(error), fields=error.fields, retry_after_s=error.retry_after_s)
    response = json_answer(ErrorAnswer(body), error.status)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return response
