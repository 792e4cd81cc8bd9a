"""Finds everything that is wrong with a value, and says where: ``mailboxes[1].backend.password``."""

import types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

import msgspec

from core.errors import ConfigInvalid

Part: TypeAlias = tuple[Any, Any, str]  # what it should be, what it is, where
Faults: TypeAlias = dict[str, str]
Reader: TypeAlias = Callable[[type, Any], Any]  # msgspec's ``dec_hook``

MISSING: Final = "missing"
UNKNOWN: Final = "unknown setting"


def find_faults(kind: Any, raw: Any, read: Reader, path: str = "") -> Faults:
    """Return what is wrong with ``raw`` as a ``kind``, by the path of each part; nothing when it fits.

    A whole is judged only when all its parts fit, so each mistake is named once.
    """
    faults: Faults = {}
    for part in _parts(_choose(kind, raw), raw, path, faults):
        faults |= find_faults(*part[:2], read, part[2])
    return faults or _judge(kind, raw, read, path)


def _judge(kind: Any, raw: Any, read: Reader, path: str) -> Faults:
    try:
        msgspec.convert(raw, type=kind, dec_hook=read)
    except msgspec.ValidationError as error:
        # "Expected `int`, got `str` - at `$.port`": the path only where it is below ``raw``
        what, _, below = str(error).partition(" - at `$")
        return {(path + below.rstrip("`")).lstrip("."): what}
    except ConfigInvalid as error:
        return {_join(path, name): what for name, what in error.faults.items()}
    return {}


def _parts(kind: Any, raw: Any, path: str, faults: Faults) -> Iterator[Part]:
    """Yield what ``raw`` is made of; fields too few or too many become ``faults``."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if isinstance(raw, dict):
            yield from _fields(kind, raw, path, faults)
    elif origin is dict and isinstance(raw, dict):
        yield from ((arguments[1], value, _join(path, str(key))) for key, value in raw.items())
    elif isinstance(raw, list | tuple) and origin in {list, set, frozenset, tuple}:
        kinds = arguments if origin is tuple and ... not in arguments else arguments[:1] * len(raw)
        yield from ((one, value, f"{path}[{at}]") for at, (one, value) in enumerate(zip(kinds, raw, strict=False)))


def _fields(kind: type[msgspec.Struct], raw: dict[str, Any], path: str, faults: Faults) -> Iterator[Part]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    config = kind.__struct_config__
    if config.forbid_unknown_fields:
        for name in sorted(raw.keys() - fields.keys() - {config.tag_field}):
            faults[_join(path, name)] = UNKNOWN
    for name, field in fields.items():
        if name in raw:
            yield field.type, raw[name], _join(path, name)
        elif field.required:
            faults[_join(path, name)] = MISSING


def _choose(kind: Any, raw: Any) -> Any:
    """Return the bare type that ``raw`` means to be: without annotations, and of a union the tagged member."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) not in {Union, types.UnionType}:
        return kind
    members = [_choose(member, raw) for member in get_args(kind) if member is not types.NoneType]
    tagged = [member for member in members if isinstance(raw, dict) and _is_tagged_like(member, raw)]
    return (tagged or members)[0] if tagged or len(members) == 1 else kind


def _is_tagged_like(member: Any, raw: dict[str, Any]) -> bool:
    if not (isinstance(member, type) and issubclass(member, msgspec.Struct)):
        return False
    config = member.__struct_config__
    return config.tag_field is not None and raw.get(config.tag_field) == config.tag


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
