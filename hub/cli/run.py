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
from hub.i18n import terminal_text
from hub.supervisor.settings import read_settings
from hub.supervisor.supervisor import HUB, Setup, supervise

DEFAULT_DATA: Final = Path("data")


def add_to(commands: Commands) -> None:
    """Add both commands."""
    everything = commands.add_parser("run", help=terminal_text("help.run"))
    _add_options(everything)
    everything.set_defaults(do=_run)
    hub = commands.add_parser("hub", help=terminal_text("help.hub"))
    _add_options(hub)
    hub.set_defaults(do=_hub)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=terminal_text("help.data"))
    parser.add_argument("--host", help=terminal_text("help.host"))
    parser.add_argument("--port", type=int, metavar="N", help=terminal_text("help.port"))
    parser.add_argument("--demo", action="store_true", help=terminal_text("help.demo"))


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
    say(terminal_text("stopped"))
    return 0


def _stop(working: asyncio.Task[None]) -> None:
    if not working.cancelling():  # a second Ctrl-C must not break off the orderly end
        say(terminal_text("stopping"))
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
