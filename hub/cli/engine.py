"""``lianxin engine …``: fetch, start, stop and look at the phone engine."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hub.cli.run import DEFAULT_DATA
from hub.cli.terminal import Commands, log_to_terminal, run_loop, say
from hub.engine.layout import layout_of
from hub.engine.process import Engine, EngineAway, EngineFailed, find, start
from hub.engine.provide import provide
from hub.supervisor.data_dir import DataDir
from hub.supervisor.settings import read_settings

DRAIN_S: Final = 3_600.0
NOT_RUNNING: Final = 3  # exit status, as of a service's status


def add_to(commands: Commands) -> None:
    """Add the command and its own commands."""
    engine = commands.add_parser("engine", help="fetch, start, stop and look at the phone engine")
    actions = engine.add_subparsers(required=True, metavar="ACTION")
    _add(actions, "install", "fetch an Asterisk of our own, unless there is one that can be used", _install)
    _add(
        actions,
        "start",
        "start it; `lianxin run` does so by itself when a plugin needs it",
        _start,
    )
    stop = _add(actions, "stop", "stop it once no call is left", _stop)
    stop.add_argument("--now", action="store_true", help="end every call at once")
    _add(actions, "status", "say whether it runs, with how many channels", _status)


def _add(actions: Commands, action: str, text: str, do: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser = actions.add_parser(action, help=text)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where everything is kept")
    if action in ("stop", "status"):
        parser.add_argument("--name", default="", help="of an engine beside the first, as its instance's settings say")
    parser.set_defaults(do=do)
    return parser


def _install(options: argparse.Namespace) -> int:
    log_to_terminal()
    asterisk = run_loop(provide(read_settings(options.data, {}).engine, options.data, _progress()))
    say(f"Asterisk {asterisk.version} can be used: {asterisk.command[-1]}")
    return 0


def _start(options: argparse.Namespace) -> int:
    log_to_terminal()
    engine = run_loop(_up(options.data))
    say(_line(engine))
    return 0


async def _up(data: Path) -> Engine:
    settings = read_settings(data, {}).engine
    layout = layout_of(data)
    return find(layout) or await start(settings, await provide(settings, data, _progress()), layout)


def _stop(options: argparse.Namespace) -> int:
    engine = find(layout_of(options.data, options.name))
    if engine is None:
        say("the phone engine does not run")
        return 0
    if not options.now:
        say("waiting for a moment without calls (--now ends them)")
    run_loop(_end(engine, drain_s=0.0 if options.now else DRAIN_S, is_forced=options.now))
    say("the phone engine has stopped")
    if DataDir(options.data).running() is not None:
        say("lianxin run starts it again if it is needed; to prevent that set engine.mode to off")
    return 0


async def _end(engine: Engine, *, drain_s: float, is_forced: bool) -> None:
    await engine.drain(drain_s)
    if not is_forced and await engine.calls():
        raise EngineFailed(f"there are still calls after {drain_s:g} s")
    await engine.stop()


def _status(options: argparse.Namespace) -> int:
    engine = find(layout_of(options.data, options.name))
    if engine is None:
        say("the phone engine does not run")
        return NOT_RUNNING
    try:
        channels = run_loop(engine.calls())
    except EngineAway as error:
        say(f"{_line(engine)}, but does not answer: {error}")
        return 1
    say(f"{_line(engine)}, {channels} channels")
    return 0


def _line(engine: Engine) -> str:
    note = engine.note
    return (
        f"Asterisk {note.version} runs as process {note.pid}, SIP on port {note.sip_port}, ARI on {engine.access.url}"
    )


def _progress() -> Callable[[int, str], None]:
    shown = ""

    def show(percent: int, text: str) -> None:
        nonlocal shown
        line = f"{text} ({percent - percent % 10} %)"
        if line != shown:
            shown = line
            say(line)

    return show
