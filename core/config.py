"""Settings as frozen structs: decoding with all faults at once, JSON Schema for forms, secrets that never print."""

from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import StructMeta

from core.errors import ConfigInvalid
from core.faults import find_faults

SettingsT = TypeVar("SettingsT", bound="Settings")
MASK = "***"


class Secret:
    """A value that prints as ``***``; ``reveal`` hands it out at the one place that needs it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the hidden value; never log or echo it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK


def _is_unwritable(default: object) -> bool:
    match default:
        case Secret() | Path():
            return True
        case msgspec.Struct():
            return any(_is_unwritable(getattr(default, field)) for field in default.__struct_fields__)
        case list() | tuple():
            return any(_is_unwritable(part) for part in default)
        case _:
            return False


class _SettingsMeta(StructMeta):
    """Keeps defaults that JSON cannot hold out of the schema: msgspec would fail to write them down."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        for field, default in namespace.items():
            if _is_unwritable(default):
                namespace[field] = msgspec.field(default_factory=partial(copy, default))
        return super().__new__(cls, name, bases, namespace, **options)


class Settings(msgspec.Struct, metaclass=_SettingsMeta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every settings struct: unknown fields are refused."""


def decode_settings(kind: type[SettingsT], raw: dict[str, Any]) -> SettingsT:
    """Return ``raw`` as ``kind``; ConfigInvalid naming every bad field at once, as ``mailboxes[1].password``.

    A struct's own ``__post_init__`` may raise ConfigInvalid, with names as it knows them, or ValueError for
    what concerns several fields; it is asked once its fields are well formed each.
    """
    try:
        return msgspec.convert(raw, type=kind, dec_hook=_read)
    except (msgspec.ValidationError, ConfigInvalid) as error:
        raise ConfigInvalid(find_faults(kind, raw, _read)) from error


def settings_schema(kind: type[Settings]) -> dict[str, Any]:
    """Return the JSON Schema of ``kind`` for a form; secrets carry ``x-secret`` and ``format: password``."""
    (schema,), definitions = msgspec.json.schema_components([kind], schema_hook=_schema, ref_template="#/$defs/{name}")
    return {**schema, "$defs": definitions}


def plain_settings(settings: Settings, *, reveal: bool) -> dict[str, Any]:
    """Return ``settings`` as JSON-ready values; secrets in clear only when ``reveal``, else masked."""

    def encode(value: object) -> object:
        if isinstance(value, Secret):
            return value.reveal() if reveal else MASK
        if isinstance(value, Path):
            return str(value)
        raise NotImplementedError(f"a setting of type {type(value).__name__} cannot be written down")

    plain: dict[str, Any] = msgspec.to_builtins(settings, enc_hook=encode)
    return plain


def _read(kind: type, value: Any) -> Any:
    if kind not in {Secret, Path}:
        raise NotImplementedError(f"a setting of type {kind.__name__} cannot be read")
    if not isinstance(value, str):
        raise ValueError("Expected `str`")  # msgspec adds the path
    return kind(value)


def _schema(kind: type) -> dict[str, Any]:
    if kind is Secret:
        return {"type": "string", "format": "password", "x-secret": True}
    if kind is Path:
        return {"type": "string"}
    raise NotImplementedError(f"a setting of type {kind.__name__} has no form")
