"""Answers what the hub asks about installed plugins; their code runs in short-lived processes only."""

import asyncio
import sys
from typing import Any, Final

import msgspec

from core.bus import Bus
from core.discovery import Found, discover
from core.errors import RequestFailed
from core.events import (
    DescribeRequest,
    Description,
    PluginList,
    PluginsRequest,
    PluginView,
    ProbeAnswer,
    ProbeRequest,
)
from core.subjects import ASK_DESCRIBE, ASK_PLUGINS, ASK_PROBE
from hub.supervisor.spawn import kill_group, spawn

DESCRIBE_LIMIT_S: Final = 10.0
PROBE_LIMIT_S: Final = 25.0  # above the host's own limit, so that its answer arrives
MAX_ANSWER_BYTES: Final = 1_048_576
_NO_LINES: Final = 3  # of a failed process that are shown

_Answer = dict[str, Any]


async def answer_questions(bus: Bus) -> None:
    """Begin to answer until the bus is closed."""
    await bus.respond(ASK_PLUGINS, _list, request=PluginsRequest)
    await bus.respond(ASK_DESCRIBE, _describe, request=DescribeRequest, concurrency=4)
    await bus.respond(ASK_PROBE, _probe, request=ProbeRequest, concurrency=4)


def installed() -> PluginList:
    """Return every installed plugin, the broken ones with their fault; reads the disk."""
    found, broken = discover()
    return PluginList(
        plugins=(
            *(_view(plugin) for _, plugin in sorted(found.items())),
            *(PluginView(module=plugin.module, fault=plugin.reason) for plugin in broken),
        )
    )


async def find(name: str) -> Found:
    """Return the usable plugin ``name``; RequestFailed when there is none."""
    found, broken = await asyncio.to_thread(discover)
    if name in found:
        return found[name]
    faults = [plugin.reason for plugin in broken if plugin.module.rsplit(".", 1)[-1] == name]
    raise RequestFailed("no_such_plugin", faults[0] if faults else f"no plugin named {name!r} is installed")


async def describe(name: str) -> Description:
    """Return what plugin ``name`` says of itself; RequestFailed when it cannot."""
    answer = await _ask_host(("--describe", (await find(name)).module), b"", DESCRIBE_LIMIT_S)
    if answer.get("ok") is False:
        raise RequestFailed(str(answer.get("code")), "; ".join(answer.get("faults", {}).values()))
    return msgspec.convert(answer, type=Description)


async def probe(name: str, settings: dict[str, Any]) -> ProbeAnswer:
    """Return what plugin ``name`` says of ``settings``."""
    job = msgspec.json.encode(settings)
    return msgspec.convert(
        await _ask_host(("--probe", (await find(name)).module), job, PROBE_LIMIT_S), type=ProbeAnswer
    )


async def _list(_: str, question: PluginsRequest) -> PluginList:
    return await asyncio.to_thread(installed)


async def _describe(_: str, question: DescribeRequest) -> Description:
    return await describe(question.plugin)


async def _probe(_: str, question: ProbeRequest) -> ProbeAnswer:
    return await probe(question.plugin, question.settings)


async def _ask_host(arguments: tuple[str, ...], job: bytes, limit_s: float) -> _Answer:
    process = await spawn((sys.executable, "-P", "-m", "core.host", *arguments), is_expendable=True)
    try:
        async with asyncio.timeout(limit_s):
            answer, errors = await process.communicate(job)
    except TimeoutError as error:
        raise RequestFailed("timeout", f"the plugin did not answer within {limit_s:g} s") from error
    finally:
        kill_group(process.pid)
    try:
        return msgspec.json.decode(answer[:MAX_ANSWER_BYTES], type=_Answer)
    except msgspec.MsgspecError as error:
        lines = errors.decode(errors="replace").splitlines()[-_NO_LINES:]
        raise RequestFailed("crashed", " / ".join(lines) or "the plugin gave no answer") from error


def _view(plugin: Found) -> PluginView:
    manifest = plugin.manifest
    return PluginView(
        module=plugin.module,
        name=manifest.name,
        kind=manifest.kind,
        title=manifest.title,
        version=manifest.version,
        quality=manifest.quality,
        capabilities=manifest.capabilities,
        address_scheme=manifest.address_scheme or "",
    )
