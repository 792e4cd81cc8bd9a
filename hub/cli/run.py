"""``lianxin run`` and ``lianxin hub``."""

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any, Final

import msgspec

from core.errors import ConfigInvalid
from hub.cli.terminal import Commands, log_to_terminal, run_foreground, run_loop, say
from hub.supervisor.settings import read_settings
from hub.supervisor.supervisor import HUB, Setup, supervise

DEFAULT_DATA: Final = Path("data")


def add_to(commands: Commands) -> None:
    """Add both commands."""
    everything = commands.add_parser("run", help="start the bus, the hub and the enabled plugins")
    _add_options(everything)
    everything.set_defaults(do=_run)
    hub = commands.add_parser("hub", help="start one hub on the bus that the settings name")
    _add_options(hub)
    hub.set_defaults(do=_hub)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where everything is kept")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, metavar="N", help="port to listen on, 0 for a free one (default 8080)")
    parser.add_argument("--demo", action="store_true", help="fill an empty hub with something to look at")


def _run(options: argparse.Namespace) -> int:
    log_to_terminal()
    return run_loop(_until_stopped(Setup(options.data, read_settings(options.data, _overrides(options)))))


async def _until_stopped(setup: Setup) -> int:
    working = asyncio.create_task(supervise(setup, say))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, _stop, working)
    with contextlib.suppress(asyncio.CancelledError):
        await working
    say("stopped")
    return 0


def _stop(working: asyncio.Task[None]) -> None:
    if not working.cancelling():  # a second Ctrl-C must not break off the orderly end
        say("stopping")
        working.cancel()


def _hub(options: argparse.Namespace) -> int:
    settings = read_settings(options.data, _overrides(options)).hub
    if "nats" not in settings:
        raise ConfigInvalid({"nats": "needed for a hub of its own; `lianxin run` brings its bus along"})
    job = msgspec.json.encode({**settings, "data_dir": str(options.data.resolve())})
    return run_foreground(HUB, job)


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    http = {name: value for name in ("host", "port") if (value := getattr(options, name)) is not None}
    demo = {"demo": True} if options.demo else {}
    return {**demo, **({"http": http} if http else {})}
