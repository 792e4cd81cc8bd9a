"""Makes sure that Lianxin's own packages are imported, not another distribution's of the same name."""

import importlib.util
from pathlib import Path
from typing import Final

PACKAGES: Final = ("core", "hub", "admin", "plugins")


def check_names() -> None:
    """ImportError with the path and the remedy when somebody else's package stands in front of one of ours."""
    home = Path(__file__).resolve().parent.parent
    for name in PACKAGES:
        found = _folder_of(name)
        if found != home / name:
            where = f"found in {found}" if found else "missing"
            raise ImportError(
                f"Lianxin's package {name!r} is {where}, expected in {home / name}. Another project uses the same "
                f"package name here: give Lianxin a virtual environment of its own (python3 -m venv .venv), uninstall "
                f"the other project, or start from another folder."
            )


def _folder_of(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return Path(spec.origin) if spec is not None and spec.origin else None
    return Path(next(iter(spec.submodule_search_locations))).resolve()
