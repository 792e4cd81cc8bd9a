"""What ``lianxin run`` is told: the file ``lianxin.toml`` in the data directory, and the command line above it."""

import tomllib
from pathlib import Path
from typing import Any, Final

from core.config import decode_settings
from core.errors import ConfigInvalid
from hub.settings import HubSettings

FILE_NAME: Final = "lianxin.toml"


def read_settings(data_dir: Path, overrides: dict[str, Any]) -> dict[str, Any]:
    """Return the settings as plain JSON; ``overrides`` is nested like the file and wins. ConfigInvalid."""
    path = data_dir / FILE_NAME
    try:
        settings = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid({str(path): str(error)}) from error
    merged = _merge(settings, overrides)
    # checked here as well, so that a typing error stops the start at once; the bus is known only later
    decode_settings(HubSettings, {**merged, "data_dir": str(data_dir), "nats": merged.get("nats", {"url": ""})})
    return merged


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
