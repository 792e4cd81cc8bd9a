"""Makes an invitation readable (iCalendar, RFC 5545): what, when, where, who."""

import re
from datetime import datetime
from typing import Final

MAX_LINES: Final = 5_000
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_ESCAPE: Final = re.compile(r"\\([\\;,nN])")
_MARKS: Final = {"CANCEL": "❌", "REPLY": "↩️"}


def read_invitation(source: str) -> str:
    """Return the first event of ``source`` in a few lines, "" when it has none."""
    method = ""
    event: dict[str, tuple[str, str]] = {}
    depth = 0
    for line in _FOLD.sub("", source[:1_000_000]).splitlines()[:MAX_LINES]:
        name, _, value = line.partition(":")
        name, _, parameters = name.partition(";")
        name = name.strip().upper()
        if name == "METHOD":
            method = value.strip().upper()
        elif (name == "BEGIN" and value.strip().upper() in ("VEVENT", "VTODO")) or (name == "BEGIN" and depth):
            depth += 1
        elif name == "END" and depth:
            depth -= 1
            if depth == 0:
                break
        elif depth == 1:
            event.setdefault(name, (value.strip(), parameters))
    return _told(method, {name: _plain(*found) for name, found in event.items()}) if event else ""


def _told(method: str, event: dict[str, str]) -> str:
    begins, ends = (_time(event.get(name, "")) for name in ("DTSTART", "DTEND"))
    status = "❌" if event.get("STATUS", "").upper() == "CANCELLED" else _MARKS.get(method, "📅")
    who = event.get("ORGANIZER", "")
    lines = [
        f"{status} {event.get('SUMMARY', '')}".strip(),
        f"🕘 {begins}" + (f" – {ends}" if ends else "") if begins else "",
        f"📍 {event['LOCATION']}" if event.get("LOCATION") else "",
        f"👤 {re.sub('(?i)^mailto:', '', who)}" if who else "",
        f"\n{event['DESCRIPTION'].strip()}" if event.get("DESCRIPTION") else "",
    ]
    return "\n".join(line for line in lines if line)


def _plain(value: str, parameters: str) -> str:
    text = _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
    if zone := re.search(r"(?i)(?:^|;)TZID=\"?([^;\":]{1,60})", parameters):
        text = f"{text} {zone[1]}"
    if (name := re.search(r'(?i)(?:^|;)CN="?([^;":]{1,100})', parameters)) and text.lower().startswith("mailto:"):
        text = f"{name[1]} <{text[7:]}>"
    return text


def _time(value: str) -> str:
    stamp, _, zone = value.partition(" ")
    for pattern, shown in (("%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M"), ("%Y%m%d", "%Y-%m-%d")):
        try:
            moment = datetime.strptime(stamp.removesuffix("Z"), pattern)
        except ValueError:
            continue
        return " ".join(filter(None, (moment.strftime(shown), "UTC" if stamp.endswith("Z") else zone)))
    return value
