"""Reads a flow from JSON and names everything that is structurally wrong with it at once."""

import types
import typing
from typing import Any, Final

import msgspec

from core.errors import ConfigInvalid
from core.flow.steps import MAX_FLOW_BYTES, Flow, Node, Step

MAX_FAULTS: Final = 200

_STEPS: Final[dict[str, type[Step]]] = {
    str(step.__struct_config__.tag): step for step in typing.get_args(Node) if step.__struct_config__.tag
}


def decode_flow(data: bytes) -> Flow:
    """Return the flow in ``data``; ConfigInvalid names each wrong field by its path (``nodes.m.choices[0].key``)."""
    if len(data) > MAX_FLOW_BYTES:
        raise ConfigInvalid({"": f"larger than {MAX_FLOW_BYTES} bytes"})
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigInvalid({"": f"not JSON: {error}"}) from error
    faults: dict[str, str] = {}
    _collect(raw, Flow, "", faults)
    if faults:
        raise ConfigInvalid(faults)
    return msgspec.convert(raw, Flow)


def encode_flow(flow: Flow) -> bytes:
    """Return ``flow`` as the JSON that ``decode_flow`` reads."""
    return msgspec.json.encode(flow)


def _collect(raw: Any, kind: Any, path: str, faults: dict[str, str]) -> None:
    """Note every fault of ``raw`` as a ``kind``, going down only where something is wrong."""
    if len(faults) >= MAX_FAULTS:
        return
    try:
        msgspec.convert(raw, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        before = len(faults)
        _descend(raw, kind, path, faults)
        if len(faults) == before:
            faults[path] = str(error).partition(" - at ")[0]


def _descend(raw: Any, kind: Any, path: str, faults: dict[str, str]) -> None:
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if isinstance(kind, types.UnionType) and isinstance(raw, dict):
        if kind == Node:
            kind = _STEPS.get(str(raw.get("step")))
        if kind is None:
            faults[_join(path, "step")] = f"unknown step; known are {', '.join(_STEPS)}"
            return
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(raw, dict):
        _collect_fields(raw, kind, path, faults)
    elif origin is dict and isinstance(raw, dict):
        for key, value in raw.items():
            _collect(key, arguments[0], _join(path, key), faults)
            _collect(value, arguments[1], _join(path, key), faults)
    elif origin is tuple and isinstance(raw, list):
        for index, value in enumerate(raw):
            _collect(value, arguments[0], f"{path}[{index}]", faults)


def _collect_fields(raw: dict[str, Any], kind: type[msgspec.Struct], path: str, faults: dict[str, str]) -> None:
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name in raw:
            _collect(raw[name], hints[field.name], _join(path, name), faults)
        elif field.required:
            faults[_join(path, name)] = "missing"
    for name in raw.keys() - fields.keys() - {kind.__struct_config__.tag_field}:
        faults[_join(path, name)] = "unknown field"


def _join(path: str, name: str) -> str:
    return f"{path}.{name[:80]}" if path else name[:80]
