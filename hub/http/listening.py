"""Takes the port that browsers come to."""

import asyncio
import errno
import ssl
from collections.abc import Callable
from typing import Final

from core.errors import ConfigInvalid
from hub.settings import HttpSettings

BACKLOG: Final = 4_096  # connections the kernel holds for us
PORT_S: Final = 3.0  # a predecessor may still be letting go of the port
PORT_RETRY_S: Final = 0.2


async def listen(http: HttpSettings, protocol: Callable[[], asyncio.Protocol]) -> asyncio.Server:
    """Listen; a port that others hold, or that is not ours to take, is the operator's to change: ConfigInvalid."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PORT_S
    while True:
        try:
            return await loop.create_server(protocol, http.host, http.port, ssl=_tls(http), backlog=BACKLOG)
        except OSError as error:
            if loop.time() > deadline or error.errno != errno.EADDRINUSE:
                what = f"{http.host}:{http.port}: {error.strerror or error}"
                raise ConfigInvalid({"http.port": f"{what} (choose another with --port)"}) from error
        await asyncio.sleep(PORT_RETRY_S)


def _tls(http: HttpSettings) -> ssl.SSLContext | None:
    if not http.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(http.tls_certificate, http.tls_key or None)
    return context
