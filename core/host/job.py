"""What a host is told on its standard input: one JSON line, so that no secret stands in arguments or environment."""

from typing import Any, Final

import msgspec

from core.ids import check_token

MAX_LINE_BYTES: Final = 1_048_576


class HttpPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a channel that serves HTTP listens: a Unix socket when ``path`` is set, else TCP (port 0: any free)."""

    host: str = "127.0.0.1"
    port: int = 0
    path: str = ""


class HostJob(msgspec.Struct, frozen=True, kw_only=True):
    """One instance to run: ``plugin`` is the module to import, ``settings`` clear JSON, ``nats`` a BusSettings."""

    instance: str
    plugin: str
    settings: dict[str, Any]
    nats: dict[str, Any]
    data_dir: str
    http: HttpPlace = HttpPlace()

    def __post_init__(self) -> None:
        check_token(self.instance)
