"""Checks and normalises what people answer: dates, numbers, telephone and identity numbers."""

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from core.flow.matching import plain
from core.flow.steps import AskStep

_SEPARATORS: Final = re.compile(r"[\s\-‐-―()]+")
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})", re.ASCII)
_PHONE: Final = re.compile(r"\+?\d{5,15}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?", re.ASCII)
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}", re.ASCII
)
_ID_NUMBER: Final = re.compile(r"\d{17}[\dX]", re.ASCII)
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643, ISO 7064 MOD 11-2
_ID_CHECKS: Final = "10X98765432"
_YES: Final = frozenset({"1", "是", "是的", "对", "对的", "好", "好的", "可以", "要", "需要", "同意", "yes", "y", "ok"})
_NO: Final = frozenset({"2", "否", "不", "不是", "不对", "不用", "不要", "不需要", "不同意", "没有", "no", "n"})


def accepted(step: AskStep, raw: str) -> str | None:
    """Return the answer in its normal form, or None when it does not fit ``step``.

    Dates become ISO 8601, numbers plain decimals, yes and no ``yes`` and ``no``.
    """
    text = raw.strip()
    if not text or len(text) > 2_000:
        return None
    narrow = unicodedata.normalize("NFKC", text).strip()
    value: str | None
    match step.kind:
        case "text":
            value = text
        case "digits":
            joined = _SEPARATORS.sub("", narrow)
            value = joined if joined.isascii() and joined.isdigit() else None
        case "number":
            value = _number(step, narrow)
        case "date":
            value = _date(narrow)
        case "phone":
            joined = _SEPARATORS.sub("", narrow)
            value = joined if _PHONE.fullmatch(joined) else None
        case "id_number":
            value = _id_number(_SEPARATORS.sub("", narrow).upper())
        case "email":
            value = narrow if _EMAIL.fullmatch(narrow) else None
        case "yes_no":
            word = plain(text)
            value = "yes" if word in _YES else "no" if word in _NO else None
    if value is None or (step.kind in {"text", "digits"} and not step.min_length <= len(value) <= step.max_length):
        return None
    return value


def _number(step: AskStep, text: str) -> str | None:
    joined = text.replace(",", "").replace(" ", "")
    if _NUMBER.fullmatch(joined) is None:
        return None
    try:
        value = Decimal(joined)
    except InvalidOperation:  # pragma: no cover - the pattern admits decimals only
        return None
    too_small = step.minimum is not None and value < Decimal(str(step.minimum))
    too_great = step.maximum is not None and value > Decimal(str(step.maximum))
    return None if too_small or too_great else f"{value:f}".removeprefix("+")


def _date(text: str) -> str | None:
    found = _DATE.fullmatch("".join(text.split()))
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _id_number(text: str) -> str | None:
    if _ID_NUMBER.fullmatch(text) is None or _date(text[6:14]) is None:
        return None
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, text, strict=False))
    return text if _ID_CHECKS[total % 11] == text[17] else None
