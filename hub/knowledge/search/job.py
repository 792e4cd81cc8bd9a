"""What the search process is told on its standard input."""

from typing import Any

import msgspec


class SearchJob(msgspec.Struct, frozen=True, kw_only=True):
    """What to run: ``nats`` is a BusSettings, ``folder`` belongs to this process alone."""

    engine: str
    folder: str
    nats: dict[str, Any]
