"""Imports a plugin and gets its channel class; refuses a class that disagrees with its manifest."""

import importlib
import inspect
from pathlib import Path
from typing import Any, Final

from core.channel import CarriesCalls, Channel, FindsSent, ServesHttp, ShowsTyping
from core.errors import ManifestInvalid
from core.hookspecs import plugin_manager
from core.manifest import FILE_NAME, Manifest, read_manifest

# the abilities a class can show; the other words of a manifest are promises the contract suite checks
ABILITIES: Final[dict[str, type]] = {
    "shows_typing": ShowsTyping,
    "finds_sent": FindsSent,
    "serves_http": ServesHttp,
    "carries_calls": CarriesCalls,
}


def load_channel(module_name: str) -> tuple[type[Channel[Any]], Manifest]:
    """Return the channel class of plugin ``module_name`` and its manifest; ManifestInvalid when they disagree."""
    module = importlib.import_module(module_name)
    if module.__file__ is None:
        raise ManifestInvalid(f"{module_name} has no folder of its own")
    manifest = read_manifest(Path(module.__file__).parent / FILE_NAME)
    manager = plugin_manager()
    manager.register(module, module_name)
    manager.check_pending()
    cls = manager.hook.channel_type()
    if not (inspect.isclass(cls) and issubclass(cls, Channel)):
        raise ManifestInvalid(f"{module_name}: channel_type must return a Channel, not {cls!r}")
    if faults := disagreements(cls, manifest):
        raise ManifestInvalid(f"{module_name}: {'; '.join(faults)}")
    return cls, manifest


def disagreements(cls: type[Channel[Any]], manifest: Manifest) -> list[str]:
    """Return where ``cls`` and ``manifest`` say different things."""
    faults = []
    if manifest.kind != "channel":
        faults.append(f"kind is {manifest.kind!r}, the class is a channel")
    if inspect.isabstract(cls):
        faults.append(f"{cls.__name__} does not implement {', '.join(sorted(cls.__abstractmethods__))}")
    if not hasattr(cls, "config_type"):
        faults.append(f"{cls.__name__} has no config_type")
    for word, ability in ABILITIES.items():
        claimed, shown = word in manifest.capabilities, issubclass(cls, ability)
        if claimed and not shown:
            faults.append(f"capability {word!r} needs {cls.__name__} to inherit {ability.__name__}")
        elif shown and not claimed:
            faults.append(f"{cls.__name__} inherits {ability.__name__}, so capabilities needs {word!r}")
    return faults
