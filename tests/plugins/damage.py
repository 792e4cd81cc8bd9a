"""Damages samples the way broken and hostile far ends do: in their structure, in their values, in their bytes."""

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**64, -(2**63), 10**40, 1.5, 1e308, -0.0,
    "", " ", "\0", "0", "-1", "1e999", "nan", "\ud800", "\U0010ffff", "💥" * 40, "x" * 5000, "<xml>", "&amp;", "{}",
    [], [[]], [None], [{}], {}, {"": ""}, {"id": {}}, [[[[[[[[]]]]]]]],
)  # fmt: skip
BYTES = (
    b"",
    b"\0",
    b"\xff",
    b"<",
    b">",
    b"&",
    b'"',
    b"{",
    b"]",
    b"\\u",
    b"<!DOCTYPE a>",
    b"]]>",
    b"1e9",
    b"\xed\xa0\x80",
)


def damaged_objects(samples: Sequence[Any], count: int, seed: int) -> Iterator[Any]:
    """Yield ``count`` JSON-like objects made from ``samples`` by one to three changes each."""
    source = random.Random(seed)
    for _ in range(count):
        damaged = copy.deepcopy(source.choice(samples))
        for _ in range(source.randint(1, 3)):
            damaged = _change(damaged, source)
        yield damaged


def damaged_bytes(samples: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Yield ``count`` byte strings made from ``samples`` by one to three changes each."""
    source = random.Random(seed)
    for _ in range(count):
        damaged = bytearray(source.choice(samples))
        for _ in range(source.randint(1, 3)):
            at = source.randint(0, len(damaged))
            match source.randrange(4):
                case 0:
                    damaged[at:at] = source.choice(BYTES)
                case 1:
                    del damaged[at : at + source.randint(1, 40)]
                case 2:
                    damaged[at : at + 1] = bytes([source.randrange(256)])
                case 3:
                    start = source.randint(0, len(damaged))
                    damaged[at:at] = damaged[start : start + source.randint(1, 200)]
        yield bytes(damaged)


def damaged_xml(samples: Sequence[dict[str, Any]], count: int, seed: int) -> Iterator[bytes]:
    """Yield ``count`` flat XML records made from ``samples`` as for objects; some are no XML any more."""
    for damaged in damaged_objects(samples, count, seed):
        fields = damaged.items() if isinstance(damaged, dict) else [("x", damaged)]
        parts = (f"<{name}>{escape(str(value)[:5000])}</{name}>" for name, value in fields)
        yield f"<xml>{''.join(parts)}</xml>".encode("utf-8", "surrogatepass")


def as_json(value: Any) -> bytes:
    """Return ``value`` as JSON with half characters escaped, as a sloppy far end writes it."""
    return json.dumps(value).encode()


def _change(value: Any, source: random.Random) -> Any:
    """Return ``value`` with one place in it changed; the deeper places are as likely as the upper ones."""
    if isinstance(value, dict) and value:
        key = source.choice(list(value))
        match source.randrange(8):
            case 0:
                del value[key]
            case 1:
                value[source.choice(list(value))] = value[key]
            case 2:
                value[key] = source.choice(ODD)
            case _:
                value[key] = _change(value[key], source)
        return value
    if isinstance(value, list) and value and source.random() < 0.8:
        at = source.randrange(len(value))
        value[at] = _change(value[at], source)
        return value
    return source.choice(ODD)
