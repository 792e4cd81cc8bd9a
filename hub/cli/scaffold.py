"""Writes the beginning of a plugin: small, complete, and passing the contract suite as it stands."""

import re
from pathlib import Path
from string import Template
from typing import Final

from core.errors import ConfigInvalid

TEMPLATE: Final = Path(__file__).with_name("template")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
SUFFIX: Final = ".template"


def write_plugin(name: str, folder: Path) -> Path:
    """Return the new folder of plugin ``name`` below ``folder``; ConfigInvalid when it cannot be made."""
    if NAME.fullmatch(name) is None:
        raise ConfigInvalid({"name": "lower-case letters, digits and _, at most 32, beginning with a letter"})
    root = folder / f"lianxin-{name.replace('_', '-')}"
    if root.exists():
        raise ConfigInvalid({str(root): "is already there"})
    words = {"name": name, "class_name": "".join(part.capitalize() for part in name.split("_"))}
    words["scheme"] = name.replace("_", "-")[:16].rstrip("-")
    for source in sorted(TEMPLATE.rglob(f"*{SUFFIX}")):
        relative = str(source.relative_to(TEMPLATE)).removesuffix(SUFFIX).replace("NAME", name)
        target = root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text("utf-8")).substitute(words), "utf-8")
    return root
