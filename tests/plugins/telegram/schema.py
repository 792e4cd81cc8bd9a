"""Judges calls by the public schema of the Bot API: nothing unknown, nothing missing, nothing of a wrong type."""

import json
import os
from pathlib import Path
from typing import Any

CONDENSED = Path(__file__).parent / "fixtures" / "bot_api.json"
WHOLE = Path(os.environ.get("LIANXIN_TELEGRAM_SCHEMA") or Path(__file__).parents[4] / "shared/telegram/api.json")
RULES = json.loads(CONDENSED.read_text("utf-8"))


def condensed(whole: dict[str, Any], kind: str, name: str) -> dict[str, list[str]]:
    """Return one method or type of the whole schema in the form of the condensed one."""
    fields = whole[kind][name].get("fields", [])
    return {field["name"]: [*field["types"], *["required"] * field["required"]] for field in fields}


def faults(method: str, params: dict[str, Any]) -> list[str]:
    """Return what is wrong with a call; values are texts as in a form, bytes are files."""
    rules = RULES["methods"].get(method)
    if rules is None:
        return [f"unknown method {method}"]
    found = [f"{method}: unknown parameter {name}" for name in params.keys() - rules.keys()]
    found += [
        f"{method}: {name} is missing" for name, types in rules.items() if "required" in types and name not in params
    ]
    for name in params.keys() & rules.keys():
        if not any(_fits(params[name], kind) for kind in rules[name]):
            found.append(f"{method}: {name} is none of {rules[name]}")
    return found


def _fits(value: Any, kind: str) -> bool:  # noqa: PLR0911
    if isinstance(value, bytes):
        return kind == "InputFile"
    match kind:
        case "String":
            return True
        case "Integer":
            return value.removeprefix("-").isdigit()
        case "Boolean":
            return value in ("true", "false")
        case "required" | "InputFile":
            return False
    try:
        return _is(json.loads(value), kind)
    except ValueError:
        return False


def _is(value: Any, kind: str) -> bool:
    if kind.startswith("Array of "):
        return isinstance(value, list) and all(_is(item, kind.removeprefix("Array of ")) for item in value)
    match kind:
        case "String":
            return isinstance(value, str)
        case "Integer":
            return isinstance(value, int)
        case "Boolean":
            return isinstance(value, bool)
    rules = RULES["types"].get(kind)
    if rules is None or not isinstance(value, dict):
        return False
    needed = {name for name, types in rules.items() if "required" in types}
    return needed <= value.keys() <= rules.keys() and all(
        any(_is(part, one) for one in rules[name]) for name, part in value.items()
    )
