"""Sends files of the media store, whole or a part (RFC 9110 section 14), sealed or not."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from core.events import Attachment
from hub.media import AUDIBLE, INLINE, StoredFile

CHUNK_BYTES: Final = 262_144
DAY: Final = "private, max-age=86400, immutable"


async def send_stored(
    request: web.Request, file: StoredFile, size_bytes: int, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Answer with ``file``, or with the part of it that the request asks for."""
    if file.key is None:
        return web.FileResponse(file.path, headers=headers)
    try:
        wanted = request.http_range
        begin, end, _ = wanted.indices(size_bytes)
    except ValueError:
        begin = end = -1
    if begin < 0 or (begin >= end and size_bytes > 0):
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size_bytes}"})
    is_part = wanted != slice(None, None, 1)
    response = web.StreamResponse(status=206 if is_part else 200, headers=headers)
    response.headers["Accept-Ranges"] = "bytes"
    if is_part:
        response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size_bytes}"
    response.content_length = end - begin
    await response.prepare(request)
    if request.method != "HEAD":
        source = await asyncio.to_thread(file.open)
        try:
            source.seek(begin)
            while begin < end and (data := await asyncio.to_thread(source.read, min(CHUNK_BYTES, end - begin))):
                await response.write(data)
                begin += len(data)
        finally:
            await asyncio.to_thread(source.close)
    await response.write_eof()
    return response


async def send_attachment(request: web.Request, file: StoredFile, attachment: Attachment) -> web.StreamResponse:
    """Answer with a file of the media store: pictures inline, all else as a download that no page can run."""
    mime = attachment.mime
    headers = {
        "Content-Type": mime if mime in INLINE | AUDIBLE else "application/octet-stream",
        "Content-Disposition": "inline" if mime in INLINE else "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": DAY,
    }
    return await send_stored(request, file, attachment.size_bytes, headers)
