"""Telephone numbers: as callers bring them, as the hub keeps them, as carriers want them dialled."""

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from core.addresses import normalize
from plugins.voice.config import Route, VoiceConfig

CHINA: Final = "86"
MAX_NAME: Final = 80

_SEPARATORS: Final = re.compile(r"[\s\-().]+")
_DIGITS: Final = re.compile(r"\+?[0-9]{2,20}", re.ASCII)
_LOCAL: Final = re.compile(r"[2-9]\d{6,7}", re.ASCII)  # a landline without its area code
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
_MARKUP: Final = re.compile(r"<[^<>]*>?|[\x00-\x1f\x7f<>\"\\]")


@dataclass(frozen=True, slots=True)
class Way:
    """One line over which a number can be called."""

    endpoint: str
    caller_id: str = ""
    trunk: str = ""  # empty: a phone's


def address(number: str, *, country: str = CHINA, area: str = "") -> str:
    """Return ``number`` as ``tel:…``; ValueError when it is none."""
    digits = _SEPARATORS.sub("", number.strip().removeprefix("tel:"))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if area and _LOCAL.fullmatch(digits):
        return f"tel:+{country}{area}{digits}"
    if country == CHINA:
        try:
            return normalize(digits, "tel")
        except ValueError:
            pass
    if _DIGITS.fullmatch(digits) is None:
        raise ValueError("not a telephone number")
    if country != CHINA and digits.startswith("0"):
        digits = f"+{country}{digits[1:]}"
    return f"tel:{digits}"


def caller(number: str, config: VoiceConfig) -> str:
    """Return a caller's address, or nothing when the number is withheld or none."""
    try:
        return address(number, country=config.country_code, area=config.area_code)
    except ValueError:
        return ""


def shown_name(name: str) -> str:
    """Return a caller's name without what could be markup or a header, cut to what a desk shows."""
    return _MARKUP.sub("", name).strip()[:MAX_NAME]


def ways(number: str, config: VoiceConfig, *, down: Container[str] = ()) -> tuple[Way, ...]:
    """Return the lines for a call to ``number``, the best first; those that are ``down`` come last."""
    number = _SEPARATORS.sub("", number.removeprefix("tel:"))
    if _DIGITS.fullmatch(number) is None:
        return ()
    routes = config.routes or (Route(trunks=tuple(trunk.name for trunk in config.trunks)),) if config.trunks else ()
    matching = [route for route in routes if number.startswith(route.prefix)]
    longest = max((len(route.prefix) for route in matching), default=0)
    found = [
        (name, Way(f"PJSIP/{_dialled(number, route, config.country_code)}@{name}", route.caller_id, name))
        for route in matching
        if len(route.prefix) == longest
        for name in route.trunks
    ]
    return tuple(way for name, way in sorted(found, key=lambda pair: pair[0] in down))


def _dialled(number: str, route: Route, country: str) -> str:
    match route.dialled_as:
        case "e164":
            text = number
        case "digits":
            text = number.removeprefix("+")
        case "national":
            text = _national(number, country)
    return route.prepend + text


def _national(number: str, country: str) -> str:
    if not number.startswith("+"):
        return number
    if not number.startswith(f"+{country}"):
        return f"00{number[1:]}"
    rest = number.removeprefix(f"+{country}")
    return rest if country == CHINA and _MOBILE.fullmatch(rest) else f"0{rest}"
