"""Answers about a plugin without running it: what it is, what it wants to know, whether settings would do."""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec

from core.config import decode_settings, settings_schema
from core.errors import ConfigInvalid, LianxinError, RequestFailed
from core.events import Attachment, Event, History
from core.host.censor import Censor
from core.host.load import load_plugin

log = logging.getLogger(__name__)

PROBE_TIMEOUT_S: Final = 15.0


class NoLink:
    """The link of a plugin that is only probed: there is no hub."""

    instance = "probe"

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    async def emit(self, event: Event) -> None:
        return

    async def history(self, address: str, *, after_seq: int = 0, limit: int = 50) -> History:
        return History()

    async def put_media(self, data: bytes, *, mime: str, name: str = "") -> Attachment:
        raise RequestFailed("probing", "a probe stores no files")

    async def put_file(self, path: Path, *, mime: str, name: str = "") -> Attachment:
        raise RequestFailed("probing", "a probe stores no files")

    async def get_media(self, media_id: str) -> tuple[bytes, str]:
        raise RequestFailed("probing", "a probe reads no files")


def describe(module: str) -> dict[str, Any]:
    """Return manifest and settings schema of plugin ``module``, JSON-ready."""
    cls, manifest = load_plugin(module)
    return {"manifest": msgspec.to_builtins(manifest), "schema": settings_schema(cls.config_type)}


async def probe(module: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"ok": true}`` when ``settings`` let the plugin work, else ``code`` and ``faults``."""
    cls, _ = load_plugin(module)
    try:
        config = decode_settings(cls.config_type, settings)
    except ConfigInvalid as error:
        return {"ok": False, "code": error.code, "faults": error.faults}
    censor = Censor(config)
    with tempfile.TemporaryDirectory() as folder:
        plugin = cls(config, NoLink(Path(folder)))
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await plugin.probe()
        except ConfigInvalid as error:
            return {"ok": False, "code": error.code, "faults": error.faults}
        except LianxinError as error:
            return {"ok": False, "code": error.code, "faults": {"": censor(str(error))}}
        except TimeoutError:
            return {"ok": False, "code": "timeout", "faults": {"": "the far end did not answer in time"}}
        except Exception as error:
            log.exception("probing failed unexpectedly")
            return {"ok": False, "code": "crashed", "faults": {"": f"{type(error).__name__} in the plugin"}}
    return {"ok": True}
