"""Looks into a PostgreSQL database inside a transaction that can only read."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from hub.connectors.answers import CannotLookUp, Values, joined
from hub.connectors.parameters import numbered
from hub.connectors.settings import PostgresqlConnector

CLOSE_S: Final = 1.0


def is_installed() -> bool:
    """Tell whether the extra ``postgresql`` is installed."""
    return find_spec("asyncpg") is not None


async def look(connector: PostgresqlConnector, params: Mapping[str, str], limit_s: float) -> Values | None:
    """Return the rows found, None when there is none; CannotLookUp otherwise."""
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra

    try:
        query, values = numbered(connector.query, params)
        connection = await asyncpg.connect(
            connector.url,
            password=connector.password.reveal() or None,
            timeout=limit_s,
            statement_cache_size=0,
            server_settings={
                "application_name": "lianxin lookup",
                "default_transaction_read_only": "on",
                "statement_timeout": str(max(1, round(limit_s * 1000))),
            },
        )
        try:
            async with connection.transaction(readonly=True):
                cursor = await connection.cursor(query, *values)
                rows = await cursor.fetch(connector.max_rows)
            await connection.close(timeout=CLOSE_S)
        finally:
            connection.terminate()
    except KeyError as error:
        raise CannotLookUp(f"parameter {error} is missing") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError) as error:
        raise CannotLookUp(f"the database: {error}") from error
    return joined(dict(row) for row in rows)
