"""Settings as frozen structs: decoding with all faults at once, JSON Schema for forms, secrets that never print."""

from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import StructMeta

from core.errors import ConfigInvalid

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


class _SettingsMeta(StructMeta):
    """Keeps defaults that JSON cannot hold out of the schema: msgspec would fail to write them down."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        for field, default in namespace.items():
            if isinstance(default, Secret | Path):
                namespace[field] = msgspec.field(default_factory=partial(copy, default))
        return super().__new__(cls, name, bases, namespace, **options)


class Settings(msgspec.Struct, metaclass=_SettingsMeta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every settings struct: unknown fields are refused."""


def decode_settings(kind: type[SettingsT], raw: dict[str, Any]) -> SettingsT:
    """Return ``raw`` as ``kind``; ConfigInvalid naming every bad field at once.

    Each field is tried on its own, so three mistakes give three faults; a struct's own
    ``__post_init__`` may raise ConfigInvalid or ValueError for what concerns several fields.
    """
    faults: dict[str, str] = {}
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in sorted(raw.keys() - fields.keys()):
        faults[name] = "unknown setting"
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in raw:
            if field.required:
                faults[name] = "missing"
            continue
        try:
            values[field.name] = msgspec.convert(raw[name], type=field.type, dec_hook=_decode)
        except msgspec.ValidationError as error:
            path, what = _split(str(error))
            faults[name + path] = what
    if faults:
        raise ConfigInvalid(faults)
    try:
        return kind(**values)
    except ValueError as error:
        raise ConfigInvalid({"": str(error)}) from error


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


def secret_paths(schema: dict[str, Any]) -> list[str]:
    """Return the names of the top-level settings in ``schema`` that are secrets."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    properties = schema.get("$defs", {}).get(name, schema).get("properties", {})
    return [field for field, part in properties.items() if part.get("x-secret")]


def _decode(kind: type, value: Any) -> Any:
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


def _split(message: str) -> tuple[str, str]:
    # msgspec: "Expected `int`, got `str` - at `$.port`" (the path only when it is below the field)
    what, _, path = message.partition(" - at `$")
    return path.rstrip("`"), what
