"""Where this machine's packages come from: its Debian or Ubuntu mirror, and the suite that has an Asterisk."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.engine.binary import EngineMissing

# Debian releases from 12 on carry no asterisk; Ubuntu's do, in universe
_SUITE: Final = {"debian": "sid"}
_COMPONENTS: Final = {"debian": "main", "ubuntu": "main universe"}
_KEYRING: Final = {
    "debian": "/usr/share/keyrings/debian-archive-keyring.gpg",
    "ubuntu": "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
}
_ONE_LINE: Final = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<rest>.+)$")


@dataclass(frozen=True, slots=True)
class Source:
    """One line of an apt sources.list."""

    uri: str
    suite: str
    components: str
    keyring: str

    def __str__(self) -> str:
        return f"deb [signed-by={self.keyring}] {self.uri} {self.suite} {self.components}"


def find_source(root: Path = Path("/")) -> Source:
    """Return where an Asterisk can be had; EngineMissing saying what to do on machines of another kind."""
    release = _os_release(root / "etc/os-release")
    families = (release.get("ID", ""), *release.get("ID_LIKE", "").split())
    family = next((name for name in families if name in _KEYRING), None)
    if family is None:
        raise EngineMissing(
            f"no asterisk can be fetched for {release.get('PRETTY_NAME', 'this system')}: install asterisk 18 or newer "
            "with its package manager, or set engine.binary"
        )
    own_suite = release.get("UBUNTU_CODENAME" if family == "ubuntu" else "VERSION_CODENAME", "")
    suite = _SUITE.get(family, own_suite)
    for uri, suites in _entries(root / "etc/apt"):
        # the machine's own release, not its security updates or somebody else's packages
        if own_suite in suites and "security" not in uri:
            return Source(uri, suite, _COMPONENTS[family], _KEYRING[family])
    raise EngineMissing(
        f"no mirror of {own_suite or family} is configured in {root / 'etc/apt'}: add one, "
        "or install asterisk 18 or newer"
    )


def _entries(apt: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the addresses and suites that apt is configured with."""
    parts = sorted((apt / "sources.list.d").glob("*"))
    for path in (apt / "sources.list", *parts):
        try:
            text = path.read_text("utf-8", errors="replace")
        except OSError:
            continue
        if path.suffix == ".sources":
            yield from _paragraphs(text)
        elif path.suffix == ".list":
            for line in text.splitlines():
                if match := _ONE_LINE.match(line.strip()):
                    yield match["uri"], [match["suite"]]


def _paragraphs(text: str) -> Iterator[tuple[str, list[str]]]:
    for paragraph in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')} {line.strip()}"
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            for uri in fields.get("uris", "").split():
                yield uri, fields.get("suites", "").split()


def _os_release(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {name: value.strip("\"'") for name, _, value in (line.partition("=") for line in lines) if value}
