"""Judges the comparisons of a branch: data, never code."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from core.flow.steps import Comparison, Operator
from core.flow.templates import fill

_NUMBER: Final = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)


def holds(when: Sequence[Comparison], variables: Mapping[str, str]) -> bool:
    """Tell whether every comparison is true; an unset variable makes only ``unset``, ``ne`` and ``not_in`` true."""
    return all(_is_true(comparison, variables) for comparison in when)


def _is_true(comparison: Comparison, variables: Mapping[str, str]) -> bool:
    left = variables.get(comparison.variable, "")
    if not left:
        return comparison.op in {"unset", "ne", "not_in"}
    right = fill(comparison.value, variables)
    order = _order(left, right)
    is_listed = any(_order(left, fill(value, variables)) == 0 for value in comparison.values)
    truths: dict[Operator, bool] = {
        "set": True,
        "unset": False,
        "eq": order == 0,
        "ne": order != 0,
        "in": is_listed,
        "not_in": not is_listed,
        "starts_with": left.startswith(right),
        "lt": order == -1,
        "le": order in {-1, 0},
        "gt": order == 1,
        "ge": order in {0, 1},
    }
    return truths[comparison.op]


def _order(left: str, right: str) -> int | None:
    """Return -1, 0 or 1; None when one side is a number and the other is not."""
    numbers = [Decimal(side) for side in (left, right) if _NUMBER.fullmatch(side)]
    if len(numbers) == 2:
        return (numbers[0] > numbers[1]) - (numbers[0] < numbers[1])
    return None if numbers else (left > right) - (left < right)
