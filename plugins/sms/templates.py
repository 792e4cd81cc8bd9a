"""Requests written down with ``{names}`` where values go; each value is escaped for the place it stands in."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final, Literal
from urllib.parse import quote, quote_plus

BodyFormat = Literal["none", "form", "json"]

NAMES: Final = frozenset({"to", "text", "sender", "message_id", "key"})
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


def fill_url(template: str, values: Mapping[str, str]) -> str:
    """Return ``template`` with its values percent-encoded."""
    return _filled(template, values, lambda value: quote(value, safe=""))


def fill_body(template: str, values: Mapping[str, str], form: BodyFormat) -> bytes | None:
    """Return the body ``template`` makes, None when there is none."""
    if form == "none":
        return None
    escape = quote_plus if form == "form" else _in_json
    return _filled(template, values, escape).encode()


def template_fault(url: str, body: str, form: BodyFormat) -> tuple[str, str] | None:
    """Return which of ``url`` and ``body`` is wrong and why, None when both are usable."""
    for name, template in (("url", url), ("body", body)):
        if unknown := set(_PLACE.findall(template)) - NAMES:
            return name, f"no such value: {', '.join(sorted(unknown))}"
    if "{text}" not in url and (form == "none" or "{text}" not in body):
        return "body", "{text} stands nowhere"
    if form == "json":
        try:
            json.loads(_filled(body, dict.fromkeys(NAMES, '"'), _in_json))
        except ValueError as error:
            return "body", f"not JSON: {error}"
    return None


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _filled(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    return _PLACE.sub(lambda place: escape(values[place[1]]), template)
