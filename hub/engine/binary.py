"""Finding an Asterisk that is new enough: the one named, the system's, or our own below a prefix."""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.errors import LianxinError

OLDEST: Final = (18,)
VERSION_LIMIT_S: Final = 10.0
_VERSION: Final = re.compile(r"Asterisk (?:certified/|certified-)?(\d+)(?:\.(\d+))?")
_DIRECTORY: Final = re.compile(r"^\s*(ast\w+)\s*=>?\s*(\S+)", re.MULTILINE)
_MODULE_DIRS: Final = ("usr/lib/*/asterisk/modules", "usr/lib64/asterisk/modules", "usr/lib/asterisk/modules")
_DATA_DIRS: Final = ("usr/share/asterisk", "var/lib/asterisk")


class EngineMissing(LianxinError):
    """There is no Asterisk that can be used; the text says what to do."""

    code = "engine_missing"


@dataclass(frozen=True, slots=True)
class Asterisk:
    """An Asterisk and its folders; ``command`` starts it, the arguments follow."""

    command: tuple[str, ...]
    version: str
    module_dir: Path
    data_dir: Path
    modules: frozenset[str] = field(default=frozenset(), repr=False)

    def at(self, configuration: Path, *arguments: str) -> tuple[str, ...]:
        """Return the command line with the configuration in file ``configuration``."""
        return (*self.command, "-C", str(configuration), *arguments)


def find_system(binary: str = "") -> Asterisk:
    """Return the system's Asterisk, or the one at ``binary``; EngineMissing when there is none or it is too old."""
    path = shutil.which(binary or "asterisk", path=None if binary else _search_path())
    if path is None:
        raise EngineMissing(f"no asterisk at {binary}" if binary else "no asterisk is installed on this machine")
    return _inspect((path,), Path("/"))


def find_private(prefix: Path) -> Asterisk:
    """Return the Asterisk installed below ``prefix``; EngineMissing when there is none."""
    root = prefix / "root"
    binary = root / "usr/sbin/asterisk"
    loaders = sorted(root.glob("usr/lib/*/ld-linux*.so.*"))
    if not binary.is_file() or not loaders:
        raise EngineMissing(f"no asterisk is installed below {prefix}")
    # its own loader and libraries, libc among them: nothing of this machine's has to fit
    loader = loaders[0]
    return _inspect((str(loader), "--library-path", str(loader.parent), str(binary)), root)


def _inspect(command: tuple[str, ...], root: Path) -> Asterisk:
    try:
        done = subprocess.run(  # noqa: S603 - the asterisk that was just found
            [*command, "-V"], capture_output=True, text=True, timeout=VERSION_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineMissing(f"{command[-1]} does not run: {error}") from error
    match = _VERSION.search(done.stdout)
    if match is None:
        raise EngineMissing(f"{command[-1]} does not say its version: {(done.stderr or done.stdout).strip()[-300:]}")
    if (int(match[1]),) < OLDEST:
        raise EngineMissing(f"{command[-1]} is version {match[1]}; at least {OLDEST[0]} is needed")
    places = _directories(root)
    module_dir = places.get("astmoddir") or _first(root, _MODULE_DIRS)
    data_dir = places.get("astdatadir") or _first(root, _DATA_DIRS)
    if module_dir is None or data_dir is None:
        raise EngineMissing(f"{command[-1]} is there, but its modules or its data are not")
    modules = frozenset(path.stem for path in module_dir.glob("*.so"))
    return Asterisk(command, done.stdout.strip().removeprefix("Asterisk "), module_dir, data_dir, modules)


def _directories(root: Path) -> dict[str, Path]:
    """Return the folders that a system's own asterisk.conf names; they tell where the distribution put it."""
    if root != Path("/"):
        return {}
    try:
        text = Path("/etc/asterisk/asterisk.conf").read_text("utf-8", errors="replace")
    except OSError:
        return {}
    return {name: path for name, folder in _DIRECTORY.findall(text) if (path := Path(folder)).is_dir()}


def _first(root: Path, patterns: tuple[str, ...]) -> Path | None:
    return next((path for pattern in patterns for path in sorted(root.glob(pattern))), None)


def _search_path() -> str:
    return "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin:/opt/asterisk/sbin"
