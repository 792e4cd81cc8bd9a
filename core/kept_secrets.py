"""Masks the secrets in settings, and puts back those that come in masked; guided by the settings' JSON Schema.

Works on plain values, for whoever may not import the plugin whose settings they are.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec

from core.config import MASK
from core.errors import ConfigInvalid

ENTER_AGAIN: Final = "enter it again"
NAMES: Final = ("name", "id")  # fields by which an item of a list is known wherever it stands

Schema: TypeAlias = dict[str, Any]


class KeptSecrets:
    """The secrets in settings of one ``schema``."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema

    def mask(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return ``settings`` with ``***`` for every secret that is set."""
        hidden: dict[str, Any] = self._mask(settings, self._root)
        return hidden

    def restore(self, settings: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        """Return ``settings`` with what ``before`` holds in place of each ``***``.

        ConfigInvalid names the secrets of which it is not certain what they were: those of another kind of
        thing than before, and of list items that cannot be told from others.
        """
        faults: dict[str, str] = {}
        kept: dict[str, Any] = self._restore(settings, before, self._root, "", faults)
        if faults:
            raise ConfigInvalid(faults)
        return kept

    def _mask(self, value: Any, schema: Schema) -> Any:
        if self._is_secret(value, schema):
            return MASK if value else value
        if isinstance(value, dict):
            return {name: self._mask(part, self._field(value, schema, name)) for name, part in value.items()}
        if isinstance(value, list):
            return [self._mask(item, self._item(schema, at)) for at, item in enumerate(value)]
        return value

    def _restore(self, value: Any, before: Any, schema: Schema, path: str, faults: dict[str, str]) -> Any:
        if self._is_secret(value, schema):
            if value == MASK and not isinstance(before, str):
                faults[path] = ENTER_AGAIN
            return before if value == MASK else value
        if isinstance(value, dict):
            old = before if isinstance(before, dict) and self._is_same_kind(value, before, schema) else {}
            return {
                name: self._restore(
                    part, old.get(name), self._field(value, schema, name), f"{path}.{name}".lstrip("."), faults
                )
                for name, part in value.items()
            }
        if isinstance(value, list):
            partners = self._partners(value, before if isinstance(before, list) else [], schema)
            return [
                self._restore(item, partners.get(at), self._item(schema, at), f"{path}[{at}]", faults)
                for at, item in enumerate(value)
            ]
        return value

    def _partners(self, items: list[Any], before: list[Any], schema: Schema) -> dict[int, Any]:
        """Return what each of ``items`` was, by its place: found by its name, else by all that is no secret.

        Those left over are taken in order when as many are left over on both sides.
        """
        partners: dict[int, int] = {}
        for sign in (_name, lambda item: msgspec.json.encode(self._mask(item, self._item(schema, 0)))):
            _pair(partners, [sign(item) for item in items], [sign(item) for item in before])
        left = [at for at, item in enumerate(items) if at not in partners and _holds_mask(item)]
        left_before = sorted(set(range(len(before))) - set(partners.values()))
        if len(left) == len(left_before):
            partners.update(zip(left, left_before, strict=True))
        return {at: before[old] for at, old in partners.items()}

    def _is_secret(self, value: Any, schema: Schema) -> bool:
        return isinstance(value, str) and any(one.get("x-secret") for one in self._meanings(value, schema))

    def _field(self, value: dict[str, Any], schema: Schema, name: str) -> Schema:
        found = []
        for one in self._meanings(value, schema):
            field = one.get("properties", {}).get(name, one.get("additionalProperties"))
            if isinstance(field, dict):
                found.append(field)
        return {"anyOf": found}

    def _item(self, schema: Schema, at: int) -> Schema:
        found = []
        for one in self._meanings([], schema):
            fixed = one.get("prefixItems", [])
            item = fixed[at] if at < len(fixed) else one.get("items")
            if isinstance(item, dict):
                found.append(item)
        return {"anyOf": found}

    def _is_same_kind(self, value: Any, before: Any, schema: Schema) -> bool:
        return list(self._meanings(value, schema)) == list(self._meanings(before, schema))

    def _meanings(self, value: Any, schema: Schema, followed: frozenset[str] = frozenset()) -> Iterator[Schema]:
        """Yield what ``schema`` says ``value`` may be: references followed, of a tagged union only its own member."""
        if (reference := schema.get("$ref")) is not None:
            if reference not in followed:
                target = self._root.get("$defs", {}).get(reference.rsplit("/", 1)[-1], {})
                yield from self._meanings(value, target, followed | {reference})
            return
        union = schema.get("discriminator", {})
        tag = value.get(union.get("propertyName")) if isinstance(value, dict) else None
        if isinstance(tag, str) and tag in union.get("mapping", {}):
            yield from self._meanings(value, {"$ref": union["mapping"][tag]}, followed)
        elif (members := schema.get("anyOf", schema.get("oneOf"))) is not None:
            for member in members:
                yield from self._meanings(value, member, followed)
        else:
            yield schema


def _pair(partners: dict[int, int], signs: list[Any], signs_before: list[Any]) -> None:
    """Add to ``partners`` the places of equal signs, in order, where as many are equal on both sides."""
    places, places_before = defaultdict(list), defaultdict(list)
    for at, sign in enumerate(signs):
        if sign is not None and at not in partners:
            places[sign].append(at)
    for at in sorted(set(range(len(signs_before))) - set(partners.values())):
        places_before[signs_before[at]].append(at)
    for sign, equal in places.items():
        if len(equal) == len(places_before[sign]):
            partners.update(zip(equal, places_before[sign], strict=True))


def _name(item: Any) -> str | None:
    names = (item.get(field) for field in NAMES) if isinstance(item, dict) else ()
    return next((name for name in names if isinstance(name, str) and name), None)


def _holds_mask(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_holds_mask(part) for part in (value.values() if isinstance(value, dict) else value))
    return bool(value == MASK)
