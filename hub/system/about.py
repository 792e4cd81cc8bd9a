"""What the installation is made of: every library with its version and its licence, from the packages' own metadata."""

import platform
import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata, resources
from typing import Final, Literal

import msgspec

PROJECT: Final = "lianxin"
FOR_WORK_ON_IT: Final = frozenset({"test"})  # extras that nobody needs to run it
BROWSER_LIST: Final = "libraries.json"  # written with the front end (lianxin/webbuild.py)
MAX_LICENSE_CHARS: Final = 80  # some packages put the whole text there

_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA: Final = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """One library: where it runs, and under which terms it is used; ``license`` as its makers write it."""

    name: str
    version: str
    license: str
    url: str = ""
    runs_in: Literal["server", "browser"] = "server"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Versions, and the libraries by name."""

    version: str
    python: str
    system: str
    libraries: tuple[Library, ...]


@cache
def about() -> About:
    """Return what this process runs with; reads files."""
    libraries = [*_server_libraries(), *_browser_libraries()]
    return About(
        version=metadata.version(PROJECT),
        python=platform.python_version(),
        system=platform.platform(terse=True),
        libraries=tuple(sorted(libraries, key=lambda one: (one.runs_in == "browser", one.name.lower()))),
    )


def _server_libraries() -> Iterator[Library]:
    """Return what the project's packages need, as far as it is installed."""
    root = metadata.distribution(PROJECT)
    extras = frozenset(root.metadata.get_all("Provides-Extra") or ()) - FOR_WORK_ON_IT
    seen: set[str] = {PROJECT}
    waiting = [(requirement, extras) for requirement in root.requires or ()]
    while waiting:
        requirement, wanted = waiting.pop()
        marker = _EXTRA.search(requirement)
        found = _REQUIREMENT.match(requirement)
        if found is None or (marker and marker[1] not in wanted):
            continue
        key = f"{re.sub(r'[-_.]+', '-', found[1].lower())}[{found[2] or ''}]"
        if key in seen:
            continue
        seen.add(key)
        try:
            one = metadata.distribution(found[1])
        except metadata.PackageNotFoundError:
            continue
        own = frozenset(filter(None, re.split(r"[\s,]+", found[2] or "")))
        waiting += [(more, own) for more in one.requires or ()]
        plain = key.partition("[")[0]
        if plain not in seen:
            seen.add(plain)
            yield Library(name=one.name, version=one.version, license=_license(one), url=_url(one))


def _browser_libraries() -> list[Library]:
    path = resources.files(PROJECT) / "_web" / BROWSER_LIST
    if not path.is_file():
        return []
    return [
        msgspec.structs.replace(one, runs_in="browser")
        for one in msgspec.json.decode(path.read_bytes(), type=list[Library])
    ]


def _license(of: metadata.Distribution) -> str:
    """Return the licence's name: the SPDX expression, else what the classifiers or a short free text say."""
    if expression := _field(of, "License-Expression"):
        return expression
    classified = [
        line.rsplit(" :: ", 1)[1]
        for line in of.metadata.get_all("Classifier") or ()
        if line.startswith("License :: ") and line != "License :: OSI Approved"
    ]
    text = _field(of, "License").strip().partition("\n")[0]
    return ", ".join(classified) or (text if len(text) <= MAX_LICENSE_CHARS else "")


def _url(of: metadata.Distribution) -> str:
    pairs = (line.partition(",") for line in of.metadata.get_all("Project-URL") or ())
    urls = {label.strip().lower(): url.strip() for label, _, url in pairs}
    named = [urls[label] for label in ("homepage", "home", "source", "repository", "source code") if label in urls]
    return next(filter(None, [*named, _field(of, "Home-page"), *urls.values()]), "")


def _field(of: metadata.Distribution, name: str) -> str:
    return next(iter(of.metadata.get_all(name) or ()), "")
