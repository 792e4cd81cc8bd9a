"""The Asterisk to run: the one named, the system's when it is new enough, else our own, fetched when it must be."""

import asyncio
from pathlib import Path

from hub.engine.binary import Asterisk, EngineMissing, find_private, find_system
from hub.engine.install import Progress, install
from hub.engine.settings import EngineSettings


async def provide(settings: EngineSettings, data_dir: Path, progress: Progress) -> Asterisk:
    """Return it; EngineMissing, or its subclass InstallFailed when trying again may help."""
    if settings.binary:
        return await asyncio.to_thread(find_system, settings.binary)
    try:
        return await asyncio.to_thread(find_system)
    except EngineMissing as error:
        if not settings.may_install:
            prefix = settings.prefix_in(data_dir)
            try:
                return await asyncio.to_thread(find_private, prefix)
            except EngineMissing:
                raise EngineMissing(f"{error}, and engine.may_install is false: install asterisk 18 or newer") from None
    return await install(settings.prefix_in(data_dir), progress)
