"""What ``lianxin run`` is told: the file ``lianxin.toml`` in the data directory, and the command line above it."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from msgspec import Meta

from core.config import Settings, decode_settings
from core.errors import ConfigInvalid
from core.manifest import Manifest
from hub.engine.settings import EngineSettings
from hub.settings import HubSettings
from hub.supervisor.child import SILENCE_LIMIT_S, START_LIMIT_S, Limits
from hub.supervisor.keeper import Policy

FILE_NAME: Final = "lianxin.toml"

_Seconds = Annotated[float, Meta(gt=0)]
_Mebibytes = Annotated[int, Meta(ge=32)]


class PluginLimits(Settings, frozen=True, kw_only=True):
    """The group ``plugins`` of the file: when an instance counts as broken, and when it is given up."""

    memory_mib: _Mebibytes = 512
    memory_mib_of: dict[str, _Mebibytes] = {}  # instance → its own limit
    start_s: _Seconds = START_LIMIT_S
    silence_s: _Seconds = SILENCE_LIMIT_S
    fence_after: Annotated[int, Meta(ge=1)] = 6
    fence_after_hourly: Annotated[int, Meta(ge=1)] = 30
    healthy_s: _Seconds = 15.0

    def limits(self, instance: str, manifest: Manifest) -> Limits:
        """Return the limits of ``instance``; a plugin that says it needs more memory than usual has it."""
        memory_mib = self.memory_mib_of.get(instance, max(self.memory_mib, manifest.memory_mib or 0))
        return Limits(memory_bytes=memory_mib << 20, start_s=self.start_s, silence_s=self.silence_s)

    def policy(self) -> Policy:
        """Return how hard to try."""
        return Policy(
            fence_after=self.fence_after, fence_after_hourly=self.fence_after_hourly, healthy_s=self.healthy_s
        )


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The hub's settings as plain JSON, without what the supervisor adds, and the supervisor's own."""

    hub: dict[str, Any]
    plugins: PluginLimits
    engine: EngineSettings = field(default_factory=EngineSettings)


def read_settings(data_dir: Path, overrides: dict[str, Any]) -> RunSettings:
    """Return the settings; ``overrides`` is nested like the file and wins. ConfigInvalid."""
    path = data_dir / FILE_NAME
    try:
        settings = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid({str(path): str(error)}) from error
    hub = _merge(settings, overrides)
    plugins = decode_settings(PluginLimits, hub.pop("plugins", {}))
    engine = decode_settings(EngineSettings, hub.pop("engine", {}))
    # checked here as well, so that a typing error stops the start at once; the bus is known only later
    decode_settings(HubSettings, {**hub, "data_dir": str(data_dir), "nats": hub.get("nats", {"url": ""})})
    return RunSettings(hub, plugins, engine)


def bus_settings(nats: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the hub's group ``nats`` in the words of ``core.bus.BusSettings``."""
    renamed = {"tls_certificate": "tls_cert"}
    return {**{renamed.get(name, name): value for name, value in nats.items()}, **more}


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
