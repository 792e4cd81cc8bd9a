"""Imports a plugin and gets its class; refuses a class that disagrees with its manifest."""

import importlib
import inspect
from pathlib import Path
from typing import Any, Final, TypeAlias, get_type_hints

from core.channel import CarriesCalls, Channel, FindsSent, ServesHttp, ShowsTyping, TapsCalls
from core.errors import ManifestInvalid
from core.hookspecs import plugin_manager
from core.manifest import FILE_NAME, Manifest, read_manifest
from core.speech import Synthesizer
from core.transcription import Transcriber

# the abilities a class can show; the other words of a manifest are promises the contract suite checks
ABILITIES: Final[dict[str, type]] = {
    "shows_typing": ShowsTyping,
    "finds_sent": FindsSent,
    "serves_http": ServesHttp,
    "carries_calls": CarriesCalls,
    "taps_calls": TapsCalls,
}

PluginType: TypeAlias = type[Channel[Any]] | type[Synthesizer[Any]] | type[Transcriber[Any]]


def load_channel(module_name: str) -> tuple[type[Channel[Any]], Manifest]:
    """Return the channel class of plugin ``module_name`` and its manifest; ManifestInvalid when they disagree."""
    cls, manifest = load_plugin(module_name)
    if not issubclass(cls, Channel):
        raise ManifestInvalid(f"{module_name} is a {manifest.kind}, not a channel")
    return cls, manifest


def load_plugin(module_name: str) -> tuple[PluginType, Manifest]:
    """Return the class of plugin ``module_name``, whatever its kind, and its manifest."""
    module = importlib.import_module(module_name)
    if module.__file__ is None:
        raise ManifestInvalid(f"{module_name} has no folder of its own")
    manifest = read_manifest(Path(module.__file__).parent / FILE_NAME)
    manager = plugin_manager()
    manager.register(module, module_name)
    manager.check_pending()
    faults: list[str]
    match manifest.kind:
        case "channel":
            cls = manager.hook.channel_type()
            if not (inspect.isclass(cls) and issubclass(cls, Channel)):
                raise ManifestInvalid(f"{module_name}: channel_type must return a Channel, not {cls!r}")
            faults = disagreements(cls, manifest)
        case "synthesizer":
            cls = manager.hook.synthesizer_type()
            if not (inspect.isclass(cls) and issubclass(cls, Synthesizer)):
                raise ManifestInvalid(f"{module_name}: synthesizer_type must return a Synthesizer, not {cls!r}")
            faults = _gaps(cls, ("config_type", "version"))
        case "transcriber":
            cls = manager.hook.transcriber_type()
            if not (inspect.isclass(cls) and issubclass(cls, Transcriber)):
                raise ManifestInvalid(f"{module_name}: transcriber_type must return a Transcriber, not {cls!r}")
            faults = _gaps(cls, ("config_type",))
    if faults:
        raise ManifestInvalid(f"{module_name}: {'; '.join(faults)}")
    return cls, manifest


def disagreements(cls: type[Channel[Any]], manifest: Manifest) -> list[str]:
    """Return where ``cls`` and ``manifest`` say different things."""
    faults = []
    if manifest.kind != "channel":
        faults.append(f"kind is {manifest.kind!r}, the class is a channel")
    faults += _gaps(cls, ("config_type",))
    for word, ability in ABILITIES.items():
        claimed, shown = word in manifest.capabilities, issubclass(cls, ability)
        if claimed and not shown:
            faults.append(f"capability {word!r} needs {cls.__name__} to inherit {ability.__name__}")
        elif shown and not claimed:
            faults.append(f"{cls.__name__} inherits {ability.__name__}, so capabilities needs {word!r}")
    if manifest.public_settings:
        types = get_type_hints(cls.config_type)
        wrong = [name for name in manifest.public_settings if types.get(name) is not str]
        faults += [f"public setting {name!r} is no text" for name in wrong]
    return faults


def _gaps(cls: type, variables: tuple[str, ...]) -> list[str]:
    faults = [f"{cls.__name__} has no {name}" for name in variables if not hasattr(cls, name)]
    if inspect.isabstract(cls):
        missing: frozenset[str] = vars(cls)["__abstractmethods__"]
        faults.append(f"{cls.__name__} does not implement {', '.join(sorted(missing))}")
    return faults
