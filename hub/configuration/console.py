"""Lets the command line export, compare and apply the configuration of the running hub."""

import asyncio
import zlib
from typing import Any, Final

import msgspec

from core.bus import Bus
from core.errors import ConfigInvalid, RequestFailed
from core.events import ConfigurationAnswer, ConfigurationRequest
from core.subjects import ASK_CONFIGURATION
from hub.accounts.password_resets import COMMAND_LINE
from hub.configuration.configurations import Configurations
from hub.desktop.desk import Desk

MAX_BYTES: Final = 64 * 2**20  # of JSON; thousands of users and flows stay below a tenth of it


class Console:
    """Answers the command line, whose deeds are written into the audit log under that name."""

    def __init__(self, configurations: Configurations, bus: Bus, desk: Desk) -> None:
        self._configurations = configurations
        self._bus = bus
        self._desk = desk

    async def run(self) -> None:
        """Answer until cancelled."""
        await self._bus.respond(ASK_CONFIGURATION, self._answer, request=ConfigurationRequest, concurrency=1)
        await asyncio.Event().wait()

    async def _answer(self, _: str, question: ConfigurationRequest) -> ConfigurationAnswer:
        configurations = self._configurations
        if question.action == "export":
            return ConfigurationAnswer(packed=pack(await configurations.export()))
        raw = unpack(question.packed)
        try:
            if question.action == "preview":
                changes = await configurations.preview(raw, COMMAND_LINE)
            else:
                changes = await configurations.apply(raw, COMMAND_LINE, remote="")
                self._desk.refresh()
        except ConfigInvalid as error:
            return ConfigurationAnswer(faults=error.faults)
        return ConfigurationAnswer(packed=pack(changes))


def pack(what: Any) -> bytes:
    """Return ``what`` as compressed JSON."""
    return zlib.compress(msgspec.json.encode(what))


def unpack(packed: bytes) -> Any:
    """Return what was packed; RequestFailed ``invalid`` when it is no JSON, or too much of it."""
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(packed, MAX_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise RequestFailed("invalid", f"not a whole file, or more than {MAX_BYTES} bytes")
        return msgspec.json.decode(plain)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise RequestFailed("invalid", str(error)) from error
