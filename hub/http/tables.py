"""Tables that are taken away as files: in which form they are asked for, and how they are sent."""

from typing import Literal

import msgspec
from aiohttp import web

from hub.tables import Download, FileFormat


class TableQuery(msgspec.Struct, frozen=True, kw_only=True):
    """As what, in which words."""

    format: FileFormat = "xlsx"
    language: Literal["zh", "en"] = "zh"


def table_response(download: Download) -> web.Response:
    """Return ``download`` as what a browser saves, and keeps in no cache."""
    headers = {
        "Content-Type": download.mime,
        "Content-Disposition": f'attachment; filename="{download.name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=download.data, headers=headers)
