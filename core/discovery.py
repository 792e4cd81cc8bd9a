"""Finds installed plugins without importing them: the house's own folder and outside distributions."""

import importlib.util
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from core.errors import ManifestInvalid
from core.manifest import FILE_NAME, Manifest, read_manifest

GROUP: Final = "lianxin.plugins"


@dataclass(frozen=True, slots=True)
class Found:
    """A usable plugin: its manifest, the module to import, and where it lies."""

    manifest: Manifest
    module: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that is there but cannot be used, and why."""

    module: str
    reason: str


def discover() -> tuple[dict[str, Found], list[Broken]]:
    """Return the usable plugins by name, and those with a fault; the house's own win over outside namesakes."""
    found: dict[str, Found] = {}
    broken: list[Broken] = []
    for module, folder in [*_own(), *_outside()]:
        try:
            manifest = read_manifest(folder / FILE_NAME)
        except ManifestInvalid as error:
            broken.append(Broken(module, str(error)))
            continue
        if manifest.name in found:
            broken.append(Broken(module, f"another plugin is already named {manifest.name!r}"))
            continue
        found[manifest.name] = Found(manifest, module, folder)
    return found, broken


def _own() -> list[tuple[str, Path]]:
    spec = importlib.util.find_spec("plugins")
    if spec is None or spec.submodule_search_locations is None:
        return []
    root = Path(next(iter(spec.submodule_search_locations)))
    return [(f"plugins.{path.parent.name}", path.parent) for path in sorted(root.glob(f"*/{FILE_NAME}"))]


def _outside() -> list[tuple[str, Path]]:
    places: list[tuple[str, Path]] = []
    for entry in metadata.entry_points(group=GROUP):
        # the file list tells the folder without importing the package; an editable install has none
        relative = entry.module.replace(".", "/")
        files = entry.dist.files if entry.dist is not None else None
        located = [
            Path(str(entry.dist.locate_file(file)))
            for file in files or ()
            if entry.dist is not None and str(file) == f"{relative}/{FILE_NAME}"
        ]
        if located:
            places.append((entry.module, located[0].parent))
        elif "." not in entry.module and (spec := importlib.util.find_spec(entry.module)) and spec.origin:
            places.append((entry.module, Path(spec.origin).parent))
        else:
            places.append((entry.module, Path(relative)))
    return places
