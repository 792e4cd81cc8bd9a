"""Column kinds that every model shares."""

from typing import Any, Final

import msgspec
from tortoise import fields

ID_LENGTH: Final = 36  # core.ids.new_id
SLUG_LENGTH: Final = 64  # core.ids.TOKEN: queues, roles, skills, codes, instances
URI_LENGTH: Final = 512  # longest: mailto: and 320 characters of RFC 3696
NAME_LENGTH: Final = 255


def write_json(value: Any) -> str:
    """Return ``value`` as JSON text."""
    return msgspec.json.encode(value).decode()


def read_json(text: str | bytes) -> Any:
    """Return the value in JSON ``text``."""
    return msgspec.json.decode(text)


def id_field(*, is_key: bool = False, null: bool = False) -> Any:
    """Return a column for a UUIDv7 in text."""
    options: dict[str, Any] = {"primary_key": is_key, "null": null}
    return fields.CharField(max_length=ID_LENGTH, **options)


def slug_field(
    *, is_key: bool = False, null: bool = False, default: str | None = None, db_default: str | None = None
) -> Any:
    """Return a column for a subject token: the id of something an operator named."""
    options: dict[str, Any] = {"primary_key": is_key, "null": null, "default": default}
    if db_default is not None:  # a column that came later needs one
        options["db_default"] = db_default
    return fields.CharField(max_length=SLUG_LENGTH, **options)


def json_field(default: Any = None) -> Any:
    """Return a column for a JSON object or array, never a bare string: the ORM takes that for JSON text.

    Without ``default`` it may be null.
    """
    return fields.JSONField[Any](encoder=write_json, decoder=read_json, null=default is None, default=default)
