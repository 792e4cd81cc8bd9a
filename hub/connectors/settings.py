"""What an operator sets up for a connector: one outside system, and the one question it is asked."""

import re
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from msgspec import Meta

from core.config import Secret, Settings, decode_settings, settings_schema
from core.errors import ConfigInvalid
from core.kept_secrets import KeptSecrets
from hub.connectors.parameters import parameters

MAX_ROWS: Final = 50
READING: Final = re.compile(r"\s*(SELECT|WITH|VALUES)\b", re.IGNORECASE)

Query = Annotated[str, Meta(min_length=1, max_length=10_000, extra_json_schema={"x-multiline": True})]
Rows = Annotated[int, Meta(ge=1, le=MAX_ROWS)]
Guard = Annotated[str, Meta(max_length=40)]  # the parameter whose values nobody may guess at
Misses = Annotated[int, Meta(ge=1, le=100)]  # in an hour with one value of it, before it is not asked any more


class HttpConnector(Settings, frozen=True, kw_only=True, tag_field="kind", tag="http"):
    """A web service: parameters go as query or JSON, the answer is one flat JSON object; 404 means no match."""

    url: Annotated[str, Meta(pattern="^https?://", max_length=2_000)]
    method: Literal["GET", "POST"] = "GET"
    headers: Annotated[dict[str, Secret], Meta(max_length=20)] = {}
    guarded_by: Guard = ""
    max_misses: Misses = 5


class SqliteConnector(Settings, frozen=True, kw_only=True, tag_field="kind", tag="sqlite"):
    """A database file in the directory ``lookups`` of the data directory, where the machine's operator puts it."""

    file: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$", max_length=200)]
    query: Query
    max_rows: Rows = 1
    guarded_by: Guard = ""
    max_misses: Misses = 5

    def __post_init__(self) -> None:
        _check(self)


class PostgresqlConnector(Settings, frozen=True, kw_only=True, tag_field="kind", tag="postgresql"):
    """A PostgreSQL database, named without the password: ``postgresql://user@host/name``."""

    url: Annotated[str, Meta(pattern="^postgres(ql)?://", max_length=2_000)]
    password: Secret = Secret("")
    query: Query
    max_rows: Rows = 1
    guarded_by: Guard = ""
    max_misses: Misses = 5

    def __post_init__(self) -> None:
        _check(self)
        try:
            parts = urlsplit(self.url)
        except ValueError as error:
            raise ConfigInvalid({"url": str(error)}) from error
        if parts.password is not None or "password=" in parts.query:
            raise ConfigInvalid({"url": "the password has a field of its own"})


Connector: TypeAlias = HttpConnector | SqliteConnector | PostgresqlConnector


class _Form(Settings, frozen=True, kw_only=True):
    settings: Connector


SCHEMA: Final = settings_schema(_Form)  # of an object with one field, ``settings``
_SECRETS: Final = KeptSecrets(SCHEMA)


def read_connector(raw: dict[str, Any]) -> Connector:
    """Return ``raw`` as a connector; ConfigInvalid names every bad field, as ``settings.query``."""
    return decode_settings(_Form, {"settings": raw}).settings


def faultless(raw: dict[str, Any]) -> Connector | None:
    """Return ``raw`` as a connector, None when an earlier version stored what this one cannot read."""
    try:
        return read_connector(raw)
    except ConfigInvalid:
        return None


def asked(connector: Connector) -> tuple[str, ...]:
    """Return the parameters without which ``connector`` cannot be asked."""
    return () if isinstance(connector, HttpConnector) else parameters(connector.query)


def mask(raw: dict[str, Any]) -> dict[str, Any]:
    """Return ``raw`` with ``***`` for every secret that is set."""
    masked: dict[str, Any] = _SECRETS.mask({"settings": raw})["settings"]
    return masked


def restore(raw: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return ``raw`` with what ``before`` holds in place of each ``***``; ConfigInvalid where that is not certain."""
    restored: dict[str, Any] = _SECRETS.restore({"settings": raw}, {"settings": before})["settings"]
    return restored


def _check(connector: SqliteConnector | PostgresqlConnector) -> None:
    if READING.match(connector.query) is None:
        raise ConfigInvalid({"query": "only reading"})
    if "\0" in connector.query:
        raise ConfigInvalid({"query": "holds a NUL"})
    if connector.guarded_by and connector.guarded_by not in parameters(connector.query):
        raise ConfigInvalid({"guarded_by": "no parameter of the query"})
